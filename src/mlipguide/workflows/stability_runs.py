"""Runs of a model in pieces, so that progress shows and an interruption is heeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot, Trajectory

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

PIECE_S = 5.0
FRICTION_PER_S = 5e13
"""Of the thermostat that prepares a run: a relaxation time of 20 fs, so that a hundred steps are enough."""
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A loaded model and what it is run on.

    Attributes:
        session: The model.
        atoms: The cell.
        temperature_k: Of the runs.
        timestep_fs: Of the task.
        evaluation_s: What one evaluation takes.
        on_evaluations: Told how many evaluations were made, after each piece.
    """

    session: ModelSession
    atoms: Atoms
    temperature_k: float
    timestep_fs: float
    evaluation_s: float
    on_evaluations: Callable[[int], None]


@dataclass(frozen=True)
class Start:
    """Where runs at constant energy begin: positions and velocities (Å/fs) after a thermostat."""

    atoms: Atoms
    velocities: NDArray[np.float64]


def run(subject: Subject, start: Start, *, steps: int, timestep_fs: float) -> Trajectory:
    """Run at constant energy and return every step."""
    plan = DynamicsPlan(
        steps=steps, every=1, timestep_s=timestep_fs * 1e-15, temperature_k=subject.temperature_k, seed=SEED
    )
    return _in_pieces(subject, start.atoms, plan, start.velocities)


def thermalise(subject: Subject, steps: int) -> Start | None:
    """Bring the cell to temperature; None when it flies apart at a quarter of the task's step, too."""
    for timestep_fs in (subject.timestep_fs, subject.timestep_fs / 4):
        plan = DynamicsPlan(
            steps=steps,
            every=1,
            timestep_s=timestep_fs * 1e-15,
            temperature_k=subject.temperature_k,
            friction_per_s=FRICTION_PER_S,
            seed=SEED,
        )
        found = _in_pieces(subject, subject.atoms, plan, None)
        if found.stopped_because is None:
            last = found.snapshots[-1]
            masses = subject.atoms.get_masses()
            drift = masses @ last.velocities_angstrom_per_fs / masses.sum()
            return Start(moved(subject.atoms, last.positions_angstrom), last.velocities_angstrom_per_fs - drift)
    return None


def moved(atoms: Atoms, positions: NDArray[np.float64]) -> Atoms:
    """Return the structure with other positions."""
    copy: Atoms = atoms.copy()
    copy.positions = positions
    return copy


def _in_pieces(
    subject: Subject, atoms: Atoms, plan: DynamicsPlan, velocities: NDArray[np.float64] | None
) -> Trajectory:
    piece = max(10, int(PIECE_S / subject.evaluation_s))
    snapshots: list[Snapshot] = []
    done = 0
    while True:
        steps = min(piece, plan.steps - done)
        # Another seed for each piece: a thermostat is not to push the same way again.
        one = replace(plan, steps=steps, seed=plan.seed + done)
        found = subject.session.dynamics(atoms, one, velocities=velocities)
        subject.on_evaluations(steps)
        # The first of a later piece is the last of the one before.
        snapshots += [replace(one, step=one.step + done) for one in found.snapshots if one.step or not done]
        done += steps
        if found.stopped_because is not None or done >= plan.steps:
            return Trajectory(snapshots=tuple(snapshots), stopped_because=found.stopped_because)
        last = found.snapshots[-1]
        atoms, velocities = moved(atoms, last.positions_angstrom), last.velocities_angstrom_per_fs
