"""``evaluate`` in batches: only where they compute the same and are faster, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ase.io
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from fake_models import FakeModels, Run, fake_card
from labelled import OffEMT, write
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.evidence.accuracy import frame_batches
from mlipguide.sessions.errors import FailureKind
from mlipguide.sessions.interface import SinglePoint
from mlipguide.store import evidence as store
from mlipguide.testing.fake_session import FakeSession, linear
from mlipguide.testing.in_process import in_process_session

FIXED_S, PER_ATOM_S = 0.02, 2e-4
WORTH_S, AT_ONCE = 8 * FIXED_S, 5
"""What is worth a try, and frames in a batch: less than in earnest, so that few have to be evaluated here."""


def helps(structures: int, atoms: int) -> float:
    return FIXED_S + 1e-3 * structures + PER_ATOM_S * atoms


def shares_nothing(structures: int, atoms: int) -> float:
    return structures * FIXED_S + PER_ATOM_S * atoms


class Batching(FakeSession):
    """Answers like a calculator, and notes the sizes of its batches."""

    answers: Any
    together: list[int]
    spoilt: Callable[[Sequence[Atoms]], float] = staticmethod(lambda _structures: 0.0)

    def single_point(self, atoms: Any) -> SinglePoint:
        """Evaluate with the calculator, as long as the session is there."""
        self._begin("single_point", len(atoms))
        self._check(atoms)
        found: SinglePoint = self.answers.single_point(atoms)
        return found

    def single_points(self, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
        """Evaluate each, and note how many there were."""
        self._require_batches()
        self.together.append(len(structures))
        return super().single_points(structures)


def frames(count: int, *, atoms: int = 1, seed: int = 0) -> list[Atoms]:
    """Return cells of copper of 4 atoms, or of several times 4, with the labels of EMT."""
    found = []
    for number in range(count):
        cell = bulk("Cu", cubic=True).repeat((atoms, 1, 1))
        cell.rattle(0.05, seed=seed + number)
        cell.calc = EMT()
        results = {"energy": cell.get_potential_energy(), "forces": cell.get_forces(), "stress": cell.get_stress()}
        cell.calc = SinglePointCalculator(cell, **results)
        found.append(cell)
    return found


@pytest.fixture
def evaluate(fake_models: FakeModels, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what evaluates a model on frames and gives its document and the sizes of its batches."""
    options = partial(evaluate_workflow.Options, opener=fake_models.open, probe=fake_models.probe)
    monkeypatch.setattr(evaluate_workflow, "Options", options)
    monkeypatch.setattr(frame_batches, "WORTH_S", WORTH_S)
    monkeypatch.setitem(frame_batches.FRAMES_AT_ONCE, "cpu", AT_ONCE)

    def call(labels: Sequence[Atoms], *words: str | Path, kind: type[Batching] = Batching, **session: Any) -> Any:
        together: list[int] = []

        def make() -> Batching:
            values = {"time_law": linear(PER_ATOM_S, fixed=FIXED_S), "batch_law": helps, **session}
            made = kind(name="copper", **values)
            made.answers = in_process_session(OffEMT(noise=0.03, shift_ev=1.0), elements=(29,))
            made.together = together
            return made

        fake_models.add("copper", fake_card("copper"))
        fake_models.makers["copper"] = make
        file = write(tmp_path / "Cu.extxyz", labels)
        document = run("evaluate", file, "--models", "copper", "--reevaluate", "--json", *words).document
        assert document["status"] == "success", document["errors"]
        return document, together

    return call


def told(document: Any) -> str:
    (notice,) = [one for one in document["notices"] if one["kind"] in ("batched", "one_by_one")]
    words: str = notice["message"]
    return words


def figures(document: Any) -> Any:
    (found,) = document["data"]["results"]
    return {name: value for name, value in found.items() if name not in ("evaluated_at", "settings")}


def test_batches_give_the_figures_of_one_by_one_and_are_told(evaluate: Any) -> None:
    labels = frames(20)
    together, sizes = evaluate(labels)
    alone, none = evaluate(labels, batch_law=None)
    assert none == []
    assert sizes == [7, 5, 5, 4], "six alone, with one of twice the size; then the others"
    assert figures(together) == figures(alone)
    assert told(together) == (
        "Frames in batches: copper (14 of 20 frames); energies within 0 meV/atom and forces within 0 meV/Å of one by "
        "one."
    )
    assert told(alone) == "Frames one by one: copper (it has no batches here)."
    drivers = [one.accuracy.settings.driver for one in store.find().evaluations]
    assert sorted(drivers) == ["ase", "torch-sim"]


@pytest.mark.parametrize(
    ("count", "changes", "words"),
    [
        (13, {}, "Frames one by one: copper (few frames)."),
        (14, {"batch_law": shares_nothing}, "Frames one by one: copper (a batch is not faster)."),
        (14, {"batch_error": 2e-3}, "Frames one by one: copper (in a batch energies differ by 2 meV/atom)."),
    ],
    ids=["few frames", "not faster", "not the same"],
)
def test_without_a_reason_for_batches_frames_are_evaluated_one_by_one(
    evaluate: Any, count: int, changes: dict[str, Any], words: str
) -> None:
    document, sizes = evaluate(frames(count), **changes)
    assert told(document) == words
    assert len(sizes) <= 1
    assert figures(document)["frames"] == count


class WrongForLarger(Batching):
    """Mixes up structures of eight atoms in batches."""

    def single_points(self, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
        """Spoil batches that hold such a structure and larger ones than the first try."""
        self.batch_error = 5e-3 if any(len(atoms) == 12 for atoms in structures) else 0.0
        return super().single_points(structures)


def test_a_composition_that_is_wrong_in_a_batch_undoes_all_batches(evaluate: Any, tmp_path: Path) -> None:
    labels = [*frames(13), *frames(3, atoms=3, seed=90)]
    worst = tmp_path / "worst.extxyz"
    document, sizes = evaluate(labels, "--worst", "16", worst, kind=WrongForLarger)
    assert len(sizes) > 2
    assert told(document) == "Frames one by one: copper (in a batch energies differ by 5 meV/atom)."
    assert figures(document) == figures(evaluate(labels, batch_law=None)[0])
    assert len(list(ase.io.iread(worst))) == 16, "no frame is told twice"


class Crashing(Batching):
    """Dies of one frame, in a batch and alone."""

    def single_point(self, atoms: Any) -> SinglePoint:
        """Evaluate, or die."""
        if len(atoms) == 12:
            self._fail(FailureKind.CRASHED, "died")
        return super().single_point(atoms)


def test_a_batch_that_dies_is_evaluated_alone_and_the_frame_is_named(evaluate: Any) -> None:
    labels = [*frames(13), *frames(1, atoms=3), *frames(6, seed=50)]
    document, sizes = evaluate(labels, kind=Crashing)
    (result,) = document["data"]["results"]
    assert result["failed_frames"] == [13]
    assert result["frames"] == 19
    assert len(sizes) == 3, "compared, one that went well, and the one that died"
    assert "Frames in batches: copper (5 of 19 frames)" in told(document)


def test_frames_with_a_charge_are_evaluated_alone(evaluate: Any) -> None:
    labels = frames(20)
    for one in labels[10:14]:
        one.info["charge"] = 1
    document, sizes = evaluate(labels)
    assert "Frames in batches: copper (10 of 20 frames)" in told(document)
    assert sum(sizes[1:]) == 10
