"""Which strategy it is: the chosen pretrained model, or what is done first without one."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.ranking import could_serve, is_runnable
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.task.task import Task

CLEARLY_SOONER = 2.0
"""Of strategies whose totals differ by less, which is well within their intervals, the one with less to train leads."""
NOT_TRAINED_HERE = frozenset({"excited-states"})
"""Needs that no strategy meets: every model here is of one ground state."""


def decide(choice: Candidate | None, candidates: Sequence[Candidate], table: StrategyTable, task: Task) -> Strategy:
    """Return how to get a potential.

    A pretrained model that does the run within the budget is taken, also where a trained one would be done sooner:
    it takes no labels, no training and no trust in them, and the break-even says what that costs. Without one, the
    strategy that is done first. While a model that can be started was not timed, and none was that could serve, nothing
    can be said.

    Args:
        choice: The pretrained model to run; None when there is none.
        candidates: All candidates, judged.
        table: What every strategy costs.
        task: What is wanted.
    """
    if choice is not None:
        return Strategy.PRETRAINED
    timed = any(could_serve(one) and is_runnable(one) for one in candidates)
    if not timed and any(awaits_timing(one) for one in candidates):
        return Strategy.NONE
    return leading_strategy([one for one in table.prices if one.strategy is not Strategy.PRETRAINED], task)


def leading_strategy(prices: Sequence[StrategyPrice], task: Task) -> Strategy:
    """Return the strategy that is done first of those that do the task, else of those that may; none of neither."""
    if any(need.value in NOT_TRAINED_HERE for need in task.needs):
        return Strategy.NONE
    order = list(Strategy)
    for verdict in (Verdict.FEASIBLE, Verdict.UNKNOWN):
        totals = {
            one.strategy: one.total_wall_time_s.value
            for one in prices
            if one.verdict is verdict and one.total_wall_time_s is not None
        }
        near = [one for one, total in totals.items() if total <= CLEARLY_SOONER * min(totals.values())]
        if near:
            return min(near, key=order.index)
    return Strategy.NONE


def can_be_done(choice: Candidate | None, price: StrategyPrice | None, task: Task) -> bool:
    """Tell whether what was decided does the task as asked, surely or more likely than not.

    Args:
        choice: The pretrained model to run; None when there is none.
        price: Of the strategy that leads; None where none does.
        task: What is wanted.
    """
    if choice is not None:
        return True
    if price is None or price.verdict is Verdict.INFEASIBLE or price.production_time_s is None:
        return False
    return price.verdict is Verdict.FEASIBLE or price.production_time_s.value <= task.budget_s


def awaits_timing(candidate: Candidate) -> bool:
    """Tell whether a model that can be started here was not timed yet."""
    untimed = candidate.step_time_s is None and candidate.verdict is Verdict.UNKNOWN
    return untimed and candidate.environment is not None


def leading_candidate(choice: Candidate | None, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the model that the answer is about: the chosen one, else the first that could serve.

    One that was timed comes before one that can be started, and that before one that cannot.
    """
    if choice is not None:
        return choice
    serving = [one for one in candidates if could_serve(one)]
    return min(serving, key=lambda one: (one.step_time_s is None, one.environment is None), default=None)
