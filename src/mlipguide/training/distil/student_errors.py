"""How far a student is from its teacher on frames that the teacher labelled.

The force error is given beside the root mean square of the teacher's forces: an error of 0.06 eV/Å is small in a hot
oxide, whose forces are 1 eV/Å, and large in a crystal near its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlipguide.records.training.distillation import ForceError
from mlipguide.sessions.interface import ModelSession
from mlipguide.stats.errors import energy_mae, force_mae, force_rmse
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.fit.held_out_errors import errors_on


def force_error(student: ModelSession, frames: Sequence[LabelledFrame]) -> ForceError:
    """Evaluate the student on labelled frames.

    Raises:
        TrainingFailedError: It returns forces that are not numbers; a diverged fit does.
        SessionError: It cannot evaluate a frame.
    """
    errors = errors_on(student, frames)
    mae, rmse, energy = force_mae(errors), force_rmse(errors), energy_mae(errors)
    assert mae is not None
    assert rmse is not None
    assert energy is not None
    references = [np.ravel(np.asarray(frame.forces_ev_per_angstrom)) for frame in frames]
    return ForceError(
        frames=len(frames),
        force_mae_ev_per_angstrom=mae.value,
        force_interval_ev_per_angstrom=None if mae.low is None or mae.high is None else (mae.low, mae.high),
        force_rmse_ev_per_angstrom=rmse,
        force_rms_ev_per_angstrom=float(np.sqrt(np.mean(np.concatenate(references) ** 2))),
        largest_ev_per_angstrom=max(one.force_largest_ev_per_angstrom or 0.0 for one in errors),
        energy_mae_ev_per_atom=energy.value,
    )
