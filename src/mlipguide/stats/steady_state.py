"""Where warm-up ends: the marginal standard error rule (MSER).

The cut d minimises  sum_{i >= d} (x_i - mean_{i >= d})^2 / (n - d)^2  over the first half of the samples:
K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69, 323
(1997), doi:10.1177/003754979706900601. Here the samples' ranks stand in for their values, so that one late
outlier on a noisy machine does not hide a warm-up at the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

FEWEST_SAMPLES = 4
"""With fewer samples nothing can be told apart; all of them count."""


def steady_start(samples: Sequence[float]) -> int:
    """Return the index of the first steady sample.

    Args:
        samples: Consecutive step times, any unit, shape (n,).

    Returns:
        An index in [0, n // 2]: a run whose second half still drifts is not cut to nothing.
    """
    count = len(samples)
    if count < FEWEST_SAMPLES:
        return 0
    ranks = rankdata(np.asarray(samples, dtype=float))
    left = np.arange(count, 0, -1)
    # Sums over all samples from each cut on; ranks are half integers, so that these sums are exact.
    sums, squares = (np.cumsum(values[::-1])[::-1] for values in (ranks, ranks**2))
    scores = (squares - sums**2 / left) / left**2
    return int(np.argmin(scores[: count // 2 + 1]))
