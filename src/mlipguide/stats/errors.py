"""Errors of predicted energies and forces, and how far a mean over few frames can be trusted.

The mean absolute force error is over components, pooled over frames; its interval is a bootstrap over whole frames,
since the atoms of one frame err together (B. Efron, Ann. Stat. 7, 1 (1979), doi:10.1214/aos/1176344552).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.records.training import FrameDeviation

RESAMPLES = 400
TAILS = (5.0, 95.0)
"""Percentiles of a 90 % interval."""
SEED = 20261125


@dataclass(frozen=True)
class MeanError:
    """A mean with its 90 % interval; no interval of a single frame."""

    value: float
    low: float | None
    high: float | None


def frame_errors(
    *,
    group: str | None,
    forces: NDArray[np.float64],
    reference_forces: NDArray[np.float64] | None,
    energy_ev: float,
    reference_energy_ev: float | None,
) -> FrameDeviation:
    """Compare one frame with its labels.

    Args:
        group: Of the frame.
        forces: Shape (atoms, 3), eV/Å.
        reference_forces: Likewise; None where the frame has none.
        energy_ev: Of the whole frame.
        reference_energy_ev: Likewise; None where the frame has none.
    """
    differences = None if reference_forces is None else np.abs(forces - reference_forces)
    return FrameDeviation(
        group=group,
        atoms=len(forces),
        force_mae_ev_per_angstrom=None if differences is None else float(differences.mean()),
        force_mse_ev2_per_angstrom2=None if differences is None else float((differences**2).mean()),
        energy_error_ev_per_atom=None
        if reference_energy_ev is None
        else (energy_ev - reference_energy_ev) / len(forces),
    )


def force_mae(errors: Sequence[FrameDeviation]) -> MeanError | None:
    """Return the mean absolute error of force components, eV/Å; None where no frame has forces."""
    known = [(one.force_mae_ev_per_angstrom, one.atoms) for one in errors if one.force_mae_ev_per_angstrom is not None]
    return _mean([error for error, _ in known], [atoms for _, atoms in known])


def force_rmse(errors: Sequence[FrameDeviation]) -> float | None:
    """Return the root mean square error of force components, eV/Å; None where no frame has forces."""
    known = [
        (one.force_mse_ev2_per_angstrom2, one.atoms) for one in errors if one.force_mse_ev2_per_angstrom2 is not None
    ]
    if not known:
        return None
    squares, atoms = np.array([square for square, _ in known]), np.array([count for _, count in known], dtype=float)
    return math.sqrt(float(squares @ atoms / atoms.sum()))


def energy_mae(errors: Sequence[FrameDeviation]) -> MeanError | None:
    """Return the mean absolute error of energies per atom, eV/atom; None where no frame has an energy."""
    known = [abs(one.energy_error_ev_per_atom) for one in errors if one.energy_error_ev_per_atom is not None]
    return _mean(known, [1] * len(known))


def _mean(values: Sequence[float], weights: Sequence[int]) -> MeanError | None:
    if not values:
        return None
    value = float(np.average(values, weights=weights))
    if len(values) == 1:
        return MeanError(value, None, None)
    drawn = np.random.default_rng(SEED).integers(0, len(values), size=(RESAMPLES, len(values)))
    picked, by = np.asarray(values)[drawn], np.asarray(weights, dtype=float)[drawn]
    low, high = np.percentile((picked * by).sum(axis=1) / by.sum(axis=1), TAILS)
    return MeanError(value, min(value, float(low)), max(value, float(high)))
