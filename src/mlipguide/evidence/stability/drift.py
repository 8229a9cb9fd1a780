"""Drift of the energy of a run at constant energy, told apart from the oscillation that the integrator causes.

Velocity Verlet does not conserve the energy H but, to fourth order in the step dt, the shadow energy

    S = H - dt^2 / 12 sum v . dF/dt - dt^2 / 24 sum F^2 / m

(E. Hairer, C. Lubich, G. Wanner, Acta Numerica 12, 399 (2003), doi:10.1017/S0962492902000144; used to monitor drift
by R. D. Engle, R. D. Skeel, M. Drees, J. Comput. Phys. 206, 432 (2005), doi:10.1016/j.jcp.2004.12.009). What S gains or
loses is a true drift, and because S hardly oscillates, short runs show it. dF/dt is taken from the forces one step
before and after. H itself deviates in proportion to dt^2 when the forces are the gradient of an energy (P. T. Merz,
M. R. Shirts, PLoS ONE 13, e0202764 (2018), doi:10.1371/journal.pone.0202764).

The error of a slope counts samples that depend on each other once: the variance is multiplied by the statistical
inefficiency of the residuals about the line (:mod:`mlipguide.stats.autocorrelation`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.units import EV_PER_DALTON_ANGSTROM2_FS2
from mlipguide.records.accuracy.stability import DriftCause
from mlipguide.sessions.interface import Snapshot
from mlipguide.stats.autocorrelation import statistical_inefficiency
from mlipguide.stats.bursts import NORMAL_90

FEWEST_SAMPLES = 8
DETRENDED = 0.85
"""What taking off a line leaves of the mean square difference of a random walk over an eighth of its length (drawn)."""
SAME_DRIFT = 0.7
"""Of an error in proportion to the step half the step leaves a half, of one that does not depend on it all."""


@dataclass(frozen=True)
class Energies:
    """Energies of consecutive steps.

    Attributes:
        times_fs: Shape (n,).
        total_ev: Potential and kinetic energy, shape (n,).
        shadow_ev: Shadow energy, shape (n,), NaN at both ends.
        kinetic_ev: Shape (n,).
    """

    times_fs: NDArray[np.float64]
    total_ev: NDArray[np.float64]
    shadow_ev: NDArray[np.float64]
    kinetic_ev: NDArray[np.float64]


@dataclass(frozen=True)
class Slope:
    """A slope per unit of x, and half its 90 % interval."""

    value: float
    half_width: float


def energies_of(snapshots: Sequence[Snapshot], masses: NDArray[np.float64], timestep_fs: float) -> Energies:
    """Return the energies of a run of which every step is known.

    Args:
        snapshots: One for each step.
        masses: Shape (atoms,), Da.
        timestep_fs: Integration step.

    Raises:
        ValueError: Steps are missing.
    """
    steps = np.array([one.step for one in snapshots])
    if len(steps) > 1 and not (np.diff(steps) == 1).all():
        raise ValueError("the shadow energy needs every step")
    kinetic = np.array([one.kinetic_ev for one in snapshots])
    total = np.array([one.energy_ev for one in snapshots]) + kinetic
    shadow = np.full_like(total, np.nan)
    if len(snapshots) > 2:  # noqa: PLR2004  # a central difference
        forces = np.stack([one.forces_ev_per_angstrom for one in snapshots])
        velocities = np.stack([one.velocities_angstrom_per_fs for one in snapshots])
        power = np.einsum("nij,nij->n", velocities[1:-1], forces[2:] - forces[:-2]) / (2 * timestep_fs)
        squares = np.einsum("nij,nij,i->n", forces[1:-1], forces[1:-1], 1 / masses) / EV_PER_DALTON_ANGSTROM2_FS2
        shadow[1:-1] = total[1:-1] - timestep_fs**2 * (power / 12 + squares / 24)
    return Energies(steps * timestep_fs, total, shadow, kinetic)


def linear_drift(x: NDArray[np.float64], y: NDArray[np.float64]) -> Slope | None:
    """Return the slope of a series by least squares; None for fewer than 8 finite samples."""
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if len(y) < FEWEST_SAMPLES:
        return None
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread
    residuals = y - y.mean() - slope * centred
    variance = float(residuals @ residuals) / (len(y) - 2)
    error = math.sqrt(variance / spread * statistical_inefficiency(residuals, trend=True))
    return Slope(slope, NORMAL_90 * max(error, _wandering_error(residuals) / float(np.diff(x).mean())))


def _wandering_error(residuals: NDArray[np.float64]) -> float:
    """Return the standard error of the slope per sample where residuals wander; 0 where they come back.

    Noise in the forces makes the energy a random walk, whose autocorrelations end nowhere. Over lags from a 32nd to
    an eighth of the series the mean square difference of a walk grows fourfold, of a stationary series not at all. A
    line through n points of a walk with steps of variance q has a slope of variance 6 q / 5 n.
    """
    number = len(residuals)
    near, far = max(1, number // 32), max(2, number // 8)
    square_near, square_far = (float(np.mean((residuals[lag:] - residuals[:-lag]) ** 2)) for lag in (near, far))
    if square_far <= math.sqrt(far / near) * square_near:
        return 0.0
    # What is left of a walk after a line was taken off wanders less: over an eighth of it by about this much.
    return math.sqrt(6 / 5 * square_far / (far * DETRENDED) / number)


def fluctuation_ratio(energies: Energies) -> float | None:
    """Return the spread of the total energy, its drift taken off, over that of the kinetic energy; None without one."""
    spread = float(np.std(energies.kinetic_ev))
    if len(energies.total_ev) < FEWEST_SAMPLES or spread == 0:
        return None
    return fluctuation_ev(energies) / spread


def fluctuation_ev(energies: Energies) -> float:
    """Return the standard deviation of the total energy about the shadow energy, and about its mean there."""
    deviation = (energies.total_ev - energies.shadow_ev)[1:-1]
    return float(np.std(deviation))


def scaling_exponent(ratios: Sequence[tuple[float, float]]) -> float | None:
    """Return the exponent with which fluctuations grow with the step, from (step, fluctuation); None without two."""
    known = [(step, value) for step, value in ratios if value > 0]
    if len(known) < 2:  # noqa: PLR2004  # a line has two points
        return None
    logs = np.log(np.array(known))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def unconserved_ev(energies: Energies) -> float:
    """Return the standard deviation of the shadow energy: what comes and goes, and is not the integrator's."""
    return float(np.nanstd(energies.shadow_ev))


def cause_of(unconserved: float, at_half: float | None) -> DriftCause:
    """Return where changes of the shadow energy come from, seen by what half the step leaves of them.

    The integrator's error falls at least in proportion to the step; what forces that are no gradient pump in and out
    does not depend on it.

    Args:
        unconserved: Standard deviation of the shadow energy at some step.
        at_half: At half of it, from the same start and for the same time; None where that run broke.
    """
    if at_half is None or unconserved <= 0:
        return DriftCause.UNCLEAR
    return DriftCause.FORCES if at_half / unconserved > SAME_DRIFT else DriftCause.TIME_STEP
