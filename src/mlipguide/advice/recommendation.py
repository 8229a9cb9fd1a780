"""From judged candidates to the answer of ``recommend``: choice, strategies, reasons, plan, next commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.advice.accuracy_axis import axis_of, fitting_models
from mlipguide.advice.assessment import Assessment
from mlipguide.advice.caveats import caveats_for
from mlipguide.advice.decision import can_be_done, leading_candidate
from mlipguide.advice.explanation import (
    HardwareReach,
    Words,
    nearest_way,
    reasons_for_choice,
    reasons_for_none,
    reasons_for_strategy,
)
from mlipguide.advice.plans import next_commands, plan_for, script_command, with_commands
from mlipguide.advice.prices.changes import with_sensitivities
from mlipguide.advice.prices.inputs import pricing_inputs
from mlipguide.advice.prices.strategies import cheapest_test, is_untested, strategy_table
from mlipguide.advice.ranking import could_serve, is_runnable
from mlipguide.advice.training_commands import own_left_out, training_commands
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.topics import load_knowledge
from mlipguide.costmodel.transfer_data import most_speed_up
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.accuracy.accuracy_axis import AccuracyAxis, DomainFit
from mlipguide.records.advice.advice import Candidate, HardwareAnswer, PlanStep, Recommendation
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task import Task
from mlipguide.tasks.request_words import SUBJECT, request_words

FITTING_FIRST = "First, ask the same of models that have seen {domain}."
OWN_FIRST = "First, look at the potentials that were trained here for these elements."
if TYPE_CHECKING:
    from ase import Atoms

SHOWN_FITTING = 4
"""Models whose training data fit that one command asks of."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked, read through.

    Attributes:
        request: What the user wrote.
        task: What it means.
        atoms: The structure.
        cards: Models that were asked for.
        weights: Checkpoint files that the user gave, by model id.
        profiles: Hardware that was asked for; none for this machine.
        catalogue: All models.
        buildable: Backends whose environments are missing here and could change the answer.
    """

    request: TaskRequest
    task: Task
    atoms: Atoms
    cards: tuple[ModelCard, ...]
    weights: Mapping[str, Path]
    profiles: tuple[HardwareProfile, ...]
    catalogue: Catalogue
    buildable: frozenset[str] = frozenset()


def assemble_recommendation(
    question: Question, assessments: Sequence[Assessment], machine: Machine, words: Words
) -> tuple[Recommendation, tuple[Notice, ...]]:
    """Return the answer: which strategy it is, what it costs, and what to do; and notices of earlier trainings.

    Args:
        question: What was asked.
        assessments: Of this machine, or of each profile that was asked for, best first.
        machine: This machine.
        words: Says in words what stands against a model.
    """
    best = assessments[0]
    task, request, facts = question.task, question.request, best.facts
    candidates, choice, memory_bytes = best.candidates, best.choice, facts.memory_bytes
    leading = leading_candidate(choice, candidates)
    card = None if leading is None else facts.cards[leading.model]
    known, notices = pricing_inputs(
        machine,
        facts.profile,
        memory_bytes=memory_bytes,
        elements=task.structure.elements,
        label_step_s=facts.label_step_s,
    )
    table = with_sensitivities(candidates, task, known, strategy_table(candidates, task, known, card))
    reach = HardwareReach(memory_bytes=memory_bytes, most_speed_up=most_speed_up(machine, facts.profile))
    if choice is not None:
        reasons = reasons_for_choice(choice, candidates, task, words)
    else:
        reasons = reasons_for_none(candidates, task, words, reach)
    test = cheapest_test(task, known) if leading is not None and is_untested(leading) else None
    price = table.price(table.leading)
    if table.leading is Strategy.NONE and table.would_do is None:
        table = replace(table, would_do=nearest_way(candidates, task, reach))
    axis = _axis(question, candidates)
    own: tuple[str, ...] = ()
    training: tuple[str, ...] = ()
    if choice is None:
        own, left_out = own_left_out(question.catalogue, tuple(facts.cards), request, task)
        notices += left_out
        training = training_commands(price, request, task, question.weights)
    fitting = _fitting_command(question, axis)
    answer = Recommendation(
        machine=machine,
        task=task,
        candidates=candidates,
        strategy=table.leading,
        choice=None if choice is None else choice.model,
        plan=with_commands(
            plan_for(task, price, choice, test),
            run=script_command(request, choice, question.weights)
            if choice is not None and facts.profile is None
            else None,
            training=training,
            first=[
                *(
                    PlanStep(action=FITTING_FIRST.format(domain=axis.domain), command=command, wall_time_s=None)
                    for command in fitting
                ),
                *(PlanStep(action=OWN_FIRST, command=command, wall_time_s=None) for command in own),
            ],
        ),
        reasons=(*reasons, *reasons_for_strategy(table)),
        caveats=caveats_for(task, card, candidates, load_knowledge()),
        next_commands=(
            *fitting,
            *own,
            *training,
            *next_commands(
                task, choice, candidates, subject=request_words(request, SUBJECT), buildable=question.buildable
            ),
        ),
        accuracy_axis=axis,
        can_be_done=can_be_done(choice, price, task),
        hardware=tuple(one for one in map(_on_profile, assessments) if one is not None),
        strategies=table,
    )
    return answer, notices


def _on_profile(assessment: Assessment) -> HardwareAnswer | None:
    profile, choice = assessment.facts.profile, assessment.choice
    if profile is None:
        return None
    return HardwareAnswer(
        profile=profile, candidates=assessment.candidates, choice=None if choice is None else choice.model
    )


def _fitting_command(question: Question, axis: AccuracyAxis) -> tuple[str, ...]:
    """Return the command that asks the same of models whose training data fit and that can be had here."""
    recipes = load_recipes()
    names = [name for name in axis.fitting if question.catalogue.find(name).backend in recipes][:SHOWN_FITTING]
    if not names:
        return ()
    return (f"mlipguide recommend {request_words(replace(question.request, models=','.join(names)))} --yes",)


def _axis(question: Question, candidates: Sequence[Candidate]) -> AccuracyAxis:
    """Return by what the models were compared, and which fit better where none that can be run here fits."""
    axis = axis_of(question.task, [one.accuracy for one in candidates])
    can_run = [one for one in candidates if could_serve(one) and is_runnable(one)]
    if axis.domain is None or any(one.accuracy.domain is not DomainFit.NOT_COVERED for one in can_run):
        return axis
    cards = question.catalogue.cards
    return replace(axis, fitting=fitting_models(cards, question.task, axis.domain, startable=frozenset(load_recipes())))
