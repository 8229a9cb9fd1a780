"""The centre of a set of step times and its 90 % interval.

The centre is the median, which an interruption by another tenant does not move. Its standard error is
sqrt(pi/2) s / sqrt(m) (normal limit), with s = 1.4826 MAD (P. J. Huber, Robust Statistics, 1981, ch. 5) and m
the effective number of independent samples. Of few samples the MAD says little (its efficiency is 37 %, and
it is biased low: P. J. Rousseeuw and C. Croux, J. Am. Stat. Assoc. 88, 1273 (1993),
doi:10.1080/01621459.1993.10476408), so there s is at least the standard deviation. The interval is widened to
hold the mean, which is what a long run pays.

m is the smaller of two: n over the initial monotone sequence of autocorrelations (C. J. Geyer, Stat. Sci. 7,
473 (1992), doi:10.1214/ss/1177011137), which long series need, and n (1 - r) / (1 + r) for short ones, where
r is the correlation of neighbours freed of its bias, r = (n r' + 1) / (n - 3) (F. H. C. Marriott and J. A.
Pope, Biometrika 41, 390 (1954), doi:10.1093/biomet/41.3-4.390).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE = 0.90
MAD_TO_SIGMA = 1.4826
MEDIAN_TO_MEAN_ERROR = math.sqrt(math.pi / 2)
FEW_SAMPLES = 10
"""Below this the standard deviation is the better measure of spread: an outlier cannot be told anyway."""
OUTLYING_SIGMAS = 4.0
"""Samples beyond are pulled in before correlations are computed, which one outlier would otherwise hide."""
FEWEST_CORRELATED = 8
"""Shorter series do not show their correlation."""


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
    independent = max(2.0, effective_size(np.clip(values, median - reach, median + reach)))
    error = MEDIAN_TO_MEAN_ERROR * spread / math.sqrt(independent)
    half = float(stdtrit(independent - 1, 0.5 + CONFIDENCE / 2)) * error
    mean = float(values.mean())
    low, high = max(0.0, min(median - half, mean)), max(median + half, mean)
    return Centre(median, low, high, int(values.size), independent, error)


def effective_size(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the number of independent samples that consecutive, correlated ones are worth (1 to n)."""
    series = np.asarray(values, dtype=float)
    count = series.size
    centred = series - series.mean()
    if count < FEWEST_CORRELATED or float(np.ptp(series)) == 0.0:
        return float(count)
    power = np.abs(np.fft.rfft(centred, 2 * count)) ** 2
    correlation = np.fft.irfft(power, 2 * count)[:count]
    correlation /= correlation[0]
    pairs = correlation[0 : 2 * (count // 2) : 2] + correlation[1 : 2 * (count // 2) : 2]
    positive = np.minimum.accumulate(np.where(np.cumprod(pairs > 0), pairs, 0.0))
    by_sequence = count / max(1e-12, 2 * float(positive.sum()) - 1)
    neighbours = min((count * float(correlation[1]) + 1) / (count - 3), 1.0)
    by_neighbours = count * (1 - neighbours) / max(1e-12, 1 + neighbours)
    return float(np.clip(min(by_sequence, by_neighbours), 1.0, count))


def _spread(values: NDArray[np.float64], median: float) -> float:
    robust = MAD_TO_SIGMA * float(np.median(np.abs(values - median)))
    if robust == 0.0 or values.size < FEW_SAMPLES:
        return max(robust, float(values.std(ddof=1)))
    return robust
