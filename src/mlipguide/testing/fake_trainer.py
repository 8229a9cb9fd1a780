"""An engine with a known learning curve: it trains nothing and never sleeps, its errors and times follow given laws.

Pilots can so be tested against a truth, interrupted at any call, and started again::

    clock = FakeClock()
    trainer = FakeTrainer(curves={"small": FakeCurve(floor=0.05, scale=0.8)}, clock=clock)
    frames = labelled_frames(80)
    potential = trainer.fit(trainer.recipes(("Si",), seed=0)[0], frames, folder, on_progress=lambda *_: None)
    trainer.open(potential).single_point(frames[0].atoms)  # a mean absolute force error of 0.05 + 0.8 / sqrt(80) eV/Å
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import ase
import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.core.serialisation import write_atomically
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import DynamicsPlan, SinglePoint, Trajectory
from mlipguide.structures.labels import LabelledFrame
from mlipguide.testing.fake_session import FakeSession, Law, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH_EV = 0.3
WAVES = 3
POTENTIAL = "fake.json"
ENERGY_SHARE = 0.02
"""Energies are wrong by this many eV/atom for each eV/Å of the forces."""
STEPS = 4
"""Reports of progress of one fit."""


@dataclass
class FakeClock:
    """Seconds that pass only when a fake says so."""

    now_s: float = 0.0

    def __call__(self) -> float:
        """Return the time, as ``time.monotonic`` does."""
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


@dataclass(frozen=True, kw_only=True)
class FakeCurve:
    """The truth about one size of model: error = floor + scale n^(-exponent), times a factor of chance.

    Attributes:
        floor: Of the force error, eV/Å.
        scale: Likewise.
        exponent: Of the number of frames.
        noise: Standard deviation of the logarithm of the error.
        second_per_frame: What a fit takes.
        parameters: That it fits.
        time_law: Seconds per step at a number of atoms.
    """

    floor: float = 0.05
    scale: float = 0.8
    exponent: float = 0.5
    noise: float = 0.03
    second_per_frame: float = 0.2
    parameters: int = 100
    time_law: Law = field(default_factory=lambda: linear(1e-4))

    def error(self, frames: int) -> float:
        """Return the error with so many frames, without chance."""
        return self.floor + self.scale * math.pow(frames, -self.exponent)


def true_energy_and_forces(atoms: ase.Atoms) -> tuple[float, NDArray[np.float64]]:
    """Return the energy (eV) and forces (eV/Å) of atoms that feel a standing wave in their cell."""
    inverse = np.linalg.inv(atoms.cell[:])
    phases = 2 * math.pi * WAVES * (atoms.positions @ inverse)
    energy = DEPTH_EV * float(np.cos(phases).sum())
    slope = -DEPTH_EV * np.sin(phases) * 2 * math.pi * WAVES
    return energy, np.asarray(-(slope @ inverse.T))


def labelled_frames(
    count: int, *, groups: Sequence[str] = ("MD",), atoms: int = 8, seed: int = 0
) -> list[LabelledFrame]:
    """Return frames with the labels of :func:`true_energy_and_forces`, the groups one after another."""
    random = np.random.default_rng(seed)
    frames = []
    for index in range(count):
        cell = np.eye(3) * 5.43
        structure = ase.Atoms(f"Si{atoms}", positions=random.random((atoms, 3)) @ cell, cell=cell, pbc=True)
        energy, forces = true_energy_and_forces(structure)
        group = groups[index * len(groups) // count]
        frames.append(
            LabelledFrame(
                index=index,
                atoms=structure,
                energy_ev=energy,
                forces_ev_per_angstrom=forces,
                stress_ev_per_angstrom3=None,
                group=group,
            )
        )
    return frames


@dataclass(kw_only=True)
class FakePotential(FakeSession):
    """A session whose forces differ from the truth by a known mean absolute error."""

    mean_error: float = 0.0
    diverges: bool = False
    unstable: bool = False

    def single_point(self, atoms: ase.Atoms) -> SinglePoint:
        """Return the truth and its error.

        Raises:
            SessionError: As :meth:`prepare`.
        """
        self._begin("single_point", len(atoms))
        self._check(atoms)
        energy, forces = true_energy_and_forces(atoms)
        shape = np.random.default_rng(len(atoms)).standard_normal(forces.shape)
        forces = forces + self.mean_error * shape / np.abs(shape).mean()
        if self.diverges:
            forces[:] = math.nan
        return SinglePoint(
            energy_ev=energy + ENERGY_SHARE * self.mean_error * len(atoms),
            forces_ev_per_angstrom=tuple((x, y, z) for x, y, z in forces.tolist()),
            stress_ev_per_angstrom3=None,
            magnetic_moments=None,
            pairs_per_atom=self.pairs_per_atom,
        )

    def dynamics(
        self, atoms: ase.Atoms, plan: DynamicsPlan, *, velocities: NDArray[np.float64] | None = None
    ) -> Trajectory:
        """Return atoms that stand still, up to the first snapshot after the start if the potential is unstable.

        Raises:
            SessionError: As :meth:`prepare`.
        """
        whole = super().dynamics(atoms, plan, velocities=velocities)
        if not self.unstable:
            return whole
        return Trajectory(snapshots=whole.snapshots[:2], stopped_because="unstable")


@dataclass(kw_only=True)
class FakeTrainer:
    """A :class:`mlipguide.training.trainer.Trainer` with a known answer.

    Attributes:
        curves: The truth by size of model, the cheapest first.
        engine: Whose place it takes.
        clock: What its fits take passes here.
        fails: Sizes whose fit ends without a potential.
        diverges: Sizes whose potential gives no numbers.
        unstable: Sizes whose potential loses its atoms in molecular dynamics.
        on_call: Called with the operation before it is carried out, to watch or to interrupt.
        fits: Recipes that were fitted to the end, with the number of frames, in order.
    """

    curves: Mapping[str, FakeCurve] = field(default_factory=lambda: {"small": FakeCurve()})
    engine: Engine = Engine.POD
    clock: FakeClock = field(default_factory=FakeClock)
    fails: frozenset[str] = frozenset()
    diverges: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()
    on_call: Callable[[str], None] = lambda _operation: None
    fits: list[tuple[FitRecipe, int]] = field(default_factory=list, init=False)

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return one recipe for each curve."""
        return tuple(
            FitRecipe(engine=self.engine, size=size, elements=tuple(elements), seed=seed, options={})
            for size in self.curves
        )

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        """Let the time pass that a fit takes, and write what error it has.

        Raises:
            TrainingFailedError: ``fails`` says so.
        """
        self.on_call("fit")
        curve = self.curves[recipe.size]
        took_s = curve.second_per_frame * len(frames)
        for step in range(STEPS):
            self.on_call("progress")
            on_progress("training", step / STEPS)
            self.clock.advance(took_s / STEPS)
        if recipe.size in self.fails:
            raise TrainingFailedError(f"The fit of {recipe.size} ended without a potential.", hint="Use another size.")
        indices = sorted(frame.index for frame in frames)
        named = hashlib.sha256(repr((recipe.engine, recipe.size, recipe.seed, indices)).encode()).digest()
        chance = float(np.random.default_rng(list(named[:8])).standard_normal())
        error = curve.error(len(frames)) * math.exp(curve.noise * chance)
        write_atomically(folder / POTENTIAL, json.dumps({"error": error}))
        self.on_call("written")
        self.fits.append((recipe, len(frames)))
        return FittedPotential(
            recipe=recipe,
            folder=str(folder),
            files=(POTENTIAL,),
            frames=len(frames),
            train_s=took_s,
            parameters=curve.parameters,
            cutoff_angstrom=5.0,
            versions={"fake": "1.0"},
        )

    def open(self, potential: FittedPotential) -> FakePotential:
        """Return the potential as a session."""
        self.on_call("open")
        size = potential.recipe.size
        error = json.loads((Path(potential.folder) / POTENTIAL).read_text(encoding="utf-8"))["error"]
        return FakePotential(
            name=f"fake-{size}",
            time_law=self.curves[size].time_law,
            mean_error=error,
            diverges=size in self.diverges,
            unstable=size in self.unstable,
            on_call=lambda operation, _atoms: self.on_call(operation),
        )
