"""The simulated time from which one strategy is done sooner than another.

Total wall time is fixed + rate x simulated time, with labels and training fixed and production the rate, so that two
strategies take the same at (fixed_B - fixed_A) / (rate_A - rate_B).
"""

from __future__ import annotations

from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.advice.strategy import BreakEven, StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate
from mlipguide.records.terms import drawn

DOING = {
    Strategy.PRETRAINED: "Taking a pretrained model",
    Strategy.FINE_TUNE: "Fine-tuning",
    Strategy.DISTIL: "Distilling",
    Strategy.TRAIN_FROM_SCRATCH: "Training from scratch",
    Strategy.NONE: "Doing without",
}
"""What a strategy is called at the beginning of a sentence."""


def fixed_s(price: StrategyPrice) -> Estimate | None:
    """Return the wall time of labels and training; None where it is not known."""
    if price.labels is None or price.training_time_s is None:
        return None
    return price.labels.wall_time_s.plus(price.training_time_s)


def rate(price: StrategyPrice, simulated_time_s: float) -> Estimate | None:
    """Return the wall time of production for a simulated second."""
    return None if price.production_time_s is None else price.production_time_s.scaled(1 / simulated_time_s)


def total_s(price: StrategyPrice, task_time_s: float, simulated_time_s: float) -> Estimate | None:
    """Return the time to solution of a run of another length than the task's; None where it is not known.

    Args:
        price: Of the strategy, for the task.
        task_time_s: Simulated time of the task.
        simulated_time_s: Simulated time that is asked about.
    """
    fixed, slope = fixed_s(price), rate(price, task_time_s)
    return None if fixed is None or slope is None else fixed.plus(slope.scaled(simulated_time_s))


def break_even(price: StrategyPrice, against: StrategyPrice, simulated_time_s: float) -> BreakEven | None:
    """Return from which simulated time a strategy is done sooner than another; None where it never is or is not known.

    0 where it always is. In the interval, what both strategies share is as high in one as in the other.

    Args:
        price: The strategy that may pay back.
        against: The one that it is compared with.
        simulated_time_s: Of the task that both prices are for.
    """
    own, other = fixed_s(price), fixed_s(against)
    own_rate, other_rate = rate(price, simulated_time_s), rate(against, simulated_time_s)
    if own is None or other is None or own_rate is None or other_rate is None:
        return None
    extra, saved = own.value - other.value, other_rate.value - own_rate.value
    if saved <= 0:
        return None
    value = 0.0 if extra <= 0 else _crossing(price, against, simulated_time_s, guess=extra / saved)
    parts = (own, other, own_rate, other_rate)
    low, high = _ends(*parts)
    estimate = Estimate(
        value=value,
        low=None if low is None else min(value, low),
        high=None if high is None else max(value, high),
        basis=max((one.basis for one in parts), key=lambda basis: basis.rank),
        source="; ".join(dict.fromkeys(source for one in parts for source in one.source.split("; "))),
    )
    return BreakEven(
        strategy=price.strategy,
        against=against.strategy,
        simulated_time_s=estimate,
        reason=_reason(price, against, extra, saved, estimate),
    )


def _crossing(price: StrategyPrice, against: StrategyPrice, task_time_s: float, *, guess: float) -> float:
    """Return the simulated time at which two totals are equal; the median of a sum is not the sum of the medians."""
    from scipy.optimize import brentq

    def lead(simulated_time_s: float) -> float:
        ends = [total_s(one, task_time_s, simulated_time_s) for one in (price, against)]
        assert ends[0] is not None
        assert ends[1] is not None
        return ends[0].value - ends[1].value

    late = guess
    while lead(late) > 0:
        late *= 2
    return float(brentq(lead, 0.0, late, xtol=1e-9 * late, rtol=1e-9))


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
    pretrained = against.strategy is Strategy.PRETRAINED
    than = "" if pretrained else f" more than {DOING[against.strategy].lower()}"
    return (
        f"{DOING[price.strategy]} costs {duration(extra)}{than} first, then saves {duration(saved * 1e-9)} for each "
        f"ns: it pays for any run longer than {simulated_time(found.value)}{interval}."
    )
