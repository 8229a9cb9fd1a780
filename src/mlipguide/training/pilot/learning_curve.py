"""The error of a potential against the number of frames: error(n) = a + b n^(-c), with what is known of a, b and c.

The form is that of C. Cortes et al., Adv. Neural Inf. Process. Syst. 6, 327 (1993); which forms fit, and how rarely
well enough to extrapolate far, is reviewed by T. Viering and M. Loog, IEEE Trans. Pattern Anal. Mach. Intell. 45, 7799
(2023), doi:10.1109/TPAMI.2022.3220744.

Three to twenty fits do not determine three numbers, so they are not fitted but weighed: a grid of floors (a as a share
of the error at the largest subset, uniform in 0 to 1) and exponents (uniform in 0 to 1.5), with the scale integrated
out, which a flat prior on its logarithm allows in closed form. Errors scatter by a factor whose spread falls as n^(-g),
g = 0 or 1/2. Fits of one repeat learn from nested subsets, so their scatter may be that of means over the first frames
of one sequence, with the correlation sqrt(n / m) for n < m, or none: both are weighed. Predictions are quantiles of
draws from what remains likely. Beyond the data the form itself is in doubt, which ``DRIFT`` adds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError

FLOORS = np.linspace(0.0, 0.98, 25)
EXPONENTS = np.linspace(0.05, 1.5, 30)
SPREADS = np.geomspace(0.005, 0.6, 24)
USUAL_SPREAD, SPREAD_REACH = 0.05, 1.0
"""Prior of the scatter of one fit at the largest subset: log-normal around 5 %, a factor of e to either side."""
FALLS = (0.0, 0.5)
CORRELATED = (False, True)
DRIFT = 0.03
"""Standard deviation of the logarithm of the error for each factor of e in frames beyond the data, for curves that
are no power law (a judgement: 2 % for a doubling, 4 % at the furthest)."""
NUGGET = 0.02
"""Share of the scatter that fits of one repeat do not have in common, at the least: training has chance of its own."""
REACH = 4.0
"""How far beyond the largest subset the curve is believed, as a factor."""
EVER = 100.0
"""Times the data beyond which a target counts as out of reach: a slow power law gets anywhere in the end, but nobody
labels for it (a judgement)."""
FEWEST_SIZES = 3
DRAWS = 8000
SEED = 20261125
INTERVAL = (0.05, 0.5, 0.95)
CERTAIN = 0.95
"""Probability from which "it will not reach the target" is said."""


@dataclass(frozen=True)
class CurveDatum:
    """One fit.

    Attributes:
        frames: That it learned from.
        error: On the test frames, positive, in any unit.
        repeat: Fits of one repeat learned from nested subsets.
    """

    frames: int
    error: float
    repeat: int = 0


@dataclass(frozen=True)
class Range:
    """A median with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Need:
    """Frames that a target takes.

    Attributes:
        frames: With interval; None when the middle lies beyond what the curve is believed for, or the target is never
            reached. The upper end is infinite where the target may be out of reach altogether.
        probability: Of reaching the target with ``REACH`` times the data at most.
        probability_reachable: Of reaching it with ``EVER`` times the data, if the form held that far.
        low: Fewest frames that it may take; None if it is certain to fail.
    """

    frames: Range | None
    probability: float
    probability_reachable: float
    low: float | None


