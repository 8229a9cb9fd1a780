"""Energy against volume: one minimum, where it is, and how stiff it is.

The curve of F. Birch (Phys. Rev. 71, 809 (1947), doi:10.1103/PhysRev.71.809) to third order in the finite strain is a
cubic in x = V^(-2/3), fitted by linear least squares. At its minimum B = V d2E/dV2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.units import GPA_PER_EV_ANGSTROM3

CUBIC = 3


@dataclass(frozen=True)
class EquationOfState:
    """A fitted equation of state.

    Attributes:
        volume_angstrom3: At the minimum; None when there is none within the scan.
        bulk_modulus_gpa: There; None likewise.
        residual_ev: Root mean square distance of the energies from the curve.
        minima: Lowest points of the scan with higher ones on both sides, ripples below ``ripple_ev`` left out.
    """

    volume_angstrom3: float | None
    bulk_modulus_gpa: float | None
    residual_ev: float
    minima: int


def fit(
    volumes_angstrom3: NDArray[np.float64], energies_ev: NDArray[np.float64], *, ripple_ev: float = 1e-5
) -> EquationOfState:
    """Fit energies against volumes.

    Args:
        volumes_angstrom3: Ascending, at least 5.
        energies_ev: Of the same cell.
        ripple_ev: Dips no deeper than this are rounding.

    Raises:
        ValueError: Fewer than five volumes.
    """
    if len(volumes_angstrom3) <= CUBIC + 1:
        raise ValueError("an equation of state needs at least five volumes")
    middle = float(volumes_angstrom3.mean())
    x = (volumes_angstrom3 / middle) ** (-2 / 3)
    coefficients = np.polyfit(x - 1, energies_ev, CUBIC)
    residuals = energies_ev - np.polyval(coefficients, x - 1)
    slope = np.polyder(coefficients)
    curvature = np.polyder(slope)
    volume = modulus = None
    for root in np.roots(slope):
        place = float(root.real)
        inside = x.min() - 1 <= place <= x.max() - 1
        if abs(root.imag) < 1e-12 and inside and np.polyval(curvature, place) > 0:  # noqa: PLR2004  # rounding
            volume = middle * (1 + place) ** -1.5
            # dE/dx = 0 there, so that V E_VV = E_xx (dx/dV)^2 V with dx/dV = -2/3 x / V.
            stiffness = float(np.polyval(curvature, place)) * (2 / 3 * (1 + place)) ** 2 / volume
            modulus = stiffness * GPA_PER_EV_ANGSTROM3
    return EquationOfState(
        volume_angstrom3=volume,
        bulk_modulus_gpa=modulus,
        residual_ev=float(np.sqrt(np.mean(residuals**2))),
        minima=count_minima(energies_ev, ripple_ev),
    )


def count_minima(energies_ev: NDArray[np.float64], ripple_ev: float) -> int:
    """Return the number of minima that stand between rises of more than ``ripple_ev``."""
    minima, lowest, highest, falling = 0, float(energies_ev[0]), float(energies_ev[0]), None
    for energy in energies_ev[1:]:
        if falling is not False and energy > lowest + ripple_ev:
            minima += falling is True
            falling, highest = False, float(energy)
        elif falling is not True and energy < highest - ripple_ev:
            falling, lowest = True, float(energy)
        lowest, highest = min(lowest, float(energy)), max(highest, float(energy))
    return minima
