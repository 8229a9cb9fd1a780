"""Intervals of ratios of sums over frames, by bootstrap over blocks of frames that depend on each other.

Frames of one trajectory resemble each other, so that drawing single frames makes intervals too narrow. Drawn are
blocks: a frame that stands alone is a block; a run of n frames (see ``frame_runs``) is cut into consecutive blocks of
max(n^(1/3), n / m) frames, where n^(1/3) is the order of the best length for the variance of a mean (P. Hall,
J. L. Horowitz and B.-Y. Jing, Biometrika 82, 561 (1995), doi:10.1093/biomet/82.3.561) and m the number of
independent frames by the autocorrelation of the errors.

The interval is the expanded percentile interval: of k blocks the plain one is too narrow by sqrt((k-1)/k) and by the
difference of Student's t and the normal distribution; its levels are moved out by both (T. C. Hesterberg, Am. Stat. 69,
371 (2015), doi:10.1080/00031305.2015.1089789).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.stats.autocorrelation import effective_size
from mlipguide.stats.centres import CONFIDENCE

FEWEST_BLOCKS = 5
"""Below, the resampled values are so few that an interval would be a guess (a judgement)."""
DRAWS = 4000
"""The end of a 90 % interval then lies within a few percent of its width from run to run."""
SEED = 20250101
CHUNK = 500

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From sums, shape (draws, columns), to the figure of each draw."""


def blocks_of(runs: NDArray[np.int64], series: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the block of each frame.

    Args:
        runs: Shape (frames,): the number of the run that each frame is of.
        series: Shape (frames,): the error of each frame, by which the correlation is told.
    """
    blocks = np.empty(len(runs), dtype=np.int64)
    following = 0
    for run in np.unique(runs):
        members = np.flatnonzero(runs == run)
        length = block_length(series[members])
        own = np.arange(len(members)) // length
        blocks[members] = following + own
        following += int(own[-1]) + 1
    return blocks


def block_length(series: NDArray[np.float64]) -> int:
    """Return how many consecutive frames of one run make a block."""
    count = len(series)
    independent = effective_size(series)
    by_count = int(np.rint(np.cbrt(count)))
    return min(count, max(by_count, math.ceil(count / independent)))


def ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first column over the second: a mean."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def root_ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root of a mean."""
    return np.sqrt(ratio(sums))


def bootstrapped(
    columns: NDArray[np.float64],
    blocks: NDArray[np.int64],
    *,
    source: str,
    statistic: Statistic = ratio,
) -> Estimate:
    """Return a figure of all frames with its 90 % interval.

    Args:
        columns: Shape (frames, columns): what the figure sums up of each frame.
        blocks: Shape (frames,): see :func:`blocks_of`.
        source: What the figure stands on.
        statistic: Makes the figure of the sums.
    """
    value = float(statistic(columns.sum(axis=0, keepdims=True))[0])
    _, index = np.unique(blocks, return_inverse=True)
    count = int(index.max()) + 1
    if count < FEWEST_BLOCKS:
        return Estimate(value=value, low=None, high=None, basis=Basis.MEASURED, source=source)
    of_blocks = np.zeros((count, columns.shape[1]))
    np.add.at(of_blocks, index, columns)
    values = _drawn(of_blocks, statistic)
    values = values[np.isfinite(values)]
    outer = float(ndtr(-math.sqrt(count / (count - 1)) * float(stdtrit(count - 1, (1 + CONFIDENCE) / 2))))
    low, high = (float(one) for one in np.quantile(values, [outer, 1 - outer]))
    return Estimate(value=value, low=min(low, value), high=max(high, value), basis=Basis.MEASURED, source=source)


def _drawn(of_blocks: NDArray[np.float64], statistic: Statistic) -> NDArray[np.float64]:
    """Return the figure of each draw of as many blocks as there are, with replacement."""
    generator = np.random.default_rng(SEED)
    count = len(of_blocks)
    shares = np.full(count, 1 / count)
    found: list[NDArray[np.float64]] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(DRAWS // CHUNK):
            times = generator.multinomial(count, shares, size=CHUNK)
            found.append(statistic(times @ of_blocks))
    return np.concatenate(found)
