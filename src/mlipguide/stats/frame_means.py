"""Means over frames and their 90 % intervals: one rule for every error that is measured on labelled frames.

A figure over frames is a ratio of sums, R = sum a_i / sum b_i (absolute errors over components; energies over frames).
By linearisation its error is the sum of d_i = (a_i - R b_i) / sum b (W. G. Cochran, Sampling Techniques, 3rd ed., 1977,
ch. 6), and the variance of that sum is estimated twice; the wider interval counts:

* between runs: frames of one trajectory err together, so that of k runs only k sums are independent, with k - 1 degrees
  of freedom (k is (sum n)^2 / sum n^2 where runs differ in length);
* within runs: by the number of independent frames that each run is worth (see :mod:`mlipguide.stats.autocorrelation`).

Where one run holds nearly all frames nothing is known between runs, and the second alone is taken, from
``FEWEST_IN_ONE_RUN`` frames on. Groups are strata: how many frames each has is the user's choice and not chance, and
only deviations from a group's own mean count; a group too small to show its spread is put together with another. The
interval is that of Student's t, the degrees of freedom of strata combined after F. E. Satterthwaite (Biometrics Bull.
2, 110 (1946), doi:10.2307/3002019). What is positive has skewed errors, and its interval is that of the logarithm.

``benchmarks/coverage_errors.py`` measures how often the intervals hold the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.stats.autocorrelation import effective_size
from mlipguide.stats.centres import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FRAMES_CORRELATION = 0.6
"""What is expected of the correlation of neighbouring frames before any is seen. By trial the smallest number with
which the intervals of single runs of 10 to 150 frames hold the truth in 85 % of the cases, for correlations to 0.9."""
FEWEST_IN_ONE_RUN = 10
"""A run of fewer frames says so little of its own correlation that its interval would span a factor of ten or more."""
FEWEST_RUNS = 1.5
"""Runs, weighed by their length, from which on their spread is looked at: of two runs one holds at most 79 % then."""
FEWEST_FREEDOM = 1.0
LARGEST_LOGARITHM = 20.0


@dataclass(frozen=True)
class FrameGroups:
    """What is known of how frames depend on each other.

    Attributes:
        runs: Number of the trajectory of each frame; see ``structures.trajectories``.
        groups: Name of each frame's group; None where it has none.
    """

    runs: tuple[int, ...]
    groups: tuple[str | None, ...]

    def at(self, places: Sequence[int]) -> FrameGroups:
        """Return the same of some of the frames."""
        return FrameGroups(tuple(self.runs[place] for place in places), tuple(self.groups[place] for place in places))


@dataclass(frozen=True)
class FrameMean:
    """A mean over frames.

    Attributes:
        value: The mean.
        low: Lower end of the 90 % interval; None where there are too few independent frames to tell.
        high: Upper end; likewise.
        independent: Independent frames that the frames are worth.
    """

    value: float
    low: float | None
    high: float | None
    independent: float

    def rooted(self) -> FrameMean:
        """Return the root of this mean, of squares."""
        low, high = (None if end is None else math.sqrt(max(0.0, end)) for end in (self.low, self.high))
        return FrameMean(math.sqrt(self.value), low, high, self.independent)

    def estimate(self, source: str) -> Estimate:
        """Return this as a measured estimate."""
        return Estimate(value=self.value, low=self.low, high=self.high, basis=Basis.MEASURED, source=source)


@dataclass(frozen=True)
class _Spread:
    """Variance of a sum, and how many degrees of freedom it is known with."""

    variance: float
    freedom: float

    @property
    def half_width(self) -> float:
        return math.sqrt(self.variance) * float(stdtrit(self.freedom, 0.5 + CONFIDENCE / 2))


def mean_over(
    sums: Numbers, weights: Numbers, frames: FrameGroups, *, positive: bool = True, fitted: float = 0.0
) -> FrameMean:
    """Return the ratio of two sums over frames.

    Args:
        sums: Shape (frames,): what is summed up of each frame; the frames of a run in their order.
        weights: Shape (frames,): what it is divided by; positive.
        frames: How they depend on each other.
        positive: The figure cannot be negative.
        fitted: Number of parameters that were fitted to the same frames, each of which takes one independent frame.

    Raises:
        ValueError: There is no frame.
    """
    if len(sums) == 0:
        raise ValueError("a mean needs at least one frame")
    value = float(sums.sum() / weights.sum())
    strata = _strata(sums, weights, frames)
    alone = sum(float((part.shares**2).sum()) * len(part.shares) / max(1, len(part.shares) - 1) for part in strata)
    spread = _combined([part.spread for part in strata], fitted)
    if spread is None:
        return FrameMean(value, None, None, sum(part.independent for part in strata))
    independent = len(sums) if spread.variance == 0 else min(len(sums), len(sums) * alone / spread.variance)
    low, high = _interval(value, spread.half_width, positive=positive)
    return FrameMean(value, low, high, max(1.0, float(independent)))


def _interval(value: float, half: float, *, positive: bool) -> tuple[float, float]:
    if not positive or value <= 0:
        return value - half, value + half
    reach = math.exp(min(half / value, LARGEST_LOGARITHM))
    return value / reach, value * reach


@dataclass(frozen=True)
class _Stratum:
    """Frames of one group, or of several small ones.

    Attributes:
        shares: Shape (frames,): what each adds to the error of the figure.
        weights: Shape (frames,).
        runs: Shape (frames,).
    """

    shares: Numbers
    weights: Numbers
    runs: NDArray[np.int64]

    @property
    def members(self) -> list[NDArray[np.intp]]:
        """Places of the frames of each run, in their order."""
        return [np.flatnonzero(self.runs == run) for run in np.unique(self.runs)]

    @property
    def independent(self) -> float:
        """Independent frames by the correlations within runs."""
        return independent_frames(self.shares, self.runs.tolist())

    @property
    def spread(self) -> _Spread | None:
        """What is known of the sum of the shares; None where there are too few independent frames."""
        found = [one for one in (self._between_runs(), self._within_runs()) if one is not None]
        return max(found, key=lambda one: one.half_width, default=None)

    @property
    def _runs_worth(self) -> float:
        held = np.array([self.weights[places].sum() for places in self.members])
        if not 0 < held.max() < math.inf:
            return 0.0
        parts = held / held.max()  # squares of very small weights vanish
        return float(parts.sum() ** 2 / (parts**2).sum())

    def _between_runs(self) -> _Spread | None:
        worth = self._runs_worth
        if worth < FEWEST_RUNS:
            return None
        sums = np.array([self.shares[places].sum() for places in self.members])
        return _Spread(float((sums**2).sum()) * worth / (worth - 1), max(FEWEST_FREEDOM, worth - 1))

    def _within_runs(self) -> _Spread | None:
        members = self.members
        alone = self._runs_worth < FEWEST_RUNS
        if alone and max(map(len, members)) < FEWEST_IN_ONE_RUN:
            return None
        worth = [_worth(self.shares[places]) for places in members]
        total = sum(worth)
        if not alone and total < 1 + FEWEST_FREEDOM:
            return None
        scale = sum(len(places) ** 2 / one for places, one in zip(members, worth, strict=True))
        variance = float((self.shares**2).sum()) / (len(self.shares) - 1) * scale
        return _Spread(variance, max(FEWEST_FREEDOM, total - 1))


def independent_frames(errors: Numbers, runs: Sequence[int]) -> float:
    """Return the number of independent frames that frames are worth by the correlation of their errors within runs.

    Args:
        errors: Shape (frames,): of each frame, with or without sign.
        runs: Number of the trajectory of each frame.
    """
    numbers = np.array(runs, dtype=np.int64)
    return sum(_worth(errors[numbers == run]) for run in np.unique(numbers))


def _worth(shares: Numbers) -> float:
    return effective_size(shares, expected=FRAMES_CORRELATION)


def _strata(sums: Numbers, weights: Numbers, frames: FrameGroups) -> list[_Stratum]:
    """Return the groups, those too small to show a spread put together with the next smallest."""
    runs = np.array(frames.runs, dtype=np.int64)
    named: dict[str | None, list[int]] = {}
    for place, group in enumerate(frames.groups):
        named.setdefault(group, []).append(place)
    total = float(weights.sum())

    def stratum(places: list[int]) -> _Stratum:
        a, b = sums[places], weights[places]
        return _Stratum((a - a.sum() / b.sum() * b) / total, b, runs[places])

    parts = sorted(named.values(), key=len)
    found = [stratum(part) for part in parts]
    while len(parts) > 1 and (unknown := [place for place, one in enumerate(found) if one.spread is None]):
        small = unknown[0]
        other = 0 if small else 1
        joined = sorted([*parts[small], *parts[other]])
        parts = sorted([*(part for place, part in enumerate(parts) if place not in (small, other)), joined], key=len)
        found = [stratum(part) for part in parts]
    return found


def _combined(spreads: Sequence[_Spread | None], fitted: float) -> _Spread | None:
    known = [one for one in spreads if one is not None]
    if not known or len(known) < len(spreads):
        return None
    variance = sum(one.variance for one in known)
    below = sum(one.variance**2 / one.freedom for one in known)
    freedom = variance**2 / below if below > 0 else sum(one.freedom for one in known)
    left = freedom - fitted
    if left < FEWEST_FREEDOM:
        return None
    return _Spread(variance * (freedom + 1) / (left + 1), left)
