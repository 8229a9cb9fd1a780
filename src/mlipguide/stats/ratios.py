"""Ratios of step times with their intervals: of two separate runs, and of runs that were interleaved.

Two separate runs: r = log(median of the second) - log(median of the first). Its standard error is made of those
of the two medians, which respect autocorrelation (``stats.centres``), and of what no number of steps within a run
shows: two runs of the same program differ through the placement of memory, threads and pages (T. Mytkowicz et al.,
ASPLOS 2009, doi:10.1145/1508244.1508275), so that the run and not the step is the unit of replication (T. Kalibera
and R. Jones, ISMM 2013, doi:10.1145/2464157.2464160). There is one run on each side, so this part is a constant.
Where a kernel of constant work was timed in both runs, the logarithm of the ratio of its times is one more error: so
much did the machine itself change. The quantile is Student's t with the degrees of freedom of Welch (B. L. Welch,
Biometrika 34, 28 (1947), doi:10.1093/biomet/34.1-2.28).

Interleaved rounds: the Hodges–Lehmann estimate of the rounds' log ratios x_i, which is the median of the Walsh
averages (x_i + x_j) / 2, i <= j, with the interval that Wilcoxon's signed-rank test leaves (J. L. Hodges and E. L.
Lehmann, Ann. Math. Stat. 34, 598 (1963), doi:10.1214/aoms/1177704172): from the k-th smallest to the k-th largest
average, with the largest k for which P(T < k) <= (1 - confidence) / 2 and T the signed-rank statistic, whose exact
distribution is used. It needs no normal errors, and outlying rounds, up to 29 % of them, do not carry it away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from mlipguide.stats.centres import CONFIDENCE, Centre, centre_of

BETWEEN_RUNS = 0.02
"""Standard deviation of the logarithm of a run's median over runs of the same thing: the differences of some per cent
that others report for runs of one program (see the module's text)."""
BETWEEN_KERNELS = 0.05
"""The same of the reference kernel's median, beside identical runs of a model: normalised ratios of SevenNet-0
scattered by 0.075 beside a busy process, the ratios themselves by 0.021 (``benchmarks/false_alarm.py``)."""


@dataclass(frozen=True)
class Ratio:
    """A ratio of times with its interval.

    Attributes:
        value: The second over the first.
        low: Lower end of the interval; None where there are too few samples or rounds for its confidence.
        high: Upper end of the interval; None likewise.
        rounds: Rounds that it stands on; 1 for two separate runs.
    """

    value: float
    low: float | None
    high: float | None
    rounds: int

    @property
    def half_width(self) -> float | None:
        """Half the interval of the logarithm; None where it is not known."""
        if self.low is None or self.high is None:
            return None
        return math.log(self.high / self.low) / 2


def ratio_of_runs(
    first: Sequence[float],
    second: Sequence[float],
    *,
    confidence: float = CONFIDENCE,
    references: tuple[Sequence[float], Sequence[float]] | None = None,
    normalise: bool = False,
) -> Ratio:
    """Return the ratio of the medians of two separate runs.

    Args:
        first: Consecutive step times of the run that is divided by.
        second: Those of the other.
        confidence: Of the interval.
        references: Times of the kernel of constant work in either run.
        normalise: Divide each run by the median of its references, whose errors are then part of the interval.

    Raises:
        ValueError: A run without samples, or ``normalise`` without references on both sides.
    """
    centres = [centre_of(first), centre_of(second)]
    parts = [_error_of(centre) for centre in centres]
    logarithm = math.log(centres[1].value / centres[0].value)
    change = 0.0
    if references is not None and all(references):
        machine = [centre_of(times) for times in references]
        change = math.log(machine[1].value / machine[0].value)
        if normalise:
            parts += [_error_of(centre) for centre in machine]
    elif normalise:
        raise ValueError("normalising needs times of the reference kernel on both sides")
    value = math.exp(logarithm - change if normalise else logarithm)
    if any(part is None for part in parts):
        return Ratio(value, None, None, 1)
    errors, freedoms = zip(*(part for part in parts if part is not None), strict=True)
    constant = 2 * BETWEEN_RUNS**2 + (2 * BETWEEN_KERNELS**2 if normalise else change**2)
    variance = sum(error**2 for error in errors) + constant
    small = sum(error**4 / freedom for error, freedom in zip(errors, freedoms, strict=True))
    freedom = variance**2 / small if small > 0 else math.inf
    half = _quantile(freedom, confidence) * math.sqrt(variance)
    return Ratio(value, value * math.exp(-half), value * math.exp(half), 1)


def paired_ratio(first: Sequence[float], second: Sequence[float], *, confidence: float = CONFIDENCE) -> Ratio:
    """Return the ratio of interleaved runs from the medians of their rounds.

    Args:
        first: One time a round of the run that is divided by, positive.
        second: One time a round of the other, taken right beside it.
        confidence: Of the interval.

    Raises:
        ValueError: No rounds, or not as many on both sides.
    """
    if not first or len(first) != len(second):
        raise ValueError(f"rounds come in pairs: {len(first)} and {len(second)} were given")
    logarithms = np.log(np.asarray(second, dtype=float)) - np.log(np.asarray(first, dtype=float))
    averages = walsh_averages(logarithms)
    value = math.exp(float(np.median(averages)))
    rank = signed_rank_bound(len(first), confidence)
    if rank == 0:
        return Ratio(value, None, None, len(first))
    return Ratio(value, math.exp(float(averages[rank - 1])), math.exp(float(averages[-rank])), len(first))


def walsh_averages(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all (x_i + x_j) / 2 with i <= j, ascending, shape (n (n + 1) / 2,)."""
    rows, columns = np.triu_indices(values.size)
    return np.sort((values[rows] + values[columns]) / 2)


@lru_cache(maxsize=256)
def signed_rank_bound(rounds: int, confidence: float) -> int:
    """Return the largest k with P(T < k) <= (1 - confidence) / 2; 0 where there are too few rounds for any."""
    chances = np.zeros(rounds * (rounds + 1) // 2 + 1)
    chances[0] = 1.0
    for rank in range(1, rounds + 1):  # each rank is in the sum of the positive ones or not
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[:-rank]
        chances = (chances + shifted) / 2
    return int(np.searchsorted(np.cumsum(chances), (1 - confidence) / 2 * (1 + 1e-12), side="right"))


def _error_of(centre: Centre) -> tuple[float, float] | None:
    """Return the standard error of the logarithm of a median and its degrees of freedom; None for a single sample."""
    if centre.error is None:
        return None
    return centre.error / centre.value, max(1.0, centre.independent - 1)


def _quantile(freedom: float, confidence: float) -> float:
    """Return how many standard errors a two-sided interval reaches."""
    return float(stdtrit(min(freedom, 1e6), 0.5 + confidence / 2))
