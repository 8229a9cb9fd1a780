"""From judged candidates to the answer of ``recommend``: choice, strategies, reasons, plan, next commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlipguide.advice.caveats import caveats_for
from mlipguide.advice.decision import leading_candidate
from mlipguide.advice.explanation import reasons_for_choice, reasons_for_none, reasons_for_strategy
from mlipguide.advice.plans import next_commands, plan_for
from mlipguide.advice.ranking import choose
from mlipguide.advice.strategies import cheapest_test, is_untested
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.topics import load_knowledge
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.advice import Candidate, Recommendation
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware_profile import HardwareProfile
from mlipguide.records.machine import Machine
from mlipguide.records.model_card import ModelCard
from mlipguide.records.notice import Notice
from mlipguide.records.task import Task
from mlipguide.workflows.request_words import SUBJECT, request_words
from mlipguide.workflows.strategies import known_for, priced_strategies
from mlipguide.workflows.task_request import TaskRequest
from mlipguide.workflows.training_commands import own_left_out, training_commands


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an answer is put together from beside the candidates.

    Attributes:
        request: What the user wrote.
        task: What it means.
        machine: This one.
        cards: Models that were asked for, by id.
        weights: Checkpoint files that the user gave, by model id.
        catalogue: All models.
        label_step_s: Time of a step in a cell that is labelled, by model.
    """

    request: TaskRequest
    task: Task
    machine: Machine
    cards: Mapping[str, ModelCard]
    weights: Mapping[str, Path]
    catalogue: Catalogue
    label_step_s: Mapping[str, Estimate]


def answered(
    question: Question,
    candidates: tuple[Candidate, ...],
    *,
    memory_bytes: int,
    profile: HardwareProfile | None = None,
) -> tuple[Recommendation, tuple[Notice, ...]]:
    """Return the answer, and what there is to say of trainings done before."""
    task, cards, request = question.task, question.cards, question.request
    choice = choose(candidates, task, memory_bytes=memory_bytes)
    leading = leading_candidate(choice, candidates)
    card = None if leading is None else cards[leading.model]
    known, notices = known_for(
        question.machine,
        profile,
        memory_bytes=memory_bytes,
        elements=task.structure.elements,
        label_step_s=question.label_step_s if profile is None else {},
    )
    table = priced_strategies(candidates, task, known, choice=choice, card=card)
    if choice is not None:
        reasons = reasons_for_choice(choice, candidates, task)
    else:
        reasons = reasons_for_none(candidates, task, memory_bytes=memory_bytes)
    test = cheapest_test(task, known) if leading is not None and is_untested(leading) else None
    price = table.price(table.leading)
    trained: tuple[str, ...] = ()
    if choice is None:
        own, left_out = own_left_out(question.catalogue, tuple(cards), request, task)
        notices += left_out
        trained = (*own, *training_commands(price, request, task, question.weights))
    answer = Recommendation(
        machine=question.machine,
        task=task,
        candidates=candidates,
        strategy=table.leading,
        choice=None if choice is None else choice.model,
        plan=plan_for(task, price, choice, test),
        reasons=(*reasons, *reasons_for_strategy(table)),
        caveats=caveats_for(task, card, candidates, load_knowledge()),
        next_commands=(
            *trained,
            *next_commands(
                task, choice, candidates, subject=request_words(request, SUBJECT), buildable=frozenset(load_recipes())
            ),
        ),
        strategies=table,
    )
    return answer, notices
