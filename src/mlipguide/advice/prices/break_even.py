"""The simulated time from which one strategy is done sooner than another.

Total wall time is fixed + rate x simulated time, with labels and training fixed and production the rate, so that two
strategies take the same at (fixed_B - fixed_A) / (rate_A - rate_B).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.advice.strategy import BreakEven, StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate, joined_sources, less_trusted
from mlipguide.records.terms import drawn

DOING = {
    Strategy.FINE_TUNE: "Fine-tuning",
    Strategy.DISTIL: "Distilling",
    Strategy.TRAIN_FROM_SCRATCH: "Training from scratch",
}
"""What training is called at the beginning of a sentence."""
PAIRS = tuple(
    (one, other)
    for other in (Strategy.PRETRAINED, Strategy.FINE_TUNE)
    for one in (Strategy.DISTIL, Strategy.TRAIN_FROM_SCRATCH)
)
"""What may pay back, and against what."""
FINENESS = 10**9
"""Parts of a time that its crossing is told in."""
LONGEST = 1e6
"""Times the quotient of the medians beyond which no crossing is looked for."""


def break_evens(prices: Sequence[StrategyPrice], simulated_time_s: float | None) -> tuple[BreakEven, ...]:
    """Return from when each trained potential pays; nothing where no time is simulated, so that there is no more."""
    by_strategy = {one.strategy: one for one in prices}
    if simulated_time_s is None:
        return ()
    found = [break_even(by_strategy[one], by_strategy[other], simulated_time_s) for one, other in PAIRS]
    return tuple(one for one in found if one is not None)


def total_s(price: StrategyPrice, task_time_s: float, simulated_time_s: float) -> Estimate | None:
    """Return the time to solution of a run of another length than the task's; None where it is not known.

    Args:
        price: Of the strategy, for the task.
        task_time_s: Simulated time of the task.
        simulated_time_s: Simulated time that is asked about.
    """
    fixed, rate = _fixed_and_rate(price, task_time_s)
    return None if fixed is None or rate is None else fixed.plus(rate.scaled(simulated_time_s))


def break_even(price: StrategyPrice, against: StrategyPrice, simulated_time_s: float) -> BreakEven | None:
    """Return from which simulated time a strategy is done sooner than another; None where it never is or is not known.

    0 where it always is. In the interval, what both strategies share is as high in one as in the other.

    Args:
        price: The strategy that may pay back.
        against: The one that it is compared with.
        simulated_time_s: Of the task that both prices are for.
    """
    own, own_rate = _fixed_and_rate(price, simulated_time_s)
    other, other_rate = _fixed_and_rate(against, simulated_time_s)
    if own is None or other is None or own_rate is None or other_rate is None:
        return None
    extra, saved = own.value - other.value, other_rate.value - own_rate.value
    if saved <= 0:
        return None

    def lead(time_s: float) -> float:
        return own.plus(own_rate.scaled(time_s)).value - other.plus(other_rate.scaled(time_s)).value

    value = 0.0 if extra <= 0 else _crossing(lead, extra / saved)
    if value is None:
        return None
    parts = (own, other, own_rate, other_rate)
    low, high = _ends(*parts)
    estimate = Estimate(
        value=value,
        low=None if low is None else min(value, low),
        high=None if high is None else max(value, high),
        basis=less_trusted(*(one.basis for one in parts)),
        source=joined_sources(*(one.source for one in parts)),
    )
    return BreakEven(
        strategy=price.strategy,
        against=against.strategy,
        simulated_time_s=estimate,
        reason=_reason(price, against, extra, saved, estimate),
    )


def _fixed_and_rate(price: StrategyPrice, task_time_s: float) -> tuple[Estimate | None, Estimate | None]:
    """Return the wall time of labels and training, and that of production for a simulated second."""
    labels, training, run = price.labels, price.training_time_s, price.production_time_s
    fixed = None if labels is None or training is None else labels.wall_time_s.plus(training)
    return fixed, None if run is None else run.scaled(1 / task_time_s)


def _crossing(lead: Callable[[float], float], guess: float) -> float | None:
    """Return where a lead of totals ends; the median of a sum is not the sum of the medians. None where it does not."""
    late = guess
    while lead(late) > 0:
        if late > LONGEST * guess:
            return None
        late *= 2
    parts = bisect_left(range(FINENESS), 0.0, key=lambda part: -lead(late * part / FINENESS))
    return late * parts / FINENESS


def _ends(
    own: Estimate, other: Estimate, own_rate: Estimate, other_rate: Estimate
) -> tuple[float, float] | tuple[None, None]:
    """Return the 90 % interval of the crossing; None where a spread is not known, or where it may never be reached."""
    import numpy as np

    draws = [None if one.terms is None else drawn(one.terms) for one in (own, other, own_rate, other_rate)]
    fixed, fixed_other, slope, slope_other = draws
    if fixed is None or fixed_other is None or slope is None or slope_other is None:
        return None, None
    saved = slope_other - slope
    crossings = np.where(saved > 0, np.maximum(0.0, fixed - fixed_other) / np.where(saved > 0, saved, 1.0), np.inf)
    low, high = (float(one) for one in np.quantile(crossings, (0.05, 0.95), method="inverted_cdf"))
    return (low, high) if high < np.inf else (None, None)


def _reason(price: StrategyPrice, against: StrategyPrice, extra: float, saved: float, found: Estimate) -> str:
    if extra <= 0:
        return f"{price.strategy.value} is done sooner than {against.strategy.value} for a run of any length."
    interval = ", perhaps never"
    if found.low is not None and found.high is not None:
        lower = simulated_time(found.low) if found.low > 0 else "any length"
        interval = f" ({lower} to {simulated_time(found.high)})"
    than = "" if against.strategy is Strategy.PRETRAINED else f" more than {DOING[against.strategy].lower()}"
    return (
        f"{DOING[price.strategy]} costs {duration(extra)}{than} first, then saves {duration(saved * 1e-9)} for each "
        f"ns: it pays for any run longer than {simulated_time(found.value)}{interval}."
    )
