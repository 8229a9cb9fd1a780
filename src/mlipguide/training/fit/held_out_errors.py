"""A potential on frames that it has not learned from, and whether it is one at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.records.training.training import FrameDeviation
from mlipguide.sessions.interface import ModelSession
from mlipguide.stats.errors import force_mae, frame_errors
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.trajectories import runs_of


def errors_on(
    session: ModelSession,
    frames: Sequence[LabelledFrame],
    *,
    on_frame: Callable[[int], None] = lambda _done: None,
) -> tuple[FrameDeviation, ...]:
    """Evaluate a potential on labelled frames; its energies are taken as they are.

    Args:
        session: The potential.
        frames: With labels.
        on_frame: Told the number of frames that are done.

    Raises:
        SessionError: It gave no answer.
        TrainingFailedError: Kind ``diverged``: an answer is no number.
    """
    found = []
    runs = runs_of(frames)
    for done, (frame, run) in enumerate(zip(frames, runs, strict=True), start=1):
        point = session.single_point(frame.atoms)
        forces = np.array(point.forces_ev_per_angstrom)
        if not (math.isfinite(point.energy_ev) and np.isfinite(forces).all()):
            raise TrainingFailedError(
                f"The potential gives no numbers for test frame {frame.index}: its fit diverged.",
                hint="Train on more frames, or take a smaller model.",
                kind="diverged",
            )
        found.append(
            frame_errors(
                group=frame.group,
                run=run,
                forces=forces,
                reference_forces=frame.forces_ev_per_angstrom,
                energy_ev=point.energy_ev,
                reference_energy_ev=frame.energy_ev,
            )
        )
        on_frame(done)
    return tuple(found)


def mean_force(frames: Sequence[LabelledFrame]) -> float:
    """Return the mean absolute force component of frames, eV/Å: the error of a potential without forces.

    Raises:
        ValueError: No frame has forces.
    """
    known = [
        np.abs(frame.forces_ev_per_angstrom).ravel() for frame in frames if frame.forces_ev_per_angstrom is not None
    ]
    return float(np.concatenate(known).mean())


def is_worse_than_nothing(errors: Sequence[FrameDeviation], trivial_ev_per_angstrom: float) -> bool:
    """Tell whether a potential without any forces would err less on the same frames."""
    found = force_mae(errors)
    return found is not None and found.value >= trivial_ev_per_angstrom
