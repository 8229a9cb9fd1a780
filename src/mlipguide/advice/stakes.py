"""Whose timing could still change the decision; measuring the others longer would be waste.

Two cases are settled by the 90 % intervals that are known so far: a run that would take far longer than its budget,
and a model that another one beats in accuracy and in speed, where that other one is sure to end in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlipguide.advice.accuracy_axis import is_as_accurate
from mlipguide.records.accuracy.accuracy_axis import AxisPlace
from mlipguide.records.estimate import Estimate

FEWEST_SIZES = 2
"""With one size hardly a law is known, and what would be affordable instead is not known at all."""
FAR_BEYOND = 2.0
"""Times the budget, at the low end of the interval: a neighbour on the machine does not make up for that."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What is known of a candidate while candidates are being measured.

    Attributes:
        model: Id of the card.
        accuracy: Where what is known by now puts it; None while better evidence is still to come.
        usable: Whether it could be the choice at all: its own weights are here.
        run_time_s: The whole run, from the samples so far; None before the first.
        sizes: Number of sizes that the law was fitted to.
    """

    model: str
    accuracy: AxisPlace | None
    usable: bool
    run_time_s: Estimate | None
    sizes: int


def settled(contenders: Sequence[Contender], *, budget_s: float) -> frozenset[str]:
    """Return the models of which more samples would change no decision.

    Args:
        contenders: All candidates.
        budget_s: Wall time that the run may take.
    """
    return frozenset(
        one.model
        for one in contenders
        if one.sizes >= FEWEST_SIZES
        and (_is_beyond(one, budget_s) or any(_beats(other, one, budget_s) for other in contenders if other is not one))
    )


def _is_beyond(one: Contender, budget_s: float) -> bool:
    return one.run_time_s is not None and _low(one.run_time_s) > FAR_BEYOND * budget_s


def _beats(other: Contender, one: Contender, budget_s: float) -> bool:
    if one.run_time_s is None or other.run_time_s is None or not other.usable:
        return False
    return (
        other.accuracy is not None
        and one.accuracy is not None
        and is_as_accurate(other.accuracy, one.accuracy)
        and _high(other.run_time_s) < min(budget_s, _low(one.run_time_s))
    )  # fmt: skip


def _low(estimate: Estimate) -> float:
    return 0.0 if estimate.low is None else estimate.low


def _high(estimate: Estimate) -> float:
    return float("inf") if estimate.high is None else estimate.high
