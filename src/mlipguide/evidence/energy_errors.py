"""Errors of energies, as they stand and after a shift for each element.

Codes and pseudopotentials have different zeros of energy, and for forces and differences of energies they do not
matter. What matters is what is left when a constant for each element is fitted: reference - prediction = sum over
elements of n_e s_e + residual. The fit is the one of least absolute deviations, weighted so that energies per atom
count, which a few wrong labels do not move; it is found as the limit of weighted least squares (E. J. Schlossmacher,
J. Am. Stat. Assoc. 68, 857 (1973), doi:10.1080/01621459.1973.10481436), whose minimum-norm solution also serves
compositions that do not determine each shift (frames of one compound: only the sum is determined, and the residuals do
not depend on the choice).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from mlipguide.evidence.block_bootstrap import bootstrapped
from mlipguide.records.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate

ROUNDS = 60
SETTLED_EV_PER_ATOM = 1e-9
SMALLEST_RESIDUAL = 1e-7
"""eV/atom: residuals below weigh the same."""
FRAMES_PER_SHIFT = 3
"""With fewer frames for each shift that is fitted, the fit takes the errors away that it should show (a judgement)."""


@dataclass(frozen=True, kw_only=True)
class ShiftFit:
    """Shifts of the elements and what they leave.

    Attributes:
        shifts_ev: Reference minus prediction, of one atom of each element.
        residuals_ev_per_atom: Shape (frames,): prediction plus shifts, minus reference.
        rank: Number of shifts that the compositions determine.
    """

    shifts_ev: dict[str, float]
    residuals_ev_per_atom: NDArray[np.float64]
    rank: int

    @property
    def is_unique(self) -> bool:
        """Whether every element's shift is determined."""
        return self.rank == len(self.shifts_ev)


def fit_shifts(compositions: Sequence[dict[str, int]], differences_ev: NDArray[np.float64]) -> ShiftFit:
    """Fit a shift for each element.

    Args:
        compositions: Atoms of each element, of each frame.
        differences_ev: Shape (frames,): reference minus prediction, of the whole structures.
    """
    elements = sorted({name for one in compositions for name in one})
    atoms = np.array([sum(one.values()) for one in compositions], dtype=float)
    shares = np.array([[one.get(name, 0) for name in elements] for one in compositions], dtype=float) / atoms[:, None]
    wanted = differences_ev / atoms
    weights = np.ones(len(wanted))
    shifts, rank = np.zeros(len(elements)), 0
    for turn in range(ROUNDS):
        roots = np.sqrt(weights)
        found, _, this_rank, _ = lstsq(shares * roots[:, None], wanted * roots)
        moved = float(np.abs(shares @ (found - shifts)).max())
        shifts = np.asarray(found)
        if turn == 0:
            rank = int(this_rank)  # weights that differ by orders of magnitude would hide some
        elif moved < SETTLED_EV_PER_ATOM:
            break
        weights = 1 / np.maximum(np.abs(wanted - shares @ shifts), SMALLEST_RESIDUAL)
        weights /= weights.max()
    return ShiftFit(
        shifts_ev=dict(zip(elements, map(float, shifts), strict=True)),
        residuals_ev_per_atom=shares @ shifts - wanted,
        rank=rank,
    )


@dataclass(frozen=True, kw_only=True)
class EnergyErrors:
    """Errors of the energies of one model, eV/atom; None after the shift where frames are too few for the fit."""

    mae: Estimate | None
    rmse: float | None
    unshifted_mae: Estimate
    fit: ShiftFit


def energy_errors(frames: Sequence[FrameErrors], blocks: NDArray[np.int64], *, source: str) -> EnergyErrors | None:
    """Return the errors of the energies per atom, a frame counting once; None where no frame has an energy.

    The interval is that of the frames with the shifts held fixed.
    """
    kept = [place for place, frame in enumerate(frames) if frame.energy_reference_ev is not None]
    if not kept:
        return None
    chosen = [frames[place] for place in kept]
    differences = np.array([(one.energy_reference_ev or 0.0) - one.energy_predicted_ev for one in chosen])
    atoms = np.array([one.atoms for one in chosen], dtype=float)
    fit = fit_shifts([one.composition for one in chosen], differences)
    own = blocks[kept]
    enough = len(kept) >= FRAMES_PER_SHIFT * fit.rank
    residuals = fit.residuals_ev_per_atom
    return EnergyErrors(
        mae=_mean(np.abs(residuals), own, source) if enough else None,
        rmse=float(np.sqrt(np.mean(residuals**2))) if enough else None,
        unshifted_mae=_mean(np.abs(differences) / atoms, own, source),
        fit=fit,
    )


def _mean(values: NDArray[np.float64], blocks: NDArray[np.int64], source: str) -> Estimate:
    return bootstrapped(np.column_stack([values, np.ones(len(values))]), blocks, source=source)
