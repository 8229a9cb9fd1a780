"""Runs of a student on its own: where it goes, and whether a long run stays where the teacher's does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ase
import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.sessions.interface import DynamicsPlan, ModelSession
from mlipguide.sessions.pieces import (
    FRICTION_PER_S,
    GENTLE_FRICTION_PER_S,
    End,
    Leg,
    carried_out,
    end_of,
    in_pieces,
)
from mlipguide.stats.settling import settling_of
from mlipguide.store.step_cache import StepCache
from mlipguide.structures.checks import check_structure
from mlipguide.structures.velocities import drawn_velocities
from mlipguide.training.distil.schedule import (
    EXPLORE_FACTOR,
    EXPLORE_SEED,
    EXPLORED_FRAMES,
    LONG_SEED,
    DistillationSchedule,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG_FRAMES = 200
LONG_PIECE_STEPS = 2500


@dataclass(frozen=True, kw_only=True)
class StudentRun:
    """A run of a student.

    Attributes:
        frames: At equal distances in time.
        kinetic_ev: Kinetic energy of each.
        energy_ev: Potential energy of each.
        simulated_time_s: How far it came.
        stable: Whether it came to its end.
    """

    frames: tuple[ase.Atoms, ...]
    kinetic_ev: tuple[float, ...]
    energy_ev: tuple[float, ...]
    simulated_time_s: float
    stable: bool

    def start(self) -> int | None:
        """Return the place of the first frame that counts; None where the run has not settled."""
        found = settling_of(self.kinetic_ev, self.energy_ev) if self.frames else None
        return None if found is None else found.start

    def without(self, skip: int) -> StudentRun:
        """Return the run without its first frames."""
        return replace(
            self, frames=self.frames[skip:], kinetic_ev=self.kinetic_ev[skip:], energy_ev=self.energy_ev[skip:]
        )


def explore(student: ModelSession, cell: ase.Atoms, schedule: DistillationSchedule, number: int) -> dict[str, Any]:
    """Let a student run on its own, hotter than wanted, and return where it went while that made sense.

    Returns:
        ``frames``, positions in Å of those worth a label, and ``stopped``: whether it left what makes sense.
    """
    steps = schedule.explore_steps
    plan = DynamicsPlan(
        steps=steps,
        every=max(1, steps // EXPLORED_FRAMES),
        timestep_s=schedule.timestep_s,
        temperature_k=EXPLORE_FACTOR * schedule.temperature_k,
        friction_per_s=FRICTION_PER_S,
        seed=schedule.seed * 1000 + EXPLORE_SEED + number,
    )
    run = student.dynamics(cell, plan)
    later = run.snapshots[1:]
    sensible = [one.positions_angstrom.tolist() for one in later if is_sensible(cell, one.positions_angstrom)]
    return {"frames": sensible, "stopped": run.stopped_because is not None or len(sensible) < len(later)}


def long_run(
    opened: Callable[[], ModelSession], cell: ase.Atoms, schedule: DistillationSchedule, *, name: str, cache: StepCache
) -> StudentRun:
    """Run a student at the wanted temperature, or what is left of that.

    Args:
        opened: Starts the student, anew for each piece.
        cell: Where it starts.
        schedule: How long and how hot.
        name: Of the remembered pieces.
        cache: Keeps them.
    """
    frames: list[ase.Atoms] = []
    kinetic_ev: list[float] = []
    energy_ev: list[float] = []
    done, stopped = 0, False
    velocities: Any = None
    if schedule.start_factor != 1:
        velocities = drawn_velocities(
            cell, schedule.start_factor * schedule.temperature_k, seed=schedule.seed + LONG_SEED
        )
    plan = DynamicsPlan(
        steps=schedule.long_steps,
        every=max(1, schedule.long_steps // LONG_FRAMES),
        timestep_s=schedule.timestep_s,
        temperature_k=schedule.temperature_k,
        friction_per_s=GENTLE_FRICTION_PER_S,
        seed=schedule.seed * 1000 + LONG_SEED,
    )

    def remembered(leg: Leg) -> dict[str, Any]:
        def run() -> dict[str, Any]:
            with closing(opened()) as student:
                return _piece(student, leg)

        kept: dict[str, Any] = cache.remember(f"{name}-{leg.number:04d}", run)
        return kept

    for leg, kept in in_pieces(
        remembered, cell, plan, piece_steps=lambda: LONG_PIECE_STEPS, end_of=_end_of, velocities=velocities
    ):
        frames += [placed(cell, positions) for positions in kept["positions"]]
        kinetic_ev += kept["kinetic"]
        energy_ev += kept["energy"]
        stopped = kept["stopped"]
        done += 0 if stopped else leg.plan.steps
    return StudentRun(
        frames=tuple(frames),
        kinetic_ev=tuple(kinetic_ev),
        energy_ev=tuple(energy_ev),
        simulated_time_s=done * schedule.timestep_s,
        stable=not stopped,
    )


def placed(cell: ase.Atoms, positions: Any) -> ase.Atoms:
    """Return the cell with its atoms at ``positions`` (Å)."""
    atoms: ase.Atoms = cell.copy()
    atoms.positions = np.array(positions)
    return atoms


def is_sensible(cell: ase.Atoms, positions: NDArray[np.float64]) -> bool:
    """Tell whether a frame is worth a label: finite, and no two atoms on top of each other."""
    if not np.isfinite(positions).all():
        return False
    try:
        check_structure(placed(cell, positions), source="explored")
    except InputError:
        return False
    return True


def _piece(student: ModelSession, leg: Leg) -> dict[str, Any]:
    run = carried_out(student, leg)
    last = end_of(run)
    later = run.snapshots[1:]
    return {
        "positions": [snapshot.positions_angstrom.tolist() for snapshot in later],
        "kinetic": [snapshot.kinetic_ev for snapshot in later],
        "energy": [snapshot.energy_ev for snapshot in later],
        "velocities": None if last.velocities is None else last.velocities.tolist(),
        "stopped": last.stopped,
    }


def _end_of(kept: dict[str, Any]) -> End:
    if kept["stopped"] or not kept["positions"]:
        return End(positions=None, velocities=None, stopped=kept["stopped"])
    return End(positions=np.array(kept["positions"][-1]), velocities=np.array(kept["velocities"]), stopped=False)