@dataclass(frozen=True, eq=False)
class FittedCurve:
    """Draws of curves that agree with the fits.

    Attributes:
        smallest: Smallest subset.
        largest: Largest subset.
        floors: Share of the error at ``largest`` that no data removes, shape (draws,).
        exponents: Shape (draws,).
        logarithms: Logarithm of the mean error at ``largest``, shape (draws,).
        spreads: Standard deviation of the logarithm of one fit's error at ``largest``, shape (draws,).
        falls: Exponent with which that falls with n, shape (draws,).
    """

    smallest: int
    largest: int
    floors: NDArray[np.float64]
    exponents: NDArray[np.float64]
    logarithms: NDArray[np.float64]
    spreads: NDArray[np.float64]
    falls: NDArray[np.float64]

    @property
    def farthest(self) -> int:
        """Number of frames up to which the curve is believed."""
        return math.floor(REACH * self.largest)

    @property
    def floor(self) -> Range:
        """The error that remains with any number of frames, if the form holds that far."""
        return _range(self.floors * np.exp(self.logarithms))

    @property
    def scale(self) -> Range:
        """b, so that the error is a + b n^(-c)."""
        return _range((1 - self.floors) * np.exp(self.logarithms) * self.largest**self.exponents)

    @property
    def exponent(self) -> Range:
        """Exponent c of error(n) = a + b n^(-c)."""
        return _range(self.exponents)

    def mean_at(self, frames: int) -> Range:
        """Return the error that a fit with ``frames`` frames has on average.

        Raises:
            InputError: ``frames`` is more than the curve is believed for.
        """
        return _range(np.exp(self._logarithm(frames)))

    def fit_at(self, frames: int) -> Range:
        """Return the error that the next fit with ``frames`` frames will have.

        Raises:
            InputError: ``frames`` is more than the curve is believed for.
        """
        scatter = self.spreads * (frames / self.largest) ** (-self.falls)
        return _range(np.exp(self._logarithm(frames) + scatter * self._normal[0]))

    def need(self, target: float) -> Need:
        """Return the frames with which the mean error falls to ``target``."""
        share = target / np.exp(self.logarithms)
        with np.errstate(divide="ignore", invalid="ignore"):
            frames = self.largest * ((1 - self.floors) / (share - self.floors)) ** (1 / self.exponents)
        frames = np.where(share > self.floors, frames, np.inf)
        with np.errstate(invalid="ignore", over="ignore"):  # the drift moves the crossing along the curve's slope
            slope = self.exponents * np.clip(1 - self.floors / share, 1e-3, 1.0)
            beyond = np.log(np.maximum(frames / self.largest, 1.0))
            frames = np.where(
                np.isfinite(frames), frames * np.exp(DRIFT * np.minimum(beyond, 3.0) * self._normal[1] / slope), np.inf
            )
        low, middle, high = (float(end) for end in np.quantile(frames, INTERVAL, method="nearest"))
        return Need(
            frames=Range(middle, low, high) if middle <= REACH * self.largest else None,
            probability=float((frames <= REACH * self.largest).mean()),
            probability_reachable=float((frames <= EVER * self.largest).mean()),
            low=low if math.isfinite(low) else None,
        )

    @cached_property
    def _normal(self) -> NDArray[np.float64]:
        return np.random.default_rng(SEED + 1).standard_normal((2, len(self.floors)))

    def _logarithm(self, frames: int) -> NDArray[np.float64]:
        if frames > self.farthest:
            raise InputError(
                f"An error with {frames:,} frames is not predicted from fits with {self.largest:,} at most.",
                hint=f"Label more: the curve is believed up to {REACH:g} times the data, {self.farthest:,} frames.",
            )
        shape = np.log(self.floors + (1 - self.floors) * (frames / self.largest) ** (-self.exponents))
        drift = DRIFT * math.log(max(1.0, frames / self.largest)) * self._normal[1]
        return np.asarray(self.logarithms + shape + drift)


