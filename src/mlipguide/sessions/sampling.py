"""Frames of a run at a temperature, made with one model in pieces, so that it can be watched and ended in between.

The thermostat is Langevin's, with a friction so strong that energies settle in about a tenth of a picosecond: frames
are wanted here, not a transport property.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot
from mlipguide.structures.holds import degrees_of_freedom, freed

if TYPE_CHECKING:
    from ase import Atoms

FRICTION_PER_S = 1e13
"""10 per ps: a judgement."""
PIECE_S = 3.0
"""Wall time of one piece: what passes between two words of progress."""
HOTTEST_FACTOR = 10.0
"""Times the thermostat's temperature is what no run that is well does: the kinetic energy of few atoms may double."""
HOTTEST_MARGIN_K = 3000.0
"""Added to it, so that few atoms at a low temperature are not taken for an explosion."""


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
    here, velocities = atoms.copy(), None
    wanted_frames, piece, step_in_all, ended = 1, 0, 0, "done"
    while len(frames) < plan.frames:
        steps = min(wanted_frames, plan.frames - len(frames)) * plan.every
        dynamics = DynamicsPlan(
            steps=steps,
            every=plan.every,
            timestep_s=plan.timestep_s,
            temperature_k=plan.temperature_k,
            friction_per_s=plan.friction_per_s,
            seed=plan.seed + piece,  # each piece draws other random forces
        )
        begin = time.monotonic()
        try:
            trajectory = session.dynamics(here, dynamics, velocities=velocities)
        except SessionError as error:
            if error.failure is not FailureKind.UNSTABLE:
                raise
            ended = FailureKind.UNSTABLE
            break
        took_s = max(time.monotonic() - begin, 1e-6)
        new = [_frame(atoms, one, plan, step_in_all) for one in trajectory.snapshots[1:]]
        cool = [one for one in new if not _too_hot(one, plan)]
        frames += cool
        step_in_all += trajectory.snapshots[-1].step
        on_progress(step_in_all * plan.timestep_s, len(frames))
        if trajectory.stopped_because is not None or len(cool) < len(new):
            ended = FailureKind.UNSTABLE
            break
        if time.monotonic() - start >= plan.max_wall_s:
            ended = "done" if len(frames) >= plan.frames else "time"
            break
        last = trajectory.snapshots[-1]
        here.positions[:] = last.positions_angstrom
        velocities = last.velocities_angstrom_per_fs
        left_s = plan.max_wall_s - (time.monotonic() - start)
        wanted_frames = max(1, int(min(PIECE_S, left_s) / (took_s / (steps / plan.every))))
        piece += 1
    return Sampled(frames=tuple(frames), simulated_s=step_in_all * plan.timestep_s, ended_because=str(ended))


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


def _too_hot(frame: SampledFrame, plan: SamplingPlan) -> bool:
    limit_k = HOTTEST_FACTOR * plan.temperature_k + HOTTEST_MARGIN_K
    return not np.isfinite(frame.temperature_k) or frame.temperature_k > limit_k
