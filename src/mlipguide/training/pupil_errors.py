"""How far a pupil is from its teacher on frames that the teacher labelled.

The force error is given beside the root mean square of the teacher's forces: an error of 0.06 eV/Å is small in a hot
oxide, whose forces are 1 eV/Å, and large in a crystal near its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.records.distillation import ForceError
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame


def force_error(pupil: ModelSession, frames: Sequence[LabelledFrame]) -> ForceError:
    """Evaluate the pupil on labelled frames.

    Raises:
        TrainingFailedError: It returns forces that are not numbers; a diverged fit does.
        SessionError: It cannot evaluate a frame.
    """
    differences, references, energies = [], [], []
    for frame in frames:
        assert frame.forces_ev_per_angstrom is not None
        assert frame.energy_ev is not None
        point = pupil.single_point(frame.atoms)
        differences.append((np.array(point.forces_ev_per_angstrom) - frame.forces_ev_per_angstrom).ravel())
        references.append(frame.forces_ev_per_angstrom.ravel())
        energies.append((point.energy_ev - frame.energy_ev) / len(frame.atoms))
    difference, reference = np.concatenate(differences), np.concatenate(references)
    if not np.isfinite(difference).all():
        raise TrainingFailedError(
            "The potential returns forces that are not numbers.", hint="Its training diverged; give it other frames."
        )
    return ForceError(
        frames=len(frames),
        force_mae_ev_per_angstrom=float(np.abs(difference).mean()),
        force_rmse_ev_per_angstrom=float(np.sqrt(np.mean(difference**2))),
        force_rms_ev_per_angstrom=float(np.sqrt(np.mean(reference**2))),
        largest_ev_per_angstrom=float(np.abs(difference).max()),
        energy_mae_ev_per_atom=float(np.abs(energies).mean()),
    )
