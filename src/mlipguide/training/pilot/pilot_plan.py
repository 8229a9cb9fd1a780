"""Which fits a pilot does in which order, so that it says most within its time: the cheap first, none that overruns.

The time of a fit follows t = t0 n^k: least squares on logarithms of the finished fits of the same model, with the k of
``GROWTH`` until there are two numbers of frames. A model of which nothing is finished is expected to take
``NEXT_SIZE`` times what the next smaller one of its engine took. The plan is a function of what is finished and of
what that took, so a pilot that was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.records.training.training import Engine

NEXT_SIZE = 3.0
"""Coefficients of POD from one size to the next: 138, 287, 678; the time rises a little faster."""
MARGIN = 1.25
"""A fit is begun when this many times its expected time is left: fits of one model differ by about a quarter."""
GROWTH = {Engine.POD: 1.0, Engine.NEP: 0.0, Engine.FINE_TUNE: 0.3}
"""k until it is known: POD sums over its frames, NEP takes a fixed number of steps, tuning does too and judges the
frames held out now and then (14 and 214 frames of silicon, by the counts of its calls: 2 to 3 times as long)."""
REPEATS = 3
AGAIN = 2.0
EXPONENT_RANGE = (0.0, 2.5)
WHOLE_WORTH, NEW_WORTH, REPEAT_WORTH = 3.0, 2.0, 0.5
"""What a fit is worth, as factors, against the first one to some part: the whole gives the potential that is handed
over, the first of a model shows whether it is any good, a repeat but narrows an interval (judgements)."""


@dataclass(frozen=True, order=True)
class PlannedFit:
    """One fit.

    Attributes:
        engine: What trains.
        size: Its name for the size of the model.
        rank: Position of the size among the engine's, 0 the cheapest.
        frames: Length of the training order's beginning.
        repeat: Which order.
    """

    engine: Engine
    size: str
    rank: int
    frames: int
    repeat: int

    @property
    def name(self) -> str:
        """What one process calls it before another: ``pod:small:14:0``."""
        return f"{self.engine.value}:{self.size}:{self.frames}:{self.repeat}"

    @property
    def model(self) -> tuple[Engine, str]:
        """Engine and size: what one curve is about."""
        return self.engine, self.size


@dataclass(frozen=True)
class FinishedFit:
    """What a fit took, whether it gave a potential or not.

    Attributes:
        fit: Which.
        spent_s: Wall time of fit and test.
        failed: Whether it gave none.
        cut: Whether it was stopped for want of time; ``spent_s`` is then less than it takes.
    """

    fit: PlannedFit
    spent_s: float
    failed: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Skipped:
    """A fit that was not done, and the reason in words."""

    fit: PlannedFit
    reason: str
    expected_s: float | None


def all_fits(sizes: Mapping[Engine, Sequence[str]], subsets: Sequence[int]) -> tuple[PlannedFit, ...]:
    """Return everything that would be done with time enough.

    Args:
        sizes: Names of the models of each engine, the cheapest first.
        subsets: Numbers of frames; the largest is fitted once, since there is but one such subset.
    """
    return tuple(
        PlannedFit(engine, size, rank, frames, repeat)
        for engine, names in sizes.items()
        for rank, size in enumerate(names)
        for frames in subsets
        for repeat in range(1 if frames == max(subsets) else REPEATS)
    )


def expected_s(fit: PlannedFit, finished: Sequence[FinishedFit]) -> float | None:
    """Return how long a fit will take; None where nothing of its engine is finished."""
    known = [one for one in finished if one.fit.model == fit.model and one.spent_s > 0]
    if known:
        return _from_law(fit, known)
    smaller = [one for one in finished if one.fit.engine is fit.engine and one.fit.rank < fit.rank and one.spent_s > 0]
    if not smaller:
        return None
    rank = max(one.fit.rank for one in smaller)
    nearest = [one for one in smaller if one.fit.rank == rank]
    return NEXT_SIZE ** (fit.rank - rank) * _from_law(fit, nearest)


def next_fit(fits: Sequence[PlannedFit], finished: Sequence[FinishedFit], *, left_s: float) -> PlannedFit | None:
    """Return the fit to do next; None when nothing is left that ends in time.

    Args:
        fits: All of them.
        finished: Those that are done.
        left_s: Wall time that is left.
    """
    if left_s <= 0:
        return None
    smallest = min((fit.frames for fit in fits), default=0)
    largest = max((fit.frames for fit in fits), default=0)
    tried = {one.fit.model for one in finished if not one.cut}
    timed = {engine for engine, _ in tried}
    waiting = [
        fit
        for fit in _waiting(fits, finished, left_s)
        if _fits_in(fit, finished, left_s) and (fit.engine in timed or fit.frames == smallest)
    ]

    def order(fit: PlannedFit) -> tuple[object, ...]:
        expected = expected_s(fit, finished)
        worth = (
            (REPEAT_WORTH if fit.repeat else 1.0)
            * (WHOLE_WORTH if fit.frames == largest else 1.0)
            * (1.0 if fit.model in tried else NEW_WORTH)
        )
        return (0.0 if expected is None else expected / worth, fit.rank, fit)

    return min(waiting, key=order, default=None)


def left_out(fits: Sequence[PlannedFit], finished: Sequence[FinishedFit]) -> tuple[Skipped, ...]:
    """Return what was not done, with the time that it would have taken."""
    failed = {one.fit.model for one in finished if one.failed}
    skipped = []
    for fit in fits:
        mine = [one for one in finished if one.fit == fit]
        if any(not one.cut for one in mine):
            continue
        expected = expected_s(fit, finished)
        if mine:
            reason = "stopped when the budget ended"
        elif fit.model in failed:
            reason = "a smaller fit of this model failed"
        else:
            reason = "no time left"
        skipped.append(Skipped(fit, reason, expected))
    return tuple(skipped)


def remaining_s(fits: Sequence[PlannedFit], finished: Sequence[FinishedFit], *, left_s: float) -> float:
    """Return how much longer a pilot will take: what is left to do, or what is left of its time."""
    expected = [expected_s(fit, finished) for fit in _waiting(fits, finished, left_s)]
    known = [one for one in expected if one is not None]
    return min(left_s, math.fsum(known) if len(known) == len(expected) else left_s)


def _waiting(fits: Sequence[PlannedFit], finished: Sequence[FinishedFit], left_s: float) -> list[PlannedFit]:
    """Return what is not done and may come out: of a model that failed nothing more is tried.

    What was stopped is tried again when there is twice the time that it had.
    """
    done = {one.fit for one in finished if not one.cut or AGAIN * one.spent_s > left_s}
    failed = {one.fit.model for one in finished if one.failed}
    return [fit for fit in fits if fit not in done and fit.model not in failed]


def _fits_in(fit: PlannedFit, finished: Sequence[FinishedFit], left_s: float) -> bool:
    expected = expected_s(fit, finished)
    return expected is None or MARGIN * expected <= left_s


def _from_law(fit: PlannedFit, known: Sequence[FinishedFit]) -> float:
    sizes = np.log([one.fit.frames for one in known])
    times = np.log([one.spent_s for one in known])
    exponent = GROWTH[fit.engine]
    if np.ptp(sizes) > 0:
        exponent = float(np.clip(np.polyfit(sizes, times, 1)[0], *EXPONENT_RANGE))
    distance = np.abs(sizes - math.log(fit.frames))
    nearest = distance == distance.min()  # the law bends: from the nearest number of frames on
    return float(np.exp(times[nearest].mean() + exponent * (math.log(fit.frames) - sizes[nearest].mean())))
