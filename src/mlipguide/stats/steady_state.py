"""Where warm-up ends: the marginal standard error rule (MSER).

The cut d minimises  sum_{i >= d} (x_i - mean_{i >= d})^2 / (n - d)^2  over the first half of the samples:
K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69, 323
(1997), doi:10.1177/003754979706900601. Here the samples' ranks stand in for their values, so that one late
outlier on a noisy machine does not hide a warm-up at the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

CLEARLY_SLOWER = 1.5
"""Times as long as later steps: bursts of one size differ by 2 to 10 %, first calls by factors (a judgement)."""
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
    from scipy.stats import rankdata  # a second of start-up

    ranks = rankdata(np.asarray(samples, dtype=float))
    left = np.arange(count, 0, -1)
    # Sums over all samples from each cut on; ranks are half integers, so that these sums are exact.
    sums, squares = (np.cumsum(values[::-1])[::-1] for values in (ranks, ranks**2))
    scores = (squares - sums**2 / left) / left**2
    return int(np.argmin(scores[: count // 2 + 1]))


def slow_steps(bursts: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """Return how many steps at the beginning of each burst belong to the slow start.

    It is looked for within the first burst. Beyond, a step belongs to it where everything before it does and it took
    :data:`CLEARLY_SLOWER` times as long as later bursts: less than that is how bursts of a machine differ, and a burst
    that was slower as a whole is part of what a long run pays.

    Args:
        bursts: Step times of consecutive bursts, any unit, each at least one.
    """
    found = [0] * len(bursts)
    for place, burst in enumerate(bursts[: max(1, len(bursts) // 2)]):
        found[place] = steady_start(burst) if place == 0 else 0
        later = [sample for other in bursts[place + 1 :] for sample in other]
        usual = float(np.median(later)) if later else math.inf
        while found[place] < len(burst) and burst[found[place]] > CLEARLY_SLOWER * usual:
            found[place] += 1
        if found[place] < len(burst):
            break
    return tuple(found)
