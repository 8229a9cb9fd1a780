"""``mlipguide recommend``: which model to run for a task, from measurements on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.advice.assessment import assess, best_first
from mlipguide.advice.assumptions import assumption_notices
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.early_stopping import runs_to_stop
from mlipguide.advice.facts import Facts
from mlipguide.advice.first_look import choose_contenders
from mlipguide.advice.offers import build_offers, offer_notice, reach_notice
from mlipguide.advice.recommendation import Question, assemble_recommendation
from mlipguide.bench.measuring.costs_here import (
    with_plain_memory,
)
from mlipguide.bench.measuring.gathering import Gathering, gather_timings
from mlipguide.bench.measuring.measuring import MeasuringContext
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.measuring.shared_sets import shared_profile
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, reuse_notices
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.model_names import AVAILABLE, named_cards, startable_ones, usual_cards
from mlipguide.candidates.preparation import (
    NO_CONSENT,
    Consent,
    Preparation,
    find_given_weights,
    prepare_candidates,
)
from mlipguide.candidates.tuned_settings import with_tuned
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.gathered_facts import facts_elsewhere, facts_here, in_batches
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.core.units import WALL_TIME
from mlipguide.environments.recipes import load_recipes
from mlipguide.evidence.accuracy.label_evidence import LabelEvidence, remembered_evidence
from mlipguide.hardware.profiles import alike_notices, parse_profiles
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.first_look import FirstLook
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.recommend import MEASURE_BUDGET, Measuring, TaskRequest
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.axes import Purpose
from mlipguide.report.words.reason_words import reason_words
from mlipguide.sessions.interface import Conditions
from mlipguide.store.stability import unreadable
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import build_task, load_structure

if TYPE_CHECKING:
    from mlipguide.evidence.accuracy.task_labels import TaskLabels
    from mlipguide.production.script_files import ScriptRequest

SO_FAR = Notice("interrupted", "Interrupted: this is the answer by what was measured so far, which is kept.")


@dataclass(frozen=True, kw_only=True)
class Options(Measuring, RunOptions):
    """How ``recommend`` goes about its work.

    Attributes:
        script: A script for the production run that is to be written; None for none.
        on_first_look: Told what can be said of the models before they are timed.
    """

    script: ScriptRequest | None = None
    on_first_look: Callable[[FirstLook], None] = lambda _look: None


@dataclass(frozen=True, kw_only=True)
class Considered:
    """An answer, and what was known of the models for it.

    Attributes:
        result: The answer.
        facts: Of this machine, or of each hardware that was asked for, best first.
    """

    result: Result[Recommendation]
    facts: tuple[Facts, ...]


def recommend(request: TaskRequest, options: Options | None = None) -> Result[Recommendation]:
    """Answer which model to run, with which settings, how long it takes and whether it fits.

    Args:
        request: What the user asks, as texts with units.
        options: How to go about it.

    Raises:
        InputError: The request or the structure cannot be used.
        EnvironmentFailedError: No candidate could be started, for want of environments.
        MeasurementFailedError: Candidates could be started, and none could be measured.
    """
    return consider(request, options).result


def consider(request: TaskRequest, options: Options | None = None) -> Considered:
    """Answer as :func:`recommend`, and tell what the answer stands on."""
    options = options or Options()
    question, labels, read_notices = _read(request, options)
    machine = options.probe()
    question, preparation = _prepared(question, machine, options)
    preparation, measured = _timed(question, preparation, labels, machine, options)
    on_labels = _evidence(question, preparation, None if measured.interrupted else labels, machine, options)
    if question.profiles:
        facts, told = facts_elsewhere(question, on_labels, machine, options.on_progress)
    else:
        here, told = facts_here(question, preparation, measured, on_labels, machine)
        facts = (here,)
    facts, batched = in_batches(question, facts, preparation, machine, scripted=options.script is not None)
    assessments = best_first([assess(question.cards, question.task, one) for one in facts])
    recommendation, unread = assemble_recommendation(question, assessments, machine, reason_words)
    result = Result(
        recommendation,
        notices=(
            *read_notices,
            *_preparation_notices(preparation, elsewhere=bool(question.profiles)),
            *measured.notices,
            *on_labels.notices,
            *unread,
            *unreadable(card.id for card in question.cards),
            *reuse_notices(measured),
            *told,
            *((SO_FAR,) if measured.interrupted else ()),
            *batched,
        ),
        errors=(*preparation.problems, *measured.problems, *on_labels.problems),
        exit_code=ExitCode.DONE if recommendation.can_be_done else ExitCode.NOTHING_FEASIBLE,
    )
    if measured.interrupted:
        result = replace(result, exit_code=ExitCode.INTERRUPTED)
    elif options.script is not None:
        from mlipguide.production.run_script import ScriptContext, with_script

        ground = ScriptContext(
            atoms=question.atoms,
            cards=facts[0].cards,
            weights=question.weights,
            on_progress=options.on_progress,
            words=reason_words,
        )
        result = with_script(result, options.script, ground)
    return Considered(result=result, facts=tuple(one.facts for one in assessments))


def _read(request: TaskRequest, options: Options) -> tuple[Question, TaskLabels | None, tuple[Notice, ...]]:
    """Read everything that was asked through: what is wrong with it is said before anything is timed."""
    catalogue = load_catalogue()
    names = names_in(request.models)
    cards = named_cards(catalogue, names) if names else usual_cards(catalogue)
    if options.script is not None:
        from mlipguide.production.run_script import find_named
        from mlipguide.production.script_files import require_writable

        require_writable(options.script)
        find_named(options.script, {card.id: card for card in cards})
    _measure_budget_s(request)
    weights = find_given_weights(catalogue, options.weights, options.consent)
    atoms, structure, structure_notices = load_structure(request)
    task = build_task(request, structure, find_signs(atoms))
    if options.script is not None:
        from mlipguide.production.script_texts import require_kind

        require_kind(task, options.script.path, options.script.driver)
    labels = _labels(request, task, options)
    profiles = () if request.hardware is None else parse_profiles(request.hardware, further=shared_profile)
    if profiles and task.additions:
        raise InputError(
            f"--add {request.add} with --hardware: what it costs was timed on no other hardware.",
            hint="Ask for other hardware without it, and time it there.",
        )
    question = Question(
        request=request,
        task=task,
        atoms=atoms,
        cards=cards,
        weights=weights,
        profiles=profiles,
        catalogue=catalogue,
        buildable=frozenset(load_recipes()) if request.models and not profiles else frozenset(),
    )
    notices = (
        *catalogue.notices,
        *structure_notices,
        *alike_notices(profiles),
        *assumption_notices(task, asked_of_models=request.models is not None),
    )
    return question, labels, notices


def _measure_budget_s(request: TaskRequest) -> float:
    return WALL_TIME.parse(request.measure_budget or MEASURE_BUDGET, option="--measure-budget")


def _labels(request: TaskRequest, task: Task, options: Options) -> TaskLabels | None:
    keys = request.label_keys
    if request.labels is None:
        return None
    from mlipguide.evidence.accuracy.task_labels import read_task_labels

    path = Path(request.labels).expanduser()
    return read_task_labels(
        path, task.structure, keys=keys, budget=request.labels_budget, on_progress=options.on_progress
    )


def _prepared(question: Question, machine: Machine, options: Options) -> tuple[Question, Preparation]:
    """Return what can be started of the models that their cards do not rule out: with ``available`` no others count."""
    only_startable = AVAILABLE in names_in(question.request.models)
    offers = () if question.request.models else build_offers(question.cards, question.task)
    preparation = prepare_candidates(
        [card for card in question.cards if not card_rejections(card, question.task)],
        machine,
        given_weights=question.weights,
        consent=_consent(question, options),
        on_progress=lambda message: options.on_progress(message, 0.0),
        worth_building=None if question.request.models else [one.recipe.backend for one in offers],
    )
    if not question.request.models and not question.profiles:
        ready = {item.card.backend for item in preparation.candidates if item.environment.python is not None}
        left = [one for one in offers if one.recipe.backend not in ready]
        question = replace(question, buildable=frozenset(one.recipe.backend for one in left))
        told = (*offer_notice(left, question.task), *reach_notice(question.cards, question.task))
        preparation = replace(preparation, notices=(*preparation.notices, *told))
    if question.profiles:
        preparation = replace(preparation, candidates=with_plain_memory(preparation.candidates))
    else:
        purpose = Purpose.MD if question.task.kind is TaskKind.MD else Purpose.SCREEN
        preparation = with_tuned(preparation, machine, purpose, atoms=question.task.atoms)
        preparation = with_additions(
            preparation,
            question.task.additions,
            consent=_consent(question, options),
            on_progress=lambda message: options.on_progress(message, 0.0),
        )
    if only_startable:
        preparation = startable_ones(preparation)
        question = replace(question, cards=tuple(item.card for item in preparation.candidates) or question.cards)
    return question, preparation


def _consent(question: Question, options: Options) -> Consent:
    return NO_CONSENT if AVAILABLE in names_in(question.request.models) else options.consent


def _timed(
    question: Question, preparation: Preparation, labels: TaskLabels | None, machine: Machine, options: Options
) -> tuple[Preparation, MeasuredModels]:
    """Return what was measured of the candidates, now or earlier."""
    task = question.task
    evidence: Mapping[str, Evidence] | None = None  # while the labels given are still to be used
    if labels is None:
        evidence = _remembered(question, preparation, options).by_model
    context = MeasuringContext(
        machine=machine,
        atoms=question.atoms,
        structure=task.structure,
        wanted_atoms=task.atoms,
        conditions=Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True),
        budget_s=_measure_budget_s(question.request),
        on_progress=options.on_progress,
        on_timing=options.on_timing,
        opener=options.opener,
        wait=options.wait,
        each=options.each,
        settled=partial(runs_to_stop, task=task, fingerprint=machine.fingerprint, evidence=evidence),
    )
    how = Gathering(
        remeasure=options.remeasure,
        measure=options.measure,
        named={card.id for card in question.cards} if question.request.models else frozenset(),
        consent=_consent(question, options),
        choose=partial(
            choose_contenders,
            question=question,
            machine=machine,
            evidence=evidence,
            each=options.each,
            on_look=options.on_first_look,
        ),
        until_interrupted=True,
    )
    return gather_timings(preparation, context, how)


def _evidence(
    question: Question, preparation: Preparation, labels: TaskLabels | None, machine: Machine, options: Options
) -> LabelEvidence:
    """Return the errors of models on labels of the system: those given, else those of earlier evaluations."""
    if labels is None:
        return _remembered(question, preparation, options)
    from mlipguide.evidence.accuracy.task_labels import evidence_on_labels

    return evidence_on_labels(
        labels, preparation.candidates, machine=machine, opener=options.opener, on_progress=options.on_progress
    )


def _remembered(question: Question, preparation: Preparation, options: Options) -> LabelEvidence:
    if not options.stored_labels:
        return LabelEvidence()
    return remembered_evidence(preparation.candidates, question.task.structure)


def _preparation_notices(preparation: Preparation, *, elsewhere: bool) -> tuple[Notice, ...]:
    """Return what there is to say of backends; that some cannot run here does not matter for other hardware."""
    return tuple(one for one in preparation.notices if not (elsewhere and one.kind == "backend_unknown"))
