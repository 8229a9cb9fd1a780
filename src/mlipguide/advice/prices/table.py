"""All strategies for a task beside each other: prices, which leads, from when each pays, and the cheapest test."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.decision import leading_strategy
from mlipguide.advice.field_rules import field_rules
from mlipguide.advice.prices import strategies
from mlipguide.advice.prices.break_even import break_even
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.labels import label_atoms, reference_labels
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate, PlanStep
from mlipguide.records.advice.strategy import BreakEven, StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import exactly
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task

TEST_FRAMES = 20
TELLING = (EvidenceKind.USER_LABELS, EvidenceKind.SIMILAR_SYSTEMS)


def strategy_table(
    candidates: Sequence[Candidate], task: Task, inputs: PricingInputs, card: ModelCard | None = None
) -> StrategyTable:
    """Return what every strategy costs, and which leads.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        inputs: Hardware, families, and what was measured by training.
        card: The model that would be run or would teach, for the rules; None where there is none.
    """
    prices = (
        strategies.pretrained(candidates, task, inputs),
        strategies.fine_tune(candidates, task, inputs),
        strategies.distil(candidates, task, inputs),
        strategies.from_scratch(task, inputs),
    )
    return StrategyTable(
        prices=prices,
        leading=leading_strategy(prices, task),
        break_evens=_break_evens(prices, task),
        rules=tuple(field_rules(task, candidates, card, inputs.hardware.gpus)),
    )


def is_untested(candidate: Candidate) -> bool:
    """Tell whether nothing is known of a model's error on this kind of system."""
    return candidate.evidence.kind not in TELLING or candidate.evidence.force_mae_ev_per_angstrom is None


def cheapest_test(task: Task, inputs: PricingInputs) -> PlanStep:
    """Return the step that settles whether a model will do: twenty reference calculations, at their price."""
    frames = exactly(TEST_FRAMES, source="number of frames chosen")
    labels = reference_labels(frames, task, inputs.hardware)
    return PlanStep(
        action=(
            f"First, the cheapest test: {TEST_FRAMES} reference calculations of {label_atoms(task)} atoms at "
            f"{task.temperature_k:g} K, and the error of the models on them."
        ),
        command=None,
        wall_time_s=labels.price.wall_time_s,
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
