"""The zero of energy of each element, and what is left of energy errors without it.

Codes and pseudopotentials have different zeros of energy, and for forces and differences of energies they do not
matter. What matters is what is left when a constant for each element is fitted: reference - prediction = sum over
elements of n_e s_e + residual. The fit is the one of least absolute deviations, weighted so that energies per atom
count, which a few wrong labels do not move; it is found as the limit of weighted least squares (E. J. Schlossmacher,
J. Am. Stat. Assoc. 68, 857 (1973), doi:10.1080/01621459.1973.10481436), whose minimum-norm solution also serves
compositions that do not determine each shift (frames of one compound: only the sum is determined, and the residuals do
not depend on the choice).

A fit to the frames that it is judged on flatters itself. The errors that count are therefore those of least squares
without outlying frames, for which the flattery is known: a residual e has the variance (1 - h) s^2, with h the frame's
diagonal element of the hat matrix, and that of a frame that is left out of the fit, e / (1 - h), has s^2 / (1 - h)
(D. A. Belsley, E. Kuh and R. E. Welsch, Regression Diagnostics, 1980, ch. 2). Their geometric mean e / sqrt(1 - h) has
the variance s^2 of an error with the true shifts, however few the frames. (With a fit of least absolute deviations it
is 12 % too large for 8 frames of 4 elements.) Frames of a trajectory that resemble each other are worth fewer for the
fit, and h is that much larger. A frame with h = 1 alone decides a shift, and says nothing of errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from mlipguide.records.accuracy.accuracy import ErrorGap
from mlipguide.stats.frame_means import FEWEST_FREEDOM, FrameGroups, FrameMean, independent_frames, mean_over

ROUNDS = 60
SETTLED_EV_PER_ATOM = 1e-9
SMALLEST_RESIDUAL = 1e-7
"""eV/atom: residuals below weigh the same."""
OUTLYING_SIGMAS = 10.0
FEWEST_PER_SHIFT = 3
"""With fewer frames for each shift none is called outlying: half of the residuals are zero by the fit."""
MAD_TO_SIGMA = 1.4826
NOTHING_LEFT = 1e-6
"""1 - h below which a frame decides a shift alone."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ShiftFit:
    """Shifts of the elements and what they leave.

    Attributes:
        shifts_ev: Reference minus prediction, of one atom of each element.
        residuals_ev_per_atom: Shape (frames,): prediction plus shifts, minus reference.
        rank: Number of shifts that the compositions determine.
        leverages: Shape (frames,): how far each frame decides its own residual, from 0 to 1.
    """

    shifts_ev: dict[str, float]
    residuals_ev_per_atom: Numbers
    rank: int
    leverages: Numbers

    @property
    def is_unique(self) -> bool:
        """Whether every element's shift is determined."""
        return self.rank == len(self.shifts_ev)

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Which frames do not decide a shift alone, shape (frames,)."""
        return np.asarray(self.leverages < 1 - NOTHING_LEFT)


def fit_shifts(compositions: Sequence[Mapping[str, int]], differences_ev: Numbers) -> ShiftFit:
    """Fit a shift for each element.

    Args:
        compositions: Atoms of each element, of each frame.
        differences_ev: Shape (frames,): reference minus prediction, of the whole structures.
    """
    elements = sorted({name for one in compositions for name in one})
    shares, wanted = _equations(compositions, elements, differences_ev)
    shifts = least_absolute(shares, wanted)
    own, rank = _leverages(shares)
    return ShiftFit(
        shifts_ev=dict(zip(elements, map(float, shifts), strict=True)),
        residuals_ev_per_atom=shares @ shifts - wanted,
        rank=rank,
        leverages=own,
    )


@dataclass(frozen=True, kw_only=True)
class ShiftedEnergies:
    """Errors of energies per atom after a shift for each element.

    Attributes:
        fit: The shifts.
        mae: Mean absolute error, eV/atom; None where the frames are too few for the shifts.
        rmse: Root of the mean squared error, eV/atom; likewise.
        gap: Why there is no error, or none with an interval; None where there is both.
    """

    fit: ShiftFit
    mae: FrameMean | None
    rmse: float | None
    gap: ErrorGap | None


def shifted_energies(
    compositions: Sequence[Mapping[str, int]], differences_ev: Numbers, frames: FrameGroups
) -> ShiftedEnergies:
    """Return the errors of energies after a shift for each element, a frame counting once.

    Args:
        compositions: Atoms of each element, of each frame.
        differences_ev: Shape (frames,): reference minus prediction, of the whole structures.
        frames: How the frames depend on each other.
    """
    fit = fit_shifts(compositions, differences_ev)
    shares, wanted = _equations(compositions, list(fit.shifts_ev), differences_ev)
    kept = ~_outlying(fit)
    residuals = shares @ np.asarray(lstsq(shares[kept], wanted[kept])[0]) - wanted
    own = np.zeros(len(wanted))
    own[kept] = _leverages(shares[kept])[0]
    independent = independent_frames(residuals, frames.runs)
    left = 1 - len(wanted) / independent * own
    telling = np.flatnonzero(left > NOTHING_LEFT)
    if independent < fit.rank + FEWEST_FREEDOM or not telling.size:
        return ShiftedEnergies(fit=fit, mae=None, rmse=None, gap=ErrorGap.TOO_FEW_FOR_SHIFTS)
    errors = residuals[telling] / np.sqrt(left[telling])
    sizes, groups = np.abs(errors), frames.at(telling.tolist())
    # Sizes are less correlated than errors with their sign: what the shifts take counts for more of them.
    each = max(1.0, independent_frames(sizes, groups.runs) / independent)
    mae = mean_over(sizes, np.ones(len(sizes)), groups, fitted=fit.rank * each)
    return ShiftedEnergies(
        fit=fit,
        mae=mae,
        rmse=float(np.sqrt(np.mean(errors**2))),
        gap=None if mae.low is not None else ErrorGap.TOO_FEW_FRAMES,
    )


def least_absolute(shares: Numbers, wanted: Numbers) -> Numbers:
    """Return the solution of ``shares @ x = wanted`` of least absolute deviations and, of several, of least norm."""
    shifts = np.zeros(shares.shape[1])
    weights = np.ones(len(wanted))
    for turn in range(ROUNDS):
        roots = np.sqrt(weights)
        found = np.asarray(lstsq(shares * roots[:, None], wanted * roots)[0])
        moved = float(np.abs(shares @ (found - shifts)).max())
        shifts = found
        if turn and moved < SETTLED_EV_PER_ATOM:
            break
        weights = 1 / np.maximum(np.abs(wanted - shares @ shifts), SMALLEST_RESIDUAL)
        weights /= weights.max()
    return shifts


def _equations(
    compositions: Sequence[Mapping[str, int]], elements: Sequence[str], differences_ev: Numbers
) -> tuple[Numbers, Numbers]:
    """Return the shares of the elements in each frame, and what is wanted of the shifts, per atom."""
    atoms = np.array([sum(one.values()) for one in compositions], dtype=float)
    counts = np.array([[one.get(name, 0) for name in elements] for one in compositions], dtype=float)
    return counts / atoms[:, None], np.asarray(differences_ev, dtype=float) / atoms


def _leverages(shares: Numbers) -> tuple[Numbers, int]:
    """Return the diagonal of the hat matrix of least squares, shape (frames,), and its rank."""
    left, sizes, _ = np.linalg.svd(shares, full_matrices=False)
    kept = sizes > sizes.max() * max(shares.shape) * np.finfo(float).eps
    return np.asarray((left[:, kept] ** 2).sum(axis=1)), int(kept.sum())


def _outlying(fit: ShiftFit) -> NDArray[np.bool_]:
    """Return which frames a fit by least squares should not follow, shape (frames,)."""
    sizes = np.abs(fit.residuals_ev_per_atom)
    if len(sizes) < FEWEST_PER_SHIFT * fit.rank:
        return np.zeros(len(sizes), dtype=bool)
    limit = max(OUTLYING_SIGMAS * MAD_TO_SIGMA * float(np.median(sizes)), SMALLEST_RESIDUAL)
    return (sizes > limit) & fit.telling
