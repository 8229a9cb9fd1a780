"""Are forces the gradient of the energy? Slopes along lines, and the work around closed loops.

Along a line through a configuration, a polynomial through the energies gives the slope dE/ds, with an error from its
residuals, which hold the rounding of the energy. It should be minus the force along the line. Around a closed loop the
work of the gradient of an energy is 0, whatever the energy says; for forces with a curl it is the curl's flux through
the loop (Stokes). Equally spaced points integrate a smooth periodic function to far better than any power of their
distance (L. N. Trefethen, J. A. C. Weideman, SIAM Rev. 56, 385 (2014), doi:10.1137/130932132), so a dozen do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.stats.bursts import NORMAL_90

DEGREE = 4
FEWEST_DEGREES_OF_FREEDOM = 1


@dataclass(frozen=True)
class LineSlope:
    """Slope of the energy along a line, and the force along it.

    Attributes:
        slope_ev_per_angstrom: From energies.
        half_width: Of its 90 % interval, eV/Å.
        force_ev_per_angstrom: Along the line, at the same point.
    """

    slope_ev_per_angstrom: float
    half_width: float
    force_ev_per_angstrom: float

    @property
    def mismatch(self) -> float:
        """What the force lacks of minus the slope, eV/Å."""
        return self.force_ev_per_angstrom + self.slope_ev_per_angstrom


@dataclass(frozen=True)
class LoopWork:
    """Work of the forces around a closed loop.

    Attributes:
        work_ev: The integral of F . dr.
        half_width: How far it can be trusted, eV.
        moved_ev: The integral of |F . dr|: what was given and taken on the way.
    """

    work_ev: float
    half_width: float
    moved_ev: float


@dataclass(frozen=True)
class Mismatch:
    """A share in percent and half its 90 % interval."""

    percent: float
    half_width: float


def directions(atoms: int, count: int, *, seed: int) -> NDArray[np.float64]:
    """Return orthonormal random directions in the space of all coordinates, without a shift of the whole.

    Args:
        atoms: Number of atoms.
        count: Wanted; no more than there are coordinates left.
        seed: Of the random numbers.

    Returns:
        Shape (count, atoms, 3), each of length 1.
    """
    generator = np.random.default_rng(seed)
    drawn = generator.standard_normal((count, atoms, 3))
    if atoms > 1:
        drawn -= drawn.mean(axis=1, keepdims=True)
    freedom = 3 * (atoms - 1) if atoms > 1 else 3
    basis = np.linalg.qr(drawn.reshape(count, -1)[: min(count, freedom)].T)[0].T
    found: NDArray[np.float64] = basis.reshape(-1, atoms, 3)
    return found


def line_slope(s_angstrom: NDArray[np.float64], energies_ev: NDArray[np.float64], force: float) -> LineSlope:
    """Return the slope at the middle of a line.

    Args:
        s_angstrom: Places on the line, symmetric about 0, at least 6.
        energies_ev: There.
        force: Along the line at 0, eV/Å.
    """
    scale = float(np.abs(s_angstrom).max())
    powers = np.vander(s_angstrom / scale, DEGREE + 1, increasing=True)
    origin = energies_ev.mean()
    coefficients = np.linalg.lstsq(powers, energies_ev - origin, rcond=None)[0]
    residuals = energies_ev - origin - powers @ coefficients
    freedom = max(FEWEST_DEGREES_OF_FREEDOM, len(s_angstrom) - DEGREE - 1)
    variance = float(residuals @ residuals) / freedom
    covariance = np.linalg.inv(powers.T @ powers) * variance
    return LineSlope(float(coefficients[1]) / scale, NORMAL_90 * math.sqrt(covariance[1, 1]) / scale, force)


def loop_points(
    first: NDArray[np.float64], second: NDArray[np.float64], radius: float, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return displacements on a circle in the plane of two orthonormal directions, and the step of the path at each.

    Returns:
        Displacements and dr/dt for t from 0 to 2 pi, both of shape (count, atoms, 3).
    """
    angles = 2 * np.pi * np.arange(count) / count
    cos, sin = (function(angles)[:, None, None] for function in (np.cos, np.sin))
    return radius * (first * cos + second * sin), radius * (second * cos - first * sin)


def loop_work(forces: NDArray[np.float64], tangents: NDArray[np.float64]) -> LoopWork:
    """Return the work around a loop; how far it can be trusted is seen by leaving every other point out.

    Args:
        forces: At an even number of equally spaced points, shape (count, atoms, 3).
        tangents: dr/dt there, for t from 0 to 2 pi.
    """
    power = np.einsum("nij,nij->n", forces, tangents)
    width = 2 * np.pi / len(power)
    work = float(power.sum() * width)
    # The thinned sum is as wrong as the root of what all points leave: its difference is far on the safe side.
    thinned = float(power[::2].sum() * 2 * width)
    moved = float(np.abs(power).sum() * width)
    trusted = abs(thinned - work) ** 2 / max(moved, 1e-300)
    return LoopWork(work, trusted, moved)


def gradient_mismatch(slopes: Sequence[LineSlope], rms_force: float) -> Mismatch | None:
    """Return the root mean square mismatch in percent of the rms force component; None without a force."""
    if not slopes or rms_force <= 0:
        return None
    mean_square = float(np.mean([one.mismatch**2 for one in slopes]))
    noise = float(np.sqrt(np.mean([one.half_width**2 for one in slopes])))
    return Mismatch(100 * math.sqrt(mean_square) / rms_force, 100 * noise / rms_force)


def loop_share(loops: Sequence[LoopWork]) -> Mismatch | None:
    """Return what is not given back, in percent of what was moved; None where nothing was."""
    moved = math.sqrt(sum(one.moved_ev**2 for one in loops))
    if not loops or moved <= 0:
        return None
    return Mismatch(
        100 * math.sqrt(sum(one.work_ev**2 for one in loops)) / moved,
        100 * math.sqrt(sum(one.half_width**2 for one in loops)) / moved,
    )
