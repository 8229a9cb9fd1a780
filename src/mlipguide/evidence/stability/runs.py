"""Runs of a model in pieces, so that progress shows and an interruption is heeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot, Trajectory
from mlipguide.sessions.pieces import FRICTION_PER_S, Leg, carried_out, end_of, in_pieces
from mlipguide.store.unfinished import Form
from mlipguide.structures.velocities import AT_REST, drawn_velocities

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

PIECE_S = 5.0
FEWEST_STEPS = 10
"""Of a piece."""
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A loaded model and what it is run on.

    Attributes:
        session: The model.
        atoms: The cell.
        temperature_k: Of the runs.
        timestep_fs: Of the task.
        piece_steps: Steps of a piece of a run.
        on_evaluations: Told how many evaluations were made, after each piece.
    """

    session: ModelSession
    atoms: Atoms
    temperature_k: float
    timestep_fs: float
    piece_steps: int
    on_evaluations: Callable[[int], None]


@dataclass(frozen=True)
class Start:
    """Where runs at constant energy begin: positions and velocities (Å/fs) after a thermostat."""

    atoms: Atoms
    velocities: NDArray[np.float64]


def _start_of(kept: dict[str, Any], atoms: Atoms) -> Start | None:
    if kept["positions"] is None:
        return None
    return Start(moved(atoms, np.array(kept["positions"])), np.array(kept["velocities"]))


def start_form(atoms: Atoms) -> Form[Start | None]:
    """Return how the start of runs of a cell is kept."""
    return Form(
        lambda start: {
            "positions": None if start is None else start.atoms.positions.tolist(),
            "velocities": None if start is None else start.velocities.tolist(),
        },
        lambda kept: _start_of(kept, atoms),
    )


def piece_steps(evaluation_s: float) -> int:
    """Return how many steps are done between two words of progress.

    Args:
        evaluation_s: What one evaluation takes.
    """
    return max(FEWEST_STEPS, int(PIECE_S / evaluation_s))


def run(subject: Subject, start: Start, *, steps: int, timestep_fs: float) -> Trajectory:
    """Run at constant energy and return every step."""
    plan = DynamicsPlan(
        steps=steps, every=1, timestep_s=timestep_fs * 1e-15, temperature_k=subject.temperature_k, seed=SEED
    )
    return _in_pieces(subject, start.atoms, plan, start.velocities)


def thermalise(subject: Subject, steps: int) -> Start | None:
    """Bring the cell to temperature; None when it flies apart at a quarter of the task's step, too."""
    hot = drawn_velocities(subject.atoms, AT_REST * subject.temperature_k, seed=SEED)
    for timestep_fs in (subject.timestep_fs, subject.timestep_fs / 4):
        plan = DynamicsPlan(
            steps=steps,
            every=1,
            timestep_s=timestep_fs * 1e-15,
            temperature_k=subject.temperature_k,
            friction_per_s=FRICTION_PER_S,
            seed=SEED,
        )
        found = _in_pieces(subject, subject.atoms, plan, hot)
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
    def told(leg: Leg) -> Trajectory:
        found = carried_out(subject.session, leg)
        subject.on_evaluations(leg.plan.steps)
        return found

    snapshots: list[Snapshot] = []
    stopped = None
    for leg, found in in_pieces(
        told, atoms, plan, piece_steps=lambda: subject.piece_steps, end_of=end_of, velocities=velocities
    ):
        # The first of a later piece is the last of the one before.
        snapshots += [replace(one, step=one.step + leg.before) for one in found.snapshots if one.step or not leg.before]
        stopped = found.stopped_because
    return Trajectory(snapshots=tuple(snapshots), stopped_because=stopped)
