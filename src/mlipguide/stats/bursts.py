"""The step time that several bursts tell together, and how certain it is.

Bursts of one size differ by more than the steps within each tell: a machine changes its speed within seconds, and is in
another state on another day. Of k bursts of one size with logarithms y_i and standard errors s_i, the variance between
bursts is the moment estimate

    t^2 = max(0, sum (Q - (k - 1)) / sum (S1 - S2 / S1)),    Q = sum (y_i - y)^2 / s_i^2,    Sn = sum s_i^(-2n),

with y the mean weighted by 1 / s_i^2 (R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986),
doi:10.1016/0197-2456(86)90046-2), here summed over sizes, because few sizes have many bursts. Few bursts in all leave t
badly known, so it is averaged with what is expected of a machine, weighted by the number of comparisons. It is added to
the variance of every burst, also of one that stands alone, and bursts are averaged with the inverse of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mlipguide.stats.centres import CONFIDENCE, centre_of

NORMAL_90 = 1.6448536269514722
"""Half the 90 % interval of a normal distribution, in standard errors."""
SMALLEST_ERROR = 0.01
"""No time is trusted to better than 1 %: clocks and neighbours on the machine drift by that much."""
LONE_SAMPLE_ERROR = 0.2
"""Relative standard error of a step that was timed once: its spread is unknown, seen to be of this order."""
DISTURBED = 3.0
"""How many times less certain than the best burst of its size one is that tells nothing of the variance."""
EXPECTED_SPREAD = 0.04
"""Standard deviation of the logarithm of a burst's centre over bursts of one size, before any were compared: on two
cores of a virtual machine, bursts of SevenNet-0 differed by 2 to 10 % with next to no steal and no other load."""
EXPECTATION_WEIGHT = 2.0
"""As many comparisons of bursts this expectation is worth."""
SMALLEST_SHARE = 0.01
"""Of the variance: where what is between bursts is less, how well it is known does not matter."""


@dataclass(frozen=True)
class Variation:
    """How much bursts of one size differ.

    Attributes:
        variance: Of their logarithms.
        freedom: As many comparisons it is known from.
    """

    variance: float
    freedom: float = math.inf


@dataclass(frozen=True)
class BurstTiming:
    """The logarithm of a step time in seconds, and its standard error."""

    logarithm: float
    error: float

    @property
    def relative_half_width(self) -> float:
        """Half the 90 % interval, relative to the time."""
        return math.expm1(NORMAL_90 * self.error)


def timing_of(wall_s: Sequence[float], *, added_error: float = 0.0) -> BurstTiming:
    """Return what one burst tells.

    Args:
        wall_s: Consecutive step times in seconds, at least one.
        added_error: Relative standard error that its steps do not show.
    """
    centre = centre_of(wall_s)
    sampling = LONE_SAMPLE_ERROR if centre.error is None else centre.error / centre.value
    return BurstTiming(math.log(centre.value), max(SMALLEST_ERROR, math.hypot(sampling, added_error)))


def variation_between(groups: Sequence[Sequence[BurstTiming]]) -> Variation:
    """Return how much the logarithms of bursts of one size differ.

    Args:
        groups: The bursts of each size.
    """
    excess = reach = 0.0
    comparisons = 0
    for bursts in groups:
        values, errors = np.array([(burst.logarithm, burst.error) for burst in bursts]).T
        comparable = errors <= DISTURBED * errors.min()
        if comparable.sum() > 1:
            values, weights = values[comparable], errors[comparable] ** -2.0
            mean = values @ weights / weights.sum()
            excess += float(weights @ (values - mean) ** 2) - (len(values) - 1)
            reach += float(weights.sum() - (weights**2).sum() / weights.sum())
            comparisons += len(values) - 1
    found = max(0.0, excess / reach) if reach else 0.0
    freedom = comparisons + EXPECTATION_WEIGHT
    return Variation((comparisons * found + EXPECTATION_WEIGHT * EXPECTED_SPREAD**2) / freedom, freedom)


def average(bursts: Sequence[BurstTiming], between: Variation) -> BurstTiming:
    """Return what bursts of one size tell together.

    The error is stated so that 1.645 of it reach to the end of the 90 % interval, whose quantile is Student's t: the
    variance between bursts is itself only known as well as its comparisons are many.

    Args:
        bursts: At least one.
        between: How much bursts of one size differ.
    """
    variances = np.array([burst.error**2 + between.variance for burst in bursts])
    weights = 1 / variances
    logarithms = np.array([burst.logarithm for burst in bursts])
    share = between.variance * float(weights.mean())
    quantile = float(stdtrit(between.freedom / max(share, SMALLEST_SHARE) ** 2, 0.5 + CONFIDENCE / 2))
    error = max(SMALLEST_ERROR, quantile / NORMAL_90 / math.sqrt(float(weights.sum())))
    return BurstTiming(float(logarithms @ weights / weights.sum()), error)
