"""All strategies for a task beside each other: prices, which leads, from when each pays, and the cheapest test."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.break_even import break_even
from mlipguide.advice.field_rules import field_rules
from mlipguide.advice.known import Known
from mlipguide.advice.labels import label_atoms, reference_labels
from mlipguide.advice.strategy_prices import (
    distil_price,
    fine_tune_price,
    from_scratch_price,
    pretrained_price,
)
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate, PlanStep
from mlipguide.records.advice.strategy import BreakEven, StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task

TEST_FRAMES = 20
CLEARLY_SOONER = 2.0
"""Of strategies whose totals differ by less, which is well within their intervals, the one with less to train leads."""
NOT_TRAINED_HERE = frozenset({"excited-states"})
"""Needs that no strategy meets: every model here is of one ground state."""
TELLING = (EvidenceKind.USER_LABELS, EvidenceKind.SIMILAR_SYSTEMS)


def strategy_table(
    candidates: Sequence[Candidate], task: Task, known: Known, card: ModelCard | None = None
) -> StrategyTable:
    """Return what every strategy costs, and which leads.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        known: Hardware, families, and what was measured by training.
        card: The model that would be run or would teach, for the rules; None where there is none.
    """
    prices = (
        pretrained_price(candidates, task, known),
        fine_tune_price(candidates, task, known),
        distil_price(candidates, task, known),
        from_scratch_price(task, known),
    )
    return StrategyTable(
        prices=prices,
        leading=leading_strategy(prices, task),
        break_evens=_break_evens(prices, task),
        rules=tuple(field_rules(task, candidates, card, known.hardware.gpus)),
    )


def leading_strategy(prices: Sequence[StrategyPrice], task: Task) -> Strategy:
    """Return the strategy that is done first of those that do the task, else of those that may; none of neither."""
    if any(need.value in NOT_TRAINED_HERE for need in task.needs):
        return Strategy.NONE
    order = list(Strategy)
    for verdict in (Verdict.FEASIBLE, Verdict.UNKNOWN):
        able = [one for one in prices if one.verdict is verdict and one.total_wall_time_s is not None]
        if able:
            least = min(map(_total, able))
            near = [one for one in able if _total(one) <= CLEARLY_SOONER * least]
            return min(near, key=lambda one: order.index(one.strategy)).strategy
    return Strategy.NONE


def is_untested(candidate: Candidate) -> bool:
    """Tell whether nothing is known of a model's error on this kind of system."""
    return candidate.evidence.kind not in TELLING or candidate.evidence.force_mae_ev_per_angstrom is None


def cheapest_test(task: Task, known: Known) -> PlanStep:
    """Return the step that settles whether a model will do: twenty reference calculations, at their price."""
    frames = Estimate(
        value=TEST_FRAMES, low=TEST_FRAMES, high=TEST_FRAMES, basis=Basis.MEASURED, source="number of frames chosen"
    )
    labels, _ = reference_labels(frames, task, known.hardware)
    return PlanStep(
        action=(
            f"First, the cheapest test: {TEST_FRAMES} reference calculations of {label_atoms(task)} atoms at "
            f"{task.temperature_k:g} K, and the error of the models on them."
        ),
        command=None,
        wall_time_s=labels.wall_time_s,
    )


def _break_evens(prices: Sequence[StrategyPrice], task: Task) -> tuple[BreakEven, ...]:
    """Return from when each trained potential pays against the pretrained model, and distilling against the others."""
    if task.simulated_time_s is None:
        return ()  # only of molecular dynamics is there more or less
    by_strategy = {one.strategy: one for one in prices}
    pairs = (
        (Strategy.DISTIL, Strategy.PRETRAINED),
        (Strategy.TRAIN_FROM_SCRATCH, Strategy.PRETRAINED),
        (Strategy.DISTIL, Strategy.FINE_TUNE),
        (Strategy.TRAIN_FROM_SCRATCH, Strategy.FINE_TUNE),
    )
    found = [break_even(by_strategy[one], by_strategy[other], task.simulated_time_s) for one, other in pairs]
    return tuple(one for one in found if one is not None)


def _total(price: StrategyPrice) -> float:
    assert price.total_wall_time_s is not None
    return price.total_wall_time_s.value
