"""The centre of a set of step times and its 90 % interval.

The centre is the median, which an interruption by another tenant does not move. Its standard error is
sqrt(pi/2) s / sqrt(m) (normal limit), with s = 1.4826 MAD (P. J. Huber, Robust Statistics, 1981, ch. 5) and m
the effective number of independent samples. Of few samples the MAD says little (its efficiency is 37 %, and
it is biased low: P. J. Rousseeuw and C. Croux, J. Am. Stat. Assoc. 88, 1273 (1993),
doi:10.1080/01621459.1993.10476408), so there s is at least the standard deviation. The interval is widened to
hold the mean, which is what a long run pays.

m is by :mod:`mlipguide.stats.autocorrelation`, which expects little correlation of step times before it sees any, and
has no step at any number of samples: more samples make a narrower interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from mlipguide.stats.autocorrelation import FEWEST_INDEPENDENT, LITTLE_CORRELATION, effective_size

CONFIDENCE = 0.90
MAD_TO_SIGMA = 1.4826
MEDIAN_TO_MEAN_ERROR = math.sqrt(math.pi / 2)
FEW_SAMPLES = 10
"""Below this the standard deviation is the better measure of spread: an outlier cannot be told anyway."""
OUTLYING_SIGMAS = 4.0
"""Samples beyond are pulled in before correlations are computed, which one outlier would otherwise hide."""


@dataclass(frozen=True)
class Centre:
    """A median with its 90 % interval.

    Attributes:
        value: The median.
        low: Lower end; None for a single sample, whose spread is unknown.
        high: Upper end; None for a single sample.
        samples: Number of samples.
        independent: How many independent samples they are worth.
        error: Standard error of the median, which the mean does not widen; None for a single sample.
    """

    value: float
    low: float | None
    high: float | None
    samples: int
    independent: float = 1.0
    error: float | None = None

    @property
    def relative_half_width(self) -> float | None:
        """Half the interval over the value; None for a single sample."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / (2 * self.value)


def centre_of(samples: Sequence[float]) -> Centre:
    """Return the median of ``samples`` with its interval.

    Raises:
        ValueError: No sample.
    """
    values = np.asarray(samples, dtype=float)
    if values.size == 0:
        raise ValueError("a centre needs at least one sample")
    median = float(np.median(values))
    if values.size == 1:
        return Centre(median, None, None, 1)
    spread = _spread(values, median)
    reach = OUTLYING_SIGMAS * spread
    pulled_in = np.clip(values, median - reach, median + reach)
    independent = max(FEWEST_INDEPENDENT, effective_size(pulled_in, expected=LITTLE_CORRELATION))
    error = MEDIAN_TO_MEAN_ERROR * spread / math.sqrt(independent)
    half = float(stdtrit(independent - 1, 0.5 + CONFIDENCE / 2)) * error
    mean = float(values.mean())
    low, high = max(0.0, min(median - half, mean)), max(median + half, mean)
    return Centre(median, low, high, int(values.size), independent, error)


def _spread(values: NDArray[np.float64], median: float) -> float:
    robust = MAD_TO_SIGMA * float(np.median(np.abs(values - median)))
    if robust == 0.0 or values.size < FEW_SAMPLES:
        return max(robust, float(values.std(ddof=1)))
    return robust