def fit_curve(data: Sequence[CurveDatum]) -> FittedCurve | None:
    """Weigh the curves that may lie behind the errors of fits.

    Args:
        data: Fits of one model with different numbers of frames.

    Returns:
        None from fewer than three numbers of frames.
    """
    sizes = {one.frames for one in data}
    if len(sizes) < FEWEST_SIZES:
        return None
    largest = max(sizes)
    ratios = np.array([one.frames / largest for one in data])
    logarithms = np.log([one.error for one in data])
    floors, exponents = (grid.ravel() for grid in np.meshgrid(FLOORS, EXPONENTS, indexing="ij"))
    shapes = np.log(floors[:, None] + (1 - floors[:, None]) * ratios[None, :] ** (-exponents[:, None]))
    prior = -0.5 * (np.log(SPREADS / USUAL_SPREAD) / SPREAD_REACH) ** 2
    cases = [(fall, correlated) for fall in FALLS for correlated in CORRELATED]
    scores, centres, precisions = [], [], []
    for fall, correlated in cases:
        root = np.linalg.cholesky(_covariance(data, ratios, fall=fall, correlated=correlated))
        unit = np.linalg.solve(root, np.ones(len(data)))
        rest = np.linalg.solve(root, (logarithms - shapes).T).T
        precision = float(unit @ unit)
        centre = rest @ unit / precision
        squares = (rest**2).sum(axis=1) - precision * centre**2
        constant = -float(np.log(np.diag(root)).sum()) - 0.5 * math.log(precision)
        scores.append(
            constant + prior - (len(data) - 1) * np.log(SPREADS) - np.maximum(squares, 0.0)[:, None] / (2 * SPREADS**2)
        )
        centres.append(centre)
        precisions.append(precision)
    weighed = _Weighed(np.array(scores), np.array(centres), np.array(precisions), floors, exponents)
    return _drawn(weighed, cases, sizes)


@dataclass(frozen=True, eq=False)
class _Weighed:
    """Logarithms of weights of shape (cases, shapes, spreads), and what the shapes are."""

    scores: NDArray[np.float64]
    centres: NDArray[np.float64]
    precisions: NDArray[np.float64]
    floors: NDArray[np.float64]
    exponents: NDArray[np.float64]


def _drawn(weighed: _Weighed, cases: Sequence[tuple[float, bool]], sizes: set[int]) -> FittedCurve:
    random = np.random.default_rng(SEED)
    weights = np.exp(weighed.scores - weighed.scores.max())
    picked = random.choice(weights.size, size=DRAWS, p=weights.ravel() / weights.sum())
    case, shape, spread = np.unravel_index(picked, weights.shape)
    spreads = SPREADS[spread]
    scatter = spreads / np.sqrt(weighed.precisions[case])
    half = (FLOORS[1] - FLOORS[0]) / 2, (EXPONENTS[1] - EXPONENTS[0]) / 2  # a draw stands for its cell of the grid
    return FittedCurve(
        smallest=min(sizes),
        largest=max(sizes),
        floors=np.clip(weighed.floors[shape] + random.uniform(-half[0], half[0], DRAWS), 0.0, 0.99),
        exponents=weighed.exponents[shape] + random.uniform(-half[1], half[1], DRAWS),
        logarithms=weighed.centres[case, shape] + scatter * random.standard_normal(DRAWS),
        spreads=spreads,
        falls=np.array([fall for fall, _ in cases])[case],
    )


def _covariance(
    data: Sequence[CurveDatum], ratios: NDArray[np.float64], *, fall: float, correlated: bool
) -> NDArray[np.float64]:
    """Return the covariance of the logarithms of the errors, in units of the variance at the largest subset."""
    repeats = np.array([one.repeat for one in data])
    deviations = ratios ** (-fall)
    shared = np.eye(len(data))
    if correlated:
        smaller, larger = np.minimum.outer(ratios, ratios), np.maximum.outer(ratios, ratios)
        same = np.equal.outer(repeats, repeats)
        shared = (1 - NUGGET) * np.where(same, np.sqrt(smaller / larger), 0.0) + NUGGET * shared
    return np.asarray(shared * np.outer(deviations, deviations))


def _range(draws: NDArray[np.float64]) -> Range:
    low, middle, high = (float(end) for end in np.quantile(draws, INTERVAL))
    return Range(middle, low, high)
