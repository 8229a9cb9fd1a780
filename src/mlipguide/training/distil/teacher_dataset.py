"""Frames that a teacher labels: its own molecular dynamics under several conditions, and rattled copies.

Labels of molecular dynamics cost nothing beyond the run: every snapshot carries the teacher's energy, forces and
stress. A run is cut into pieces of a fixed number of steps, each with a seed of its own, so that it is the same whether
or not it was interrupted between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import ase
import numpy as np

from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot
from mlipguide.sessions.pieces import FRICTION_PER_S, End, Leg, carried_out, end_of, in_pieces
from mlipguide.store.step_cache import StepCache
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.velocities import drawn_velocities

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE_STEPS = 20


@dataclass(frozen=True, kw_only=True)
class SamplingRun:
    """One run of molecular dynamics that frames are taken from.

    Attributes:
        name: Of the run; the group of its frames.
        temperature_k: Of the thermostat.
        strain: Linear: every length of the cell is multiplied with 1 + strain.
        steps: Integration steps.
        every: Steps from one frame to the next.
        seed: Of velocities and thermostat.
        start_factor: Times the temperature, of the first velocities.
    """

    name: str
    temperature_k: float
    strain: float
    steps: int
    every: int
    seed: int
    start_factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class SampledRun:
    """What a sampling run gave.

    Attributes:
        frames: With the teacher's labels, the one before any step left out.
        kinetic_ev: Kinetic energy of each frame.
        unstable: Whether the atoms flew apart before the last step.
        step_times_s: Wall time of a step, one number for each piece that came to its end.
    """

    frames: tuple[LabelledFrame, ...]
    kinetic_ev: tuple[float, ...]
    unstable: bool
    step_times_s: tuple[float, ...]


def strained(atoms: ase.Atoms, strain: float) -> ase.Atoms:
    """Return a copy whose cell and positions are longer by the share ``strain``; a molecule is left as it is."""
    copy: ase.Atoms = atoms.copy()
    if any(atoms.pbc):
        cell = atoms.cell.array.copy()
        cell[atoms.pbc] *= 1 + strain
        copy.set_cell(cell, scale_atoms=True)
    return copy


def sample_run(
    teacher: ModelSession,
    atoms: ase.Atoms,
    sampling: SamplingRun,
    *,
    timestep_s: float,
    cache: StepCache,
    on_piece: Callable[[int], None] = lambda _steps: None,
    longest_steps: int = 0,
    go_on: Callable[[], bool] = lambda: False,
) -> SampledRun:
    """Do a sampling run, or what is left of it.

    Args:
        teacher: Moves the atoms and labels them.
        atoms: The structure, unstrained.
        sampling: The conditions.
        timestep_s: Integration step.
        cache: Keeps each piece.
        on_piece: Told the steps of each piece as it is done.
        longest_steps: So many steps the run may have when it goes on after those of ``sampling``.
        go_on: Asked after each piece beyond those of ``sampling`` whether there is another.
    """
    start = strained(atoms, sampling.strain)
    frames: list[LabelledFrame] = []
    kinetic_ev: list[float] = []
    unstable = False
    step_times_s: list[float] = []
    velocities: NDArray[np.float64] | None = None
    if sampling.start_factor != 1:
        velocities = drawn_velocities(start, sampling.start_factor * sampling.temperature_k, seed=sampling.seed)
    stride = PIECE_STEPS - PIECE_STEPS % sampling.every or sampling.every
    plan = DynamicsPlan(
        steps=max(sampling.steps, longest_steps),
        every=sampling.every,
        timestep_s=timestep_s,
        temperature_k=sampling.temperature_k,
        friction_per_s=FRICTION_PER_S,
        seed=sampling.seed,
    )

    def name_of(leg: Leg) -> str:
        return f"{sampling.name}-{leg.number:04d}"

    def remembered(leg: Leg) -> dict[str, Any]:
        kept: dict[str, Any] = cache.remember(name_of(leg), partial(_piece, teacher, leg))
        return kept

    for leg, kept in in_pieces(
        remembered, start, plan, piece_steps=lambda: stride, end_of=_end_of, velocities=velocities
    ):
        on_piece(leg.plan.steps)
        frames += [_frame(start, item, sampling.name, temperature_k=sampling.temperature_k) for item in kept["frames"]]
        kinetic_ev += [float(item["kinetic"]) for item in kept["frames"]]
        unstable = kept["stopped"]
        if not unstable:
            step_times_s.append(cache.step_s(name_of(leg)) / leg.plan.steps)
        if leg.before + leg.plan.steps >= sampling.steps and not go_on():
            break
    return SampledRun(
        frames=tuple(frames), kinetic_ev=tuple(kinetic_ev), unstable=unstable, step_times_s=tuple(step_times_s)
    )


def labelled(
    teacher: ModelSession,
    copies: Sequence[ase.Atoms],
    *,
    name: str,
    cache: StepCache,
    temperature_k: float | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> tuple[LabelledFrame, ...]:
    """Let the teacher label structures, one remembered step each.

    Args:
        teacher: Labels them.
        copies: The structures.
        name: Of the steps, and the group of the frames.
        cache: Keeps each label.
        temperature_k: That they were visited at; None where they come from no run.
        on_frame: Called after each.
    """
    frames = []
    for number, copy in enumerate(copies):
        kept = cache.remember(f"{name}-{number:04d}", partial(_label, teacher, copy))
        on_frame()
        frames.append(_frame(copy, kept, name, temperature_k=temperature_k))
    return tuple(frames)


def numbered(frames: Sequence[LabelledFrame]) -> tuple[LabelledFrame, ...]:
    """Return the frames with their place in this sequence as index."""
    return tuple(replace(frame, index=index) for index, frame in enumerate(frames))


def _piece(teacher: ModelSession, leg: Leg) -> dict[str, Any]:
    run = carried_out(teacher, leg)
    last = end_of(run)
    return {
        "frames": [_plain(snapshot) for snapshot in run.snapshots[1:]],
        "last": {
            "positions": None if last.positions is None else last.positions.tolist(),
            "velocities": None if last.velocities is None else last.velocities.tolist(),
        },
        "stopped": last.stopped,
    }


def _end_of(kept: dict[str, Any]) -> End:
    positions, velocities = (
        None if kept["last"][name] is None else np.array(kept["last"][name]) for name in ("positions", "velocities")
    )
    return End(positions=positions, velocities=velocities, stopped=kept["stopped"])


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    stress = snapshot.stress_ev_per_angstrom3
    return {
        "positions": snapshot.positions_angstrom.tolist(),
        "energy": snapshot.energy_ev,
        "kinetic": snapshot.kinetic_ev,
        "forces": snapshot.forces_ev_per_angstrom.tolist(),
        "stress": None if stress is None else stress.tolist(),
    }


def _label(teacher: ModelSession, atoms: ase.Atoms) -> dict[str, Any]:
    point = teacher.single_point(atoms)
    stress = point.stress_ev_per_angstrom3
    return {
        "positions": atoms.positions.tolist(),
        "energy": point.energy_ev,
        "forces": [list(row) for row in point.forces_ev_per_angstrom],
        "stress": None if stress is None else list(stress),
    }


def _frame(atoms: ase.Atoms, kept: dict[str, Any], group: str, *, temperature_k: float | None = None) -> LabelledFrame:
    frame = atoms.copy()
    frame.positions = np.array(kept["positions"])
    stress = kept["stress"]
    return LabelledFrame(
        index=0,
        atoms=frame,
        energy_ev=float(kept["energy"]),
        forces_ev_per_angstrom=np.array(kept["forces"]),
        stress_ev_per_angstrom3=None if stress is None else np.array(stress),
        group=group,
        temperature_k=temperature_k,
    )
