"""Molecular dynamics in pieces: watched, interrupted and taken up again between them.

Every run that is cut goes through :func:`in_pieces`, so that all cut the same way: a piece begins where the last one
ended, draws random forces of its own, and is the last one when the atoms fly apart. What counts as flying apart is
decided where the atoms are moved (``worker/explosions.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Trajectory

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

T = TypeVar("T")

FRICTION_PER_S = 2e13
"""Of the Langevin thermostat of runs that prepare or sample: 50 fs, short, since they are short and start from a
structure at rest. Frames are wanted from them, not a transport property (a judgement)."""
GENTLE_FRICTION_PER_S = FRICTION_PER_S / 10
"""Of runs that a potential is judged by: 500 fs, which leaves the motion to the potential."""
SEEDS_OF_A_RUN = 10_000


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One piece of a run, before it is done.

    Attributes:
        number: From 0.
        before: Steps of the run before it.
        atoms: Where it begins.
        velocities: Shape (atoms, 3), Å/fs; None to draw them at the plan's temperature.
        plan: Of this piece.
    """

    number: int
    before: int
    atoms: Atoms
    velocities: NDArray[np.float64] | None
    plan: DynamicsPlan


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a piece ended.

    Attributes:
        positions: Shape (atoms, 3), Å.
        velocities: Shape (atoms, 3), Å/fs.
        stopped: Whether the atoms flew apart in it.
    """

    positions: NDArray[np.float64] | None
    velocities: NDArray[np.float64] | None
    stopped: bool


def in_pieces(
    run: Callable[[Leg], T],
    atoms: Atoms,
    plan: DynamicsPlan,
    *,
    piece_steps: Callable[[], int],
    end_of: Callable[[T], End],
    velocities: NDArray[np.float64] | None = None,
) -> Iterator[tuple[Leg, T]]:
    """Do a run piece by piece, and yield each as it is done.

    Args:
        run: Does a piece, or remembers what it gave.
        atoms: Where the run begins; it is not changed.
        plan: Of the whole run; a piece has its seed after the run's and its number.
        piece_steps: Asked before each piece for the most steps that it may have, a multiple of ``plan.every``.
        end_of: Tells where a piece ended.
        velocities: At the begin, shape (atoms, 3), Å/fs; None to draw them at the plan's temperature.
    """
    here, done, number = atoms, 0, 0
    while done < plan.steps:
        leg = Leg(
            number=number,
            before=done,
            atoms=here,
            velocities=velocities,
            plan=replace(plan, steps=min(piece_steps(), plan.steps - done), seed=plan.seed * SEEDS_OF_A_RUN + number),
        )
        piece = run(leg)
        yield leg, piece
        end = end_of(piece)
        if end.stopped or end.positions is None:
            return
        here = atoms.copy()
        here.positions = end.positions
        velocities = end.velocities
        done, number = done + leg.plan.steps, number + 1


def carried_out(session: ModelSession, leg: Leg) -> Trajectory:
    """Let a model do a piece; atoms that fly apart at once are a result, of no snapshot, and not an error.

    Raises:
        SessionError: It cannot be done, for another reason.
    """
    try:
        return session.dynamics(leg.atoms, leg.plan, velocities=leg.velocities)
    except SessionError as error:
        if error.failure is not FailureKind.UNSTABLE:
            raise
        return Trajectory(snapshots=(), stopped_because=FailureKind.UNSTABLE.value)


def end_of(trajectory: Trajectory) -> End:
    """Return where a trajectory ended."""
    last = trajectory.snapshots[-1] if trajectory.snapshots else None
    return End(
        positions=None if last is None else last.positions_angstrom,
        velocities=None if last is None else last.velocities_angstrom_per_fs,
        stopped=trajectory.stopped_because is not None,
    )
