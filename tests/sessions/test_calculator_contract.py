"""The contract of backends holds for a calculator of the user's own: EMT by a function in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from fake_models import make_machine
from mlipguide.candidates.door import card_of, examine, introduced
from mlipguide.candidates.preparation import NO_CONSENT, default_settings, settings_for
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Forces, Need
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.testing.contract import BackendContract
from own_calculators import EMT_FILE

if TYPE_CHECKING:
    from ase import Atoms


class TestOwnCalculator(BackendContract):
    """EMT, whose card says what was stated and what it tells of itself."""

    card: ClassVar[ModelCard]
    memory_limit_bytes = 2**29
    exhausting_atoms = 20_000

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def at_the_door(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Bring the file to the door once."""
        file: Path = tmp_path_factory.mktemp("door") / "emt.py"
        file.write_text(EMT_FILE, encoding="utf-8")
        cls.card = introduced(card_of(examine(str(file)), "emt"), make_machine, consent=NO_CONSENT)

    @classmethod
    def structure(cls) -> Atoms:
        """Return rattled copper, a small cell."""
        from ase.build import bulk

        atoms: Atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.08, seed=1)
        return atoms

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        """Start a worker with it, in the interpreter of the tests."""
        recipe = find_recipe(cls.card.backend)
        return open_session(
            SessionRequest(
                card=cls.card,
                recipe=recipe,
                environment=find_environment(recipe),
                settings=settings_for(recipe, default_settings(make_machine()), cls.card),
                weights_file=Path(str(cls.card.weights.path)),
                synthetic=False,
                memory_limit_bytes=memory_limit_bytes,
            )
        )

    def test_it_tells_of_itself_what_it_gives_and_nothing_of_its_forces(self) -> None:
        """Stress and moments stand in its ``implemented_properties``; no word of ASE's says that it is conservative."""
        assert self.card.provides == (Need.STRESS, Need.MAGNETISM)
        assert self.card.architecture.forces is not Forces.CONSERVATIVE

    def test_its_content_is_among_the_versions(self, session: WorkerSession) -> None:
        """What was found of one content holds for no other."""
        assert session.facts.versions["emt"] == str(self.card.weights.sha256)[:12]
