"""Fitting the spreads of the transfer (``mlipguide.costmodel.effects.CALIBRATED``) to leave-outs.

What is maximised is the sum of the log scores of all published timings, each predicted without itself, without its
series, without its model and without its device, plus a weak prior around the values of today. Every number is changed
in turn, and the step shrinks where a change does not help.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mlipguide.costmodel.effects import CALIBRATED, Spreads
from mlipguide.costmodel.transfer import Timing
from transfer import LEAVE_OUTS, left_out

FIRST_STEP, SHRINKING = 0.35, 0.6
WEIGHTS = {"timing": 1.0, "series": 1.0, "model": 1.0, "device": 0.5}
PRIOR = 0.5
"""Standard deviation of the logarithm of each spread around today's value."""
MEANS = {"slope_mean": 0.7, "fixed_mean": 0.7, "coupling": 0.3, "bandwidth": 0.2, "float32": 0.2, "doubling": 0.05}
"""Standard deviation of what may be of either sign."""
LARGEST_COUPLING = 0.95

NEUTRAL = replace(
    CALIBRATED,
    slope=dict.fromkeys(CALIBRATED.slope, 0.4),
    fixed=dict.fromkeys(CALIBRATED.fixed, 0.4),
    coupling=0.5,
    bandwidth=(0.5, 0.2),
    float32=(0.2, 0.2),
    doubling=(0.1, 0.1),
    timing=0.1,
)
"""Spreads that no timing was looked at for: all effects alike. Only the two mean levels are those of the fit."""

Name = tuple[str, str | int | None]


def names_of(spreads: Spreads) -> list[Name]:
    """Return the paths of all numbers."""
    found: list[Name] = [(part, key) for part in ("slope", "fixed") for key in getattr(spreads, part)]
    found += [(name, None) for name in ("slope_mean", "fixed_mean", "coupling", "timing")]
    return found + [(name, position) for name in ("bandwidth", "float32", "doubling") for position in (0, 1)]


def value_at(spreads: Spreads, name: Name) -> float:
    """Return one number."""
    value = getattr(spreads, name[0])
    return float(value if name[1] is None else value[name[1]])


def with_value(spreads: Spreads, name: Name, number: float) -> Spreads:
    """Return the spreads with another number."""
    part, key = name
    value: Any = getattr(spreads, part)
    changed: Any = number
    if isinstance(value, dict):
        changed = {**value, key: number}
    elif isinstance(value, tuple):
        changed = tuple(number if key == at else old for at, old in enumerate(value))
    return replace(spreads, **{part: changed})


def is_mean(name: Name) -> bool:
    """Tell whether a number may be of either sign."""
    return name[0] in MEANS and name[1] in (None, 0)


def score(spreads: Spreads, timings: Sequence[Timing], others: Sequence[Timing], start: Spreads = CALIBRATED) -> float:
    """Return what is maximised; scores are means over a group, so that long series do not outweigh short ones."""
    total = 0.0
    for kind, weight in WEIGHTS.items():
        trials = left_out(timings, others, LEAVE_OUTS[kind], spreads)
        groups: dict[object, list[float]] = {}
        for index, trial in enumerate(trials):
            groups.setdefault(LEAVE_OUTS[kind](index, trial.timing), []).append(trial.log_score)
        total += weight * sum(sum(scores) / len(scores) for scores in groups.values())
    for name in names_of(spreads):
        here, there = value_at(spreads, name), value_at(start, name)
        distance = (here - there) / MEANS[name[0]] if is_mean(name) else math.log(here / there) / PRIOR
        total -= 0.5 * distance**2
    return total


def calibrated(
    timings: Sequence[Timing], others: Sequence[Timing], *, rounds: int, start: Spreads = CALIBRATED
) -> Spreads:
    """Return better spreads than ``start``, around which the prior lies."""
    spreads, best = start, score(start, timings, others, start)
    steps = dict.fromkeys(names_of(spreads), FIRST_STEP)
    for turn in range(rounds):
        for name in names_of(spreads):
            old = value_at(spreads, name)
            for sign in (1, -1):
                change = sign * steps[name]
                number = old + change * 2 * MEANS[name[0]] if is_mean(name) else old * math.exp(change)
                if name[0] == "coupling" and not 0 <= number <= LARGEST_COUPLING:
                    continue
                changed = with_value(spreads, name, number)
                if (found := score(changed, timings, others, start)) > best:
                    best, spreads = found, changed
                    break
            else:
                steps[name] *= SHRINKING
        print(f"round {turn + 1}: score {best:.2f}", flush=True)
    return spreads


@lru_cache(maxsize=1)
def _split(timings: tuple[Timing, ...], others: tuple[Timing, ...], rounds: int) -> list[tuple[Spreads, list[Timing]]]:
    series = sorted({timing.situation.series for timing in timings})
    first = {one for place, one in enumerate(series) if place % 2 == 0}
    sides = [[timing for timing in timings if (timing.situation.series in first) is side] for side in (True, False)]
    return [(calibrated(here, others, rounds=rounds, start=NEUTRAL), there) for here, there in (sides, reversed(sides))]


def halves(timings: Sequence[Timing], others: Sequence[Timing], *, rounds: int) -> list[tuple[Spreads, list[Timing]]]:
    """Return for each half of the series the spreads that were fitted to the other half alone, and its timings."""
    return _split(tuple(timings), tuple(others), rounds)
