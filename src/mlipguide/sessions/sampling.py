"""Frames of a run at a temperature, made with one model in pieces, so that it can be watched and ended in between.

The thermostat is Langevin's, with the friction of all short runs: frames are wanted here, not a transport property.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.core.errors import InputError
from mlipguide.sessions.errors import FailureKind
from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot, Trajectory
from mlipguide.sessions.pieces import FRICTION_PER_S, Leg, carried_out, end_of, in_pieces
from mlipguide.structures.holds import degrees_of_freedom, freed

if TYPE_CHECKING:
    from ase import Atoms

PIECE_S = 3.0
"""Wall time of one piece: what passes between two words of progress."""


@dataclass(frozen=True, kw_only=True)
class SamplingPlan:
    """What is wanted of a run, and when it ends.

    Attributes:
        frames: Number of frames that are wanted; the run ends with the last.
        every: Steps from one frame to the next.
        timestep_s: Integration step.
        temperature_k: Of the thermostat and of the first velocities.
        max_wall_s: Wall time after which no further piece is begun.
        friction_per_s: Of the thermostat.
        seed: Of velocities and thermostat.
    """

    frames: int
    every: int
    timestep_s: float
    temperature_k: float
    max_wall_s: float
    friction_per_s: float = FRICTION_PER_S
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class SampledFrame:
    """One frame of a run.

    Attributes:
        atoms: The structure, positions not wrapped; nothing is held in it.
        time_s: Simulated time since the start.
        temperature_k: From the kinetic energy of what can move.
        energy_ev: Of the model that made the run.
    """

    atoms: Atoms
    time_s: float
    temperature_k: float
    energy_ev: float


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What a run gave.

    Attributes:
        frames: In order of time, the first after ``every`` steps.
        simulated_s: How far it came.
        ended_because: ``done``, ``time`` (its wall time was over), or ``unstable``.
    """

    frames: tuple[SampledFrame, ...]
    simulated_s: float
    ended_because: str

    @property
    def unstable(self) -> bool:
        """Whether the atoms flew apart or grew far too hot."""
        return self.ended_because == FailureKind.UNSTABLE


def sample(
    session: ModelSession,
    atoms: Atoms,
    plan: SamplingPlan,
    *,
    on_progress: Callable[[float, int], None] = lambda _time_s, _frames: None,
) -> Sampled:
    """Run ``atoms`` with the model of ``session``; a run that explodes is a result, not an error.

    Args:
        session: The model.
        atoms: Where the run begins; it is not changed. Atoms that it holds stay where they are.
        plan: What is wanted.
        on_progress: Told after each piece the simulated time (s) and the number of frames.

    Raises:
        InputError: The plan asks for no frames or no steps between them.
        SessionError: The model cannot be run at all, for another reason than that the atoms flew apart.
    """
    if plan.frames < 1 or plan.every < 1:
        raise InputError(
            f"{plan.frames} frames, {plan.every} steps apart, were asked for.", hint="Ask for at least 1 of both."
        )
    start = time.monotonic()
    frames: list[SampledFrame] = []
    dynamics = DynamicsPlan(
        steps=plan.frames * plan.every,
        every=plan.every,
        timestep_s=plan.timestep_s,
        temperature_k=plan.temperature_k,
        friction_per_s=plan.friction_per_s,
        seed=plan.seed,
    )
    frame_s: float | None = None
    simulated_steps, ended = 0, "done"

    def piece_steps() -> int:
        if frame_s is None:
            return plan.every
        left_s = plan.max_wall_s - (time.monotonic() - start)
        return max(1, int(min(PIECE_S, left_s) / frame_s)) * plan.every

    def timed(leg: Leg) -> Trajectory:
        nonlocal frame_s
        begin = time.monotonic()
        found = carried_out(session, leg)
        frame_s = max(time.monotonic() - begin, 1e-6) / (leg.plan.steps / plan.every)
        return found

    for leg, trajectory in in_pieces(timed, atoms, dynamics, piece_steps=piece_steps, end_of=end_of):
        frames += [_frame(atoms, one, plan, leg.before) for one in trajectory.snapshots[1:]]
        if trajectory.snapshots:
            simulated_steps = leg.before + trajectory.snapshots[-1].step
        on_progress(simulated_steps * plan.timestep_s, len(frames))
        if trajectory.stopped_because is not None:
            ended = FailureKind.UNSTABLE.value
        elif len(frames) < plan.frames and time.monotonic() - start >= plan.max_wall_s:
            ended = "time"
            break
    return Sampled(frames=tuple(frames), simulated_s=simulated_steps * plan.timestep_s, ended_because=ended)


def _frame(atoms: Atoms, snapshot: Snapshot, plan: SamplingPlan, before: int) -> SampledFrame:
    from ase import units

    moved = freed(atoms)  # a frame is evaluated, and may be labelled: forces on held atoms count
    moved.positions[:] = snapshot.positions_angstrom
    return SampledFrame(
        atoms=moved,
        time_s=(before + snapshot.step) * plan.timestep_s,
        temperature_k=float(2 * snapshot.kinetic_ev / (degrees_of_freedom(atoms) * units.kB)),
        energy_ev=snapshot.energy_ev,
    )
