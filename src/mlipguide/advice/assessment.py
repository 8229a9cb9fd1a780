"""The verdicts on all models, from what is known of them, on one piece of hardware or on several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlipguide.advice.facts import Facts, facts_of
from mlipguide.advice.judgement import judge
from mlipguide.advice.ranking import accuracy_order, choose, ranked
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What a task comes to on one piece of hardware.

    Attributes:
        facts: What was known.
        candidates: Every model with its verdict, best first.
        choice: The model to run; None when there is none.
    """

    facts: Facts
    candidates: tuple[Candidate, ...]
    choice: Candidate | None


def assess(candidates: Iterable[ModelCard], task: Task, facts: Facts) -> Assessment:
    """Judge every model for a task, rank them and choose.

    Args:
        candidates: All that were asked for.
        task: What is wanted.
        facts: What is known of them on the hardware that is asked about.
    """
    found = ranked([judge_one(card, task, facts) for card in candidates])
    return Assessment(facts=facts, candidates=found, choice=choose(found, task, memory_bytes=facts.memory_bytes))


def judge_one(card: ModelCard, task: Task, facts: Facts) -> Candidate:
    """Return one model with its verdict."""
    return judge(facts_of(card, task, facts), task, memory_bytes=facts.memory_bytes)


def best_first(assessments: Iterable[Assessment]) -> Sequence[Assessment]:
    """Return assessments of several pieces of hardware: the more accurate choice first, then the faster."""
    return sorted(assessments, key=_order)


def _order(one: Assessment) -> tuple[int, tuple[float, ...], float]:
    if one.choice is None or one.choice.run_time_s is None:
        return 1, (), 0.0
    return 0, accuracy_order(one.choice), one.choice.run_time_s.value
