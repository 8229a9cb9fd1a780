"""The step time that several bursts tell together, and how certain it is.

Bursts of one size differ by more than the steps within each tell: a machine changes its speed within seconds, and is in
another state on another day. Of k bursts of one size with logarithms y_i and standard errors s_i, the variance between
bursts is the moment estimate

    t^2 = max(0, sum (Q - (k - 1)) / sum (S1 - S2 / S1)),    Q = sum (y_i - y)^2 / s_i^2,    Sn = sum s_i^(-2n),

with y the mean weighted by 1 / s_i^2 (R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986),
doi:10.1016/0197-2456(86)90046-2), here summed over sizes, because few sizes have many bursts. Few bursts in all leave t
badly known, so it is averaged with what is expected of a machine, weighted by the number of comparisons, and widened
by the quantile of Student's t for as many degrees of freedom as comparisons and expectation are worth together. It is
added to the variance of every burst, also of one that stands alone; bursts are averaged with the inverse of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mlipguide.stats.centres import centre_of

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
EXPECTATION_WEIGHT = 4.0
"""As many comparisons of bursts this expectation is worth."""


@dataclass(frozen=True)
class BurstTiming:
    """The logarithm of a step time in seconds, and how certain it is.

    Attributes:
        logarithm: Natural, of seconds.
        error: So that 1.645 of it reach to the end of the 90 % interval: of few steps, whose own spread is badly known,
            it is more than the standard error.
        standard_error: What bursts differ by for no other reason than their few steps; None where it is ``error``.
    """

    logarithm: float
    error: float
    standard_error: float | None = None

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
    width = centre.relative_half_width
    reach = LONE_SAMPLE_ERROR if width is None else width / NORMAL_90
    own = LONE_SAMPLE_ERROR if centre.error is None else centre.error / centre.value
    error, standard_error = (max(SMALLEST_ERROR, math.hypot(sampling, added_error)) for sampling in (reach, own))
    return BurstTiming(math.log(centre.value), error, standard_error)


def variance_between(groups: Sequence[Sequence[BurstTiming]]) -> float:
    """Return the variance of logarithms between bursts, so that 1.645 of its root reach to the end of 90 % intervals.

    Args:
        groups: The bursts of each size.
    """
    excess = reach = 0.0
    comparisons = 0
    for bursts in groups:
        values = np.array([burst.logarithm for burst in bursts])
        errors = np.array([burst.error if burst.standard_error is None else burst.standard_error for burst in bursts])
        comparable = errors <= DISTURBED * errors.min()
        if comparable.sum() > 1:
            values, weights = values[comparable], errors[comparable] ** -2.0
            mean = values @ weights / weights.sum()
            excess += float(weights @ (values - mean) ** 2) - (len(values) - 1)
            reach += float(weights.sum() - (weights**2).sum() / weights.sum())
            comparisons += len(values) - 1
    found = max(0.0, excess / reach) if reach else 0.0
    freedom = comparisons + EXPECTATION_WEIGHT
    variance = (comparisons * found + EXPECTATION_WEIGHT * EXPECTED_SPREAD**2) / freedom
    return variance * float(stdtrit(freedom, 0.95) / NORMAL_90) ** 2


def average(bursts: Sequence[BurstTiming], between: float) -> BurstTiming:
    """Return what bursts of one size tell together.

    Args:
        bursts: At least one.
        between: The variance between bursts.
    """
    weights = np.array([1 / (burst.error**2 + between) for burst in bursts])
    logarithms = np.array([burst.logarithm for burst in bursts])
    error = max(SMALLEST_ERROR, 1 / math.sqrt(float(weights.sum())))
    return BurstTiming(float(logarithms @ weights / weights.sum()), error)
