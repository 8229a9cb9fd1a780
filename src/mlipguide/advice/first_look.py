"""A first ranking by the times that are expected, and which models are worth timing: those that could change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mlipguide.advice.assessment import assess
from mlipguide.advice.early_stopping import FEWEST_SIZES, CandidateTiming, ground_to_stop
from mlipguide.advice.facts import Facts
from mlipguide.advice.offers import asked_first
from mlipguide.advice.recommendation import Question
from mlipguide.bench.measuring.costs_here import costs_here, expected_cost, fitted_costs, own_timings_of, pairs_of
from mlipguide.bench.measuring.gathering import Contenders
from mlipguide.bench.measuring.measuring import usable_memory_bytes
from mlipguide.bench.measuring.shared_sets import shared_here
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, sharing
from mlipguide.candidates.preparation import Prepared, default_settings
from mlipguide.costmodel.expected import expected_costs
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.evidence.stability.earlier_tests import tests_here
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.first_look import FirstLook
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Weights
from mlipguide.training.fit.manifests import trainings_of


def choose_contenders(
    candidates: Sequence[Prepared],
    measured: MeasuredModels,
    *,
    question: Question,
    machine: Machine,
    evidence: Mapping[str, Evidence] | None,
    each: bool,
    on_look: Callable[[FirstLook], None],
) -> Contenders:
    """Return the models that could be the choice by known or expected times; of models that were named all.

    Args:
        candidates: All that may be asked for, startable or not.
        measured: What was measured before.
        question: What was asked.
        machine: This machine.
        evidence: Errors on labels, by model; None where they come after the timing, so that nothing published may
            leave a model out.
        each: Whether every checkpoint is timed, also where another one shares its time law.
        on_look: Told the first ranking, where anything is to be timed.
    """
    task, are_named = question.task, bool(question.request.models)
    startable = [item for item in candidates if item.obstacle is None]
    if question.profiles or not startable:
        return Contenders(candidates=candidates if are_named else asked_first(startable, task))
    facts = _facts_expected(question, startable, measured, machine, evidence or {})
    found = assess([item.card for item in startable], task, facts)
    ranking = tuple(one for one in found.candidates if one.run_time_s is not None)
    left_out = {} if are_named or evidence is None else _left_out(ranking, task)
    left_out = {model: doubt for model, doubt in left_out.items() if model not in measured.by_model}
    look = FirstLook(
        ranking=ranking,
        choice=None if found.choice is None else found.choice.model,
        known=frozenset(measured.by_model),
        startable=len(startable),
        timed=(),
        left_out=tuple(left_out.values()),
    )
    contenders = [item for item in startable if item.card.id not in left_out]

    def tell(missing: Sequence[Prepared]) -> None:
        on_look(replace(look, timed=tuple(first.card.id for first, *_ in sharing(missing, each=each))))

    return Contenders(
        candidates=contenders if are_named else asked_first(contenders, task), left_out=left_out, tell=tell
    )


def _facts_expected(
    question: Question,
    startable: Sequence[Prepared],
    measured: MeasuredModels,
    machine: Machine,
    evidence: Mapping[str, Evidence],
) -> Facts:
    """Return what is known of the models on this machine, with what is expected of those that were not timed."""
    task, atoms = question.task, question.atoms
    cards = [item.card for item in startable]
    laws = fitted_costs(startable, measured, task, atoms)
    expected = expected_costs(
        cards,
        machine,
        own_timings_of(startable, measured, laws),
        catalogue=question.catalogue,
        structure=task.structure,
        pairs_per_atom=partial(pairs_of, task, atoms),
        atoms=task.atoms,
        shared=shared_here([item for item in startable if item.card.id not in laws], machine).sets,
    )
    untimed = {
        item.card.id: expected_cost(item, expected[item.card.id]) for item in startable if item.card.id in expected
    }
    timed = costs_here(startable, measured, laws, atoms=task.atoms)
    return Facts(
        cards={card.id: card for card in cards},
        costs={**untimed, **{model: one for model, one in timed.items() if one.costs is not None}},
        evidence={card.id: evidence.get(card.id) or evidence_of(card) for card in cards},
        stability=tests_here(startable, task),
        memory_bytes=usable_memory_bytes(machine, default_settings(machine)),
        trainings=trainings_of(cards),
        atoms=atoms,
    )


def _left_out(ranking: Sequence[Candidate], task: Task) -> dict[str, Doubt]:
    """Return the models that need not be timed, and why.

    One that is far too slow is left out only where another one is sure to end in time: else it may be a teacher.
    """
    timings = [
        CandidateTiming(
            model=one.model,
            accuracy=one.accuracy,
            usable=one.weights is Weights.PRETRAINED and not one.rejections,
            run_time_s=one.run_time_s,
            sizes=FEWEST_SIZES,
        )
        for one in ranking
    ]
    in_time = next((one.model for one in timings if one.usable and one.ends_within(task.budget_s)), None)
    found: dict[str, Doubt] = {}
    for one in timings:
        ground = ground_to_stop(one, timings, budget_s=task.budget_s)
        if ground is not None and ground.beaten_by is not None:
            kind, name = ReasonKind.EXPECTED_BEATEN, ground.beaten_by
        elif ground is not None and in_time is not None:
            kind, name = ReasonKind.EXPECTED_TOO_LONG, in_time
        else:
            continue
        found[one.model] = Doubt(kind=kind, model=one.model, value=one.run_time_s, names=(name,))
    return found
