"""What independent contributors tell together of one number, so that one of them who is wrong does not decide it.

Of three or more, those are set aside that are farther from the median than three times the scale of the others, 1.4826
times the median absolute deviation (P. J. Rousseeuw and C. Croux, J. Am. Stat. Assoc. 88, 1273 (1993),
doi:10.1080/01621459.1993.10476408); the median of the rest counts. One or two have nobody who could outvote them, so
that what is expected without them has a voice: two who contradict each other, and one alone, count only where the 90 %
interval of the expectation holds them, and then the interval reaches to what is expected. So one more contributor,
whatever he says, moves the centre at most to a neighbouring value, which the interval held before.

The interval is that of one more machine of the same kind: the variance between contributors, averaged with what is
expected of such machines as in :mod:`mlipguide.stats.bursts`, and the error of each.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from mlipguide.stats.bursts import NORMAL_90

EXPECTED_SPREAD = 0.1
"""Standard deviation of the logarithm of a time over machines of one kind: cooling, memory channels, what else runs. A
judgement; no two machines of a kind were at hand."""
EXPECTATION_WEIGHT = 4.0
"""As many comparisons of contributors this expectation is worth."""
ALONE = 0.2
"""Standard deviation of the logarithm of what a single contributor tells: nobody has confirmed it. A judgement."""
AGREEMENT = math.log(1.5)
"""Two who differ by less confirm each other, whatever was expected."""
FAR = 3.0
MAD_TO_SIGMA = 1.4826
ENOUGH = 3
"""From so many on they judge each other."""


@dataclass(frozen=True)
class Told:
    """The logarithm of a number with its standard deviation: by one contributor, or expected without any."""

    logarithm: float
    error: float


@dataclass(frozen=True)
class Together:
    """What contributors tell together.

    Attributes:
        logarithm: Of the number.
        error: Its standard deviation, of the number on one more machine.
        kept: Places of those that count.
    """

    logarithm: float
    error: float
    kept: tuple[int, ...]


def together(told: Sequence[Told], expected: Told | None) -> Together | None:
    """Return what contributors tell together; None where none of them can be believed.

    Args:
        told: By each of them.
        expected: Without them; None where nothing else tells.
    """
    if len(told) >= ENOUGH:
        return _centre(told, _near(told))
    places = tuple(range(len(told)))
    values = [one.logarithm for one in told]
    if len(told) == ENOUGH - 1 and abs(values[0] - values[1]) <= AGREEMENT:
        return _centre(told, places)
    if expected is None:
        return None
    reach = NORMAL_90 * expected.error
    kept = tuple(place for place in places if abs(values[place] - expected.logarithm) <= reach)
    if not kept:
        return None
    voices = [expected.logarithm, *(values[place] for place in kept)]
    centre = values[kept[0]] if len(kept) == 1 else statistics.median(voices)
    farthest = max(abs(value - centre) for value in voices)
    own = statistics.median(told[place].error for place in kept)
    return Together(centre, max(ALONE, own, farthest / NORMAL_90), kept)


def _near(told: Sequence[Told]) -> tuple[int, ...]:
    """Return the places of those that are not far from the others."""
    values = [one.logarithm for one in told]
    middle = statistics.median(values)
    scale = max(EXPECTED_SPREAD, MAD_TO_SIGMA * statistics.median(abs(value - middle) for value in values))
    return tuple(place for place, value in enumerate(values) if abs(value - middle) <= FAR * scale)


def _centre(told: Sequence[Told], kept: tuple[int, ...]) -> Together:
    """Return the median of those that are kept, with the error that also holds its neighbours."""
    values = sorted(told[place].logarithm for place in kept)
    centre, count = statistics.median(values), len(values)
    found = statistics.variance(values) if count > 1 else 0.0
    freedom = EXPECTATION_WEIGHT + count - 1
    between = ((count - 1) * found + EXPECTATION_WEIGHT * EXPECTED_SPREAD**2) / freedom
    widened = float(stdtrit(freedom, 0.95)) / NORMAL_90
    own = statistics.median(told[place].error for place in kept)
    error = math.hypot(widened * math.sqrt(between * (1 + math.pi / (2 * count))), own)
    neighbours = max(centre - values[max(0, (count - 1) // 2 - 1)], values[min(count - 1, count // 2 + 1)] - centre)
    return Together(centre, max(error, neighbours / NORMAL_90), kept)
