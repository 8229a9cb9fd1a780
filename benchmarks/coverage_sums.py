"""Intervals of sums and products of estimates: a strategy's labels, training and run, whose truths are drawn.

Each part is known to a factor and lognormal. Parts that share a factor, as labels and training share the number of
frames, are products with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from coverage import Experiment
from mlipguide.records.estimate import Basis, Estimate

TRIALS = 1000
NORMAL_95 = 1.6448536
LARGEST_RATIO = math.log(20.0)
"""Of the parts of a sum."""
GOAL = (0.88, 0.92)


def sums(reach: float, *, parts: int, shared: bool) -> Iterator[bool]:
    """Return of each trial whether the interval of a sum held the truth.

    Args:
        reach: Of the interval of each part, a factor to either side.
        parts: How many.
        shared: Whether all but the last are products with one more factor of that reach.
    """
    random = np.random.default_rng(round(100 * reach) + parts + shared)
    width = math.log(reach) / NORMAL_95
    for trial in range(TRIALS):
        total, truth = None, 0.0
        frames, true_frames = _known_to(reach, 1.0, f"frames {trial}"), math.exp(width * random.standard_normal())
        for place in range(parts):
            middle = math.exp(random.uniform(0, LARGEST_RATIO))
            part, true = _known_to(reach, middle, f"part {place}"), middle * math.exp(width * random.standard_normal())
            if shared and place < parts - 1:
                part, true = part.times(frames), true * true_frames
            total, truth = part if total is None else total.plus(part), truth + true
        assert total is not None
        yield total.at_least <= truth <= total.at_most


def lopsided(above: float) -> Iterator[bool]:
    """Return of each trial whether the interval of a product of two lopsided factors held the truth."""
    random = np.random.default_rng(round(10 * above))
    below = 1.2
    for _ in range(TRIALS):
        z = random.standard_normal(2) / NORMAL_95
        truth = math.exp(float(np.where(z > 0, math.log(above) * z, math.log(below) * z).sum()))
        one, other = (
            Estimate(value=1.0, low=1 / below, high=above, basis=Basis.ASSUMED, source=name) for name in ("a", "b")
        )
        product = one.times(other)
        yield product.at_least <= truth <= product.at_most


def _known_to(reach: float, value: float, source: str) -> Estimate:
    return Estimate(value=value, low=value / reach, high=value * reach, basis=Basis.ASSUMED, source=source)


EXPERIMENTS = [
    *(
        Experiment(
            name=f"sum of {parts} parts known to ×÷{reach:g}{', that share a factor' if shared else ''}",
            trials=partial(sums, reach, parts=parts, shared=shared),
            goal=GOAL,
        )
        for reach in (2.0, 8.0)
        for parts in (2, 3)
        for shared in (False, True)
    ),
    *(
        Experiment(name=f"product of two known to ×{above:g} ÷1.2", trials=partial(lopsided, above), goal=GOAL)
        for above in (1.2, 4.0)
    ),
]
