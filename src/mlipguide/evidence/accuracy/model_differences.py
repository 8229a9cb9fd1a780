"""Whether one model is more accurate than another, by the differences of their force errors frame by frame.

What makes a frame hard for both drops out, so that the difference is known better than the two errors. Intervals that
overlap do not say that models are equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from mlipguide.evidence.accuracy.force_errors import frame_groups
from mlipguide.records.accuracy.accuracy import FrameErrors, RankedPair
from mlipguide.stats.frame_means import mean_over

SOURCE = "differences of the same frames"


def compare(better: str, worse: str, errors: Mapping[str, Sequence[FrameErrors]]) -> RankedPair | None:
    """Compare two models on the frames that both evaluated; None where there are none.

    Args:
        better: The model that is said to have the smaller MAE; the names change places where it has not.
        worse: The other.
        errors: Of each model.
    """
    ours = {frame.frame: frame for frame in errors[better]}
    pairs = [(ours[frame.frame], frame) for frame in errors[worse] if frame.frame in ours]
    if not pairs:
        return None
    more = np.array([worst.absolute - best.absolute for best, worst in pairs])
    if more.sum() < 0:
        return compare(worse, better, errors)
    components = np.array([best.components for best, _ in pairs], dtype=float)
    groups = frame_groups([best for best, _ in pairs])
    difference = mean_over(more, components, groups, positive=False).estimate(SOURCE)
    return RankedPair(
        better=better,
        worse=worse,
        frames=len(pairs),
        difference_ev_per_angstrom=difference,
        significant=None if difference.low is None else difference.low > 0,
    )


def ranking(order: Sequence[str], errors: Mapping[str, Sequence[FrameErrors]]) -> tuple[RankedPair, ...]:
    """Return each model against the next, and the first against all others.

    Args:
        order: The models, the smallest error first.
        errors: Of each model.
    """
    pairs = list(dict.fromkeys([*itertools.pairwise(order), *((order[0], one) for one in order[1:])]))
    found = [compare(one, other, errors) for one, other in pairs]
    return tuple(one for one in found if one is not None)
