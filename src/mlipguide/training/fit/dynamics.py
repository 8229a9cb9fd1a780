"""A run at constant energy, at the temperature of the task, which a fit has to survive before it is handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.records.accuracy.stability import CheckResult
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame
from mlipguide.tasks.time_step import propose_timestep
from mlipguide.training.acceptance import drift_check, faults
from mlipguide.training.constant_energy import constant_energy_run

THERMOSTAT_STEPS, STEPS = 200, 1000
"""A potential with holes in what it learned loses its atoms within a few hundred steps (seen)."""
USUAL_TEMPERATURE_K = 300.0
"""Where neither the user nor the frames name one."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a fit is run at.

    Attributes:
        temperature_k: Of the run.
        assumed: Whether nobody named it: neither the user nor the frames.
    """

    temperature_k: float
    assumed: bool


def conditions_for(asked_k: float | None, frames: Sequence[LabelledFrame]) -> Conditions:
    """Return the temperature that a fit is for: the one asked, the highest that its frames name, or 300 K.

    Args:
        asked_k: By the user; None where nothing was said.
        frames: That the fit learned from.
    """
    if asked_k is not None:
        return Conditions(temperature_k=asked_k, assumed=False)
    named = [frame.temperature_k for frame in frames if frame.temperature_k is not None]
    return Conditions(temperature_k=max(named, default=USUAL_TEMPERATURE_K), assumed=not named)


def checked(
    session: ModelSession,
    test: Sequence[LabelledFrame],
    conditions: Conditions,
    on_progress: Callable[[str, float], None],
) -> tuple[DynamicsCheck, tuple[CheckResult, ...]]:
    """Run a potential at constant energy from a periodic test frame whose forces are of the usual size.

    Args:
        session: The potential.
        test: The frames.
        conditions: What it is run at.
        on_progress: Told how many steps are done, and which share of them.

    Returns:
        The run, and what it was held against.

    Raises:
        TrainingFailedError: Kind ``unstable``: the atoms flew apart, or the energy drifted beyond the limit.
        SessionError: It gave no answer.
    """
    frames = [frame for frame in test if all(frame.atoms.pbc)] or list(test)
    frame = sorted(frames, key=_restlessness)[len(frames) // 2]
    run = constant_energy_run(
        session,
        frame.atoms,
        temperature_k=conditions.temperature_k,
        timestep_s=propose_timestep(sorted(set(frame.atoms.get_chemical_symbols())), conditions.temperature_k).seconds,
        thermostat_steps=THERMOSTAT_STEPS,
        steps=STEPS,
        frame=frame.index,
        on_progress=lambda done, in_all: on_progress(
            f"checking it in molecular dynamics, step {done} of {in_all}", done / in_all
        ),
    )
    checks = (drift_check(run),)
    against = faults(checks)
    if against:
        raise TrainingFailedError(
            f"The potential is not stable, from test frame {frame.index}: {' '.join(against)} It is not handed over.",
            hint="Train on more frames, of higher temperatures too, or take a smaller model.",
            kind="unstable",
        )
    return replace(run, temperature_assumed=conditions.assumed), checks


def _restlessness(frame: LabelledFrame) -> float:
    forces = frame.forces_ev_per_angstrom
    return 0.0 if forces is None else float(np.abs(forces).mean())
