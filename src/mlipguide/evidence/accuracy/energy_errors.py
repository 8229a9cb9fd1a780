"""Errors of energies, as they stand and after a shift for each element (see ``stats.energy_shifts``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.evidence.accuracy.force_errors import frame_groups
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate
from mlipguide.stats.energy_shifts import ShiftedEnergies, shifted_energies
from mlipguide.stats.frame_means import mean_over


@dataclass(frozen=True, kw_only=True)
class EnergyErrors:
    """Errors of the energies of one model, eV/atom."""

    shifted: ShiftedEnergies
    unshifted_mae: Estimate

    def mae(self, source: str) -> Estimate | None:
        """Return the error after the shift; None where the frames are too few for the shifts."""
        return None if self.shifted.mae is None else self.shifted.mae.estimate(source)


def energy_errors(frames: Sequence[FrameErrors], *, source: str) -> EnergyErrors | None:
    """Return the errors of the energies per atom, a frame counting once; None where no frame has an energy."""
    chosen = [frame for frame in frames if frame.energy_reference_ev is not None]
    if not chosen:
        return None
    differences = np.array([(one.energy_reference_ev or 0.0) - one.energy_predicted_ev for one in chosen])
    atoms = np.array([one.atoms for one in chosen], dtype=float)
    groups = frame_groups(chosen)
    return EnergyErrors(
        shifted=shifted_energies([one.composition for one in chosen], differences, groups),
        unshifted_mae=mean_over(np.abs(differences) / atoms, np.ones(len(chosen)), groups).estimate(source),
    )
