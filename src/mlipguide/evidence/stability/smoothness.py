"""Jumps of the energy and of the force along a scan.

Between two neighbouring points the energy should change by what the forces do on the way. With the force and its
slopes (central differences) at both ends, the integral is known to fourth order in the distance,

    E2 - E1 = -h / 2 (F1 + F2) + h^2 / 12 (F2' - F1'),

and what is left is a jump of the energy, beside the error of the formula, which changes slowly. A jump of the force
stands out of its own second differences likewise. Both are measured against their neighbours on either side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_POINTS = 9
NEIGHBOURS = 2


@dataclass(frozen=True)
class Jump:
    """The largest jump of a scan.

    Attributes:
        size: eV, or eV/Å for a jump of the force; without sign.
        at_angstrom: Where.
        background: Root mean square of all others: rounding and the formula's error.
    """

    size: float
    at_angstrom: float
    background: float


def energy_jump(s_angstrom: NDArray[np.float64], energy_ev: NDArray[np.float64], force: NDArray[np.float64]) -> Jump:
    """Return the largest jump of the energy.

    Args:
        s_angstrom: Equally spaced places, at least 9.
        energy_ev: There.
        force: Along the scan, eV/Å.

    Raises:
        ValueError: Fewer points.
    """
    _require_points(s_angstrom)
    width = float(s_angstrom[1] - s_angstrom[0])
    slopes = np.gradient(force, width, edge_order=2)
    work = -width / 2 * (force[:-1] + force[1:]) + width**2 / 12 * np.diff(slopes)
    unexplained = np.diff(energy_ev) - work
    return _largest(unexplained, (s_angstrom[:-1] + s_angstrom[1:]) / 2)


def force_jump(s_angstrom: NDArray[np.float64], force: NDArray[np.float64]) -> Jump:
    """Return the largest jump of the force: of each difference to the next, what its neighbours do not explain.

    Raises:
        ValueError: Fewer than 9 points.
    """
    _require_points(s_angstrom)
    return _largest(np.diff(force), (s_angstrom[:-1] + s_angstrom[1:]) / 2)


def _require_points(s_angstrom: NDArray[np.float64]) -> None:
    if len(s_angstrom) < FEWEST_POINTS:
        raise ValueError(f"a scan of {len(s_angstrom)} points cannot show a jump")


def _largest(values: NDArray[np.float64], places: NDArray[np.float64]) -> Jump:
    """Return the value that is furthest from the cubic through its two neighbours on either side."""
    inner = np.arange(NEIGHBOURS, len(values) - NEIGHBOURS)
    expected = (-values[inner - 2] + 4 * values[inner - 1] + 4 * values[inner + 1] - values[inner + 2]) / 6
    left = np.abs(values[inner] - expected)
    worst = int(np.argmax(left))
    others = np.delete(left, range(max(0, worst - NEIGHBOURS), min(len(left), worst + NEIGHBOURS + 1)))
    background = float(np.sqrt(np.mean(others**2))) if len(others) else 0.0
    return Jump(float(left[worst]), float(places[inner[worst]]), background)
