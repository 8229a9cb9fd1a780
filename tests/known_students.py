"""A teacher that is known, and an engine whose students err by a known law, for the tests of distillation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator

from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame
from mlipguide.testing.in_process import in_process_session

CELL: Atoms = bulk("Cu", cubic=True).repeat((2, 1, 1))
CALM_CALLS = 60
"""More than there are frames in an held-out run, fewer than steps in an exploring one."""
STIFFNESS = 3.0
"""eV/Å², of the springs that hold each atom in its place."""


class Springs(Calculator):
    """Springs to the places of a crystal, too strong by a known share, that may throw the atoms apart after a while."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012  # as ASE declares it
    atoms: Any

    def __init__(self, share: float = 0.0, *, explodes: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self._share, self._explodes, self._calls = share, explodes, 0

    def calculate(self, *arguments: Any, **options: Any) -> None:
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        away = self.atoms.positions - CELL.positions
        pull = -STIFFNESS * (1 + self._share) * away
        self._calls += 1
        push = 1e3 * (self.atoms.positions - self.atoms.positions.mean(axis=0))
        self.results = {
            "energy": STIFFNESS / 2 * float((away**2).sum()),
            "forces": pull + push if self._explodes and self._calls > CALM_CALLS else pull,
        }


class KnownTrainer:
    """Students whose forces err by 3 / n of themselves after n frames; a fit takes ten seconds of its own clock."""

    engine = Engine.POD

    def __init__(self, clock: Clock, *, law: Callable[[int], float] = lambda n: 3 / n, explodes: bool = False) -> None:
        self.clock, self.law, self.explodes = clock, law, explodes
        self.fits: list[str] = []

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        return (FitRecipe(engine=Engine.POD, size="small", elements=tuple(elements), seed=seed, options={}),)

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        on_progress("fitting", 0.5)
        self.fits.append(folder.name)
        self.clock.seconds += 10
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "student.txt").write_text(f"{len(frames)}\n", encoding="utf-8")
        return FittedPotential(
            recipe=recipe,
            folder=str(folder),
            files=("student.txt",),
            frames=len(frames),
            train_s=10.0,
            parameters=1,
            cutoff_angstrom=5.0,
            versions={},
        )

    def open(self, potential: FittedPotential) -> ModelSession:
        return in_process_session(Springs(self.law(potential.frames), explodes=self.explodes))


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
