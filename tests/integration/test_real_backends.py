"""The contract on real weights in real environments, which are built where they are missing.

They are kept in the user's own cache: the first run takes minutes longer.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from ase.build import bulk, molecule

from axes_contract import require_each_value
from mlipguide.bench.agreement import compare_settings, is_within, rattled_copies
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.builds import build_environment
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentState
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need, WeightsOrigin
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.messages import structure_message
from mlipguide.sessions.worker_files import worker_environment, worker_folder
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.testing.contract import BackendContract

if TYPE_CHECKING:
    from ase import Atoms

pytestmark = pytest.mark.integration

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
PACKAGED = [
    card.id
    for card in load_catalogue().cards
    if card.weights.origin is WeightsOrigin.PACKAGE and card.backend in ("sevenn", "chgnet", "mace-torch")
]
FIRST = ("sevennet-0", "chgnet-0.3.0", "mace-mp-0-small")
"""One checkpoint of each of the first backends."""
SILICON_EV_PER_ATOM = {"PBE/PBE+U (MP)": -5.42, "r2SCAN": -8.74}
"""Energies of VASP on silicon, whose zero depends on the functional: they tell which level of theory answers.

The first is that of mp-149 in the Materials Project; the second is what the two r2SCAN checkpoints, of different
architectures, agree on within 0.02 eV."""


@cache
def environment_of(backend: str) -> Environment:
    """Return the environment of a backend, built where there is none."""
    recipe = find_recipe(backend)
    environment = find_environment(recipe)
    if environment.state is EnvironmentState.READY:
        return environment
    return build_environment(recipe, has_nvidia_gpu=False)


def open_card(
    card: ModelCard,
    *,
    synthetic: bool = False,
    memory_limit_bytes: int | None = None,
    settings: Settings = SETTINGS,
) -> WorkerSession:
    """Start a checkpoint."""
    return open_session(
        SessionRequest(
            card=card,
            recipe=find_recipe(card.backend),
            environment=environment_of(card.backend),
            settings=settings,
            weights_file=None,
            synthetic=synthetic,
            memory_limit_bytes=memory_limit_bytes,
        )
    )


@pytest.fixture(scope="module")
def loaded() -> Iterator[Callable[[str], WorkerSession]]:
    """Give the worker of a checkpoint, the same one to all tests of this file."""
    with ExitStack() as stack:

        @cache
        def worker_of(name: str) -> WorkerSession:
            card = load_catalogue().find(name)
            synthetic = card.weights.origin is not WeightsOrigin.PACKAGE
            return stack.enter_context(closing(open_card(card, synthetic=synthetic)))

        yield worker_of


class _RealContract(BackendContract):
    """The contract on a checkpoint of the built-in catalogue."""

    synthetic: ClassVar[bool] = False

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        """Start a worker in the backend's environment."""
        return open_card(cls.card, synthetic=cls.synthetic, memory_limit_bytes=memory_limit_bytes)

    @pytest.fixture(scope="class")
    @classmethod
    def session(cls, loaded: Callable[[str], WorkerSession]) -> WorkerSession:
        """Give the worker that the rest of this file uses."""
        return loaded(cls.card.id)

    @pytest.mark.in_turn("memory of the first backends", 1)
    def test_exhausted_memory_and_a_crash_are_told_apart(self, atoms: Atoms) -> None:
        """Two more workers of a backend, and much memory."""
        super().test_exhausted_memory_and_a_crash_are_told_apart(atoms)

    @pytest.mark.in_turn("settings of the first backends", 1)
    def test_each_setting_loads_and_computes_the_same(self, session: WorkerSession) -> None:
        """Every value of every axis of the recipe that this machine allows."""
        require_each_value(
            self.card,
            environment_of(self.card.backend),
            session,
            settings=SETTINGS,
            opened=lambda settings: open_card(self.card, synthetic=self.synthetic, settings=settings),
            structure=self.structure(),
            synthetic=self.synthetic,
        )


class TestSevenNet(_RealContract):
    """SevenNet, whose weights are in its package."""

    card = load_catalogue().find("sevennet-0")


class TestChgnet(_RealContract):
    """CHGNet, whose weights are in its package, and which gives magnetic moments."""

    card = load_catalogue().find("chgnet-0.3.0")
    exhausting_atoms = 3000


class TestMace(_RealContract):
    """MACE with random weights, since its checkpoints have to be downloaded."""

    card = load_catalogue().find("mace-mp-0-small")
    synthetic = True


def test_seven_checkpoints_come_with_their_packages() -> None:
    assert len(PACKAGED) == 7


@pytest.mark.parametrize(
    "name",
    [
        name if name in FIRST else pytest.param(name, marks=pytest.mark.in_turn("other packaged checkpoints", 2))
        for name in PACKAGED
    ],
)
def test_a_packaged_checkpoint_agrees_with_its_card(name: str, loaded: Callable[[str], WorkerSession]) -> None:
    card, session = load_catalogue().find(name), loaded(name)
    BackendContract.test_the_card_says_what_the_weights_say(_bound(card), session)
    silicon = session.single_point(bulk("Si", cubic=True))
    ethanol = session.single_point(molecule("CH3CH2OH"))
    level = card.training.level_of_theory
    assert level is not None
    assert silicon.energy_ev / 8 == pytest.approx(SILICON_EV_PER_ATOM[level], abs=0.2)
    assert ethanol.stress_ev_per_angstrom3 is None
    assert (silicon.magnetic_moments is not None) == (Need.MAGNETISM in card.provides)


@pytest.mark.in_turn("double precision of the first backends", 1)
@pytest.mark.parametrize("name", FIRST)
def test_double_precision_agrees_and_is_one(name: str, loaded: Callable[[str], WorkerSession]) -> None:
    card = load_catalogue().find(name)
    synthetic = card.weights.origin is not WeightsOrigin.PACKAGE
    structures = rattled_copies(bulk("MgO", "rocksalt", a=4.25, cubic=True), 2)
    with closing(open_card(card, synthetic=synthetic, settings=replace(SETTINGS, dtype="float64"))) as double:
        found = compare_settings(double, loaded(name), structures)
        forces = double.single_point(structures[0]).forces_ev_per_angstrom
        step = 1e-4
        energies = []
        for sign in (1, -1):
            moved = structures[0].copy()
            moved.positions[0, 0] += sign * step
            energies.append(double.single_point(moved).energy_ev)
    assert is_within(found)
    # In single precision the difference of two energies this close holds no digit of the force.
    assert (energies[1] - energies[0]) / (2 * step) == pytest.approx(forces[0][0], abs=1e-5)


def test_a_job_by_hand_loads_one_checkpoint_after_another(tmp_path: Path) -> None:
    python = environment_of("chgnet").python
    folder = worker_folder()
    silicon = structure_message(bulk("Si", cubic=True))
    requests = [
        request
        for name in ("0.3.0", "0.2.0")
        for request in (
            {"op": "load", "backend": "chgnet", "name": name},
            {"op": "single_point", "structure": silicon},
        )
    ]
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"requests": requests}), encoding="utf-8")
    variables = worker_environment(clean_environment(os.environ), folder, threads=1, retain_memory=False)
    done = subprocess.run(
        [str(python), "-m", "mlipguide_worker", str(job)],
        env=variables,
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
    assert [answer["ok"] for answer in answers] == [True] * 4
    assert answers[1]["result"]["energy_ev"] != answers[3]["result"]["energy_ev"]


def _bound(card: ModelCard) -> BackendContract:
    contract = BackendContract()
    contract.card = card  # type: ignore[misc]  # one card a class elsewhere
    return contract
