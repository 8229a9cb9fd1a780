"""``mlipguide recommend``: which model to run for a task, from measurements on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.answering import Question, answered
from mlipguide.advice.assumptions import assumption_notices
from mlipguide.advice.candidate_step import at_step, step_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.hardware_answers import answers_elsewhere, known_costs_of, memory_of, with_plain_memory
from mlipguide.advice.judging import judged, label_steps
from mlipguide.advice.known_stability import known_stability
from mlipguide.advice.label_evidence import (
    LabelEvidence,
    TaskLabels,
    evidence_on_labels,
    read_task_labels,
    remembered_evidence,
)
from mlipguide.advice.stakes import Contender, settled
from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.measuring.measuring import MeasuringContext, measure, usable_memory_bytes
from mlipguide.bench.measuring.refusals import refuse_nothing
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, lacking, recall, sharing
from mlipguide.bench.protocol import load_protocol
from mlipguide.candidates.model_names import AVAILABLE, named_cards, startable_ones, usual_cards
from mlipguide.candidates.preparation import (
    NO_CONSENT,
    Preparation,
    Prepared,
    default_settings,
    fetch_missing_weights,
    find_given_weights,
    lacks_weights,
    prepare_candidates,
)
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.commands.hardware import alike_notices
from mlipguide.core.errors import ExitCode
from mlipguide.core.units import WALL_TIME
from mlipguide.costmodel.costs import costs_from
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.production.run_script import ScriptContext, find_named, with_script
from mlipguide.production.script_files import ScriptRequest, require_writable
from mlipguide.production.script_texts import require_kind
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.task.task import Task
from mlipguide.sessions.interface import Conditions
from mlipguide.store.stability import unreadable
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import MEASURE_BUDGET, TaskRequest, build_task, load_structure
from mlipguide.tasks.workloads import run_time_of


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``recommend`` goes about its work.

    Attributes:
        remeasure: Measure again what is in the store.
        measure: Whether anything may be measured; otherwise earlier measurements must do, those on other
            structures included.
        script: A script for the production run that is to be written; None for none.
        stored_labels: Whether evaluations on labels of the same system that are in the store count.
    """

    remeasure: bool = False
    measure: bool = True
    script: ScriptRequest | None = None
    stored_labels: bool = True


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
    options = options or Options()
    options.on_progress("reading the structure", 0.0)
    catalogue = load_catalogue()
    cards = _chosen_cards(catalogue, request)
    if options.script is not None:
        require_writable(options.script)
        find_named(options.script, {card.id: card for card in cards})
    budget_s = WALL_TIME.parse(request.measure_budget or MEASURE_BUDGET, option="--measure-budget")
    weights = find_given_weights(catalogue, options.weights, options.consent)
    atoms, structure, structure_notices = load_structure(request)
    task = build_task(request, structure, find_signs(atoms))
    if options.script is not None:
        require_kind(task, options.script.path, options.script.driver)
    labels = _labels(request, task, options)
    profiles = () if request.hardware is None else parse_profiles(request.hardware)
    options.on_progress("probing the machine", 0.0)
    machine = options.probe()

    only_startable = AVAILABLE in names_in(request.models)
    if only_startable:
        options = replace(options, consent=NO_CONSENT)
    preparation = _prepared(cards, task, machine, weights, options)
    if only_startable:
        preparation = startable_ones(preparation)
        cards = tuple(item.card for item in preparation.candidates) or cards
    if profiles:
        preparation = replace(preparation, candidates=with_plain_memory(preparation.candidates))
    context = MeasuringContext(
        machine=machine,
        atoms=atoms,
        structure=structure,
        wanted_atoms=task.atoms,
        conditions=Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True),
        budget_s=budget_s,
        on_progress=options.on_progress,
        opener=options.opener,
        wait=options.wait,
        each=options.each,
        settled=partial(
            _settled,
            task=task,
            fingerprint=machine.fingerprint,
            evidence=_evidence_so_far(labels, preparation, task, options),
        ),
    )
    preparation, measured = _measured(
        preparation, context, options, named={card.id for card in cards} if request.models else frozenset()
    )
    known_errors = _evidence(labels, preparation, task, machine, options)
    cards_by_id = {card.id: card for card in cards}
    question = Question(
        request=request,
        task=task,
        machine=machine,
        cards=cards_by_id,
        weights=weights,
        catalogue=catalogue,
        label_step_s=label_steps(preparation, measured, task, atoms),
    )
    if profiles:
        # Published timings answer where nothing could be timed here.
        options.on_progress("carrying the timings over", 1.0)
        known = known_costs_of(catalogue, machine, task, atoms, given_weights=weights)
        answers = answers_elsewhere(cards, profiles, known, task, known_errors.by_model)
        best = answers[0]
        memory_bytes = memory_of(best.profile)
        recommendation, unread = answered(question, best.candidates, memory_bytes=memory_bytes, profile=best.profile)
        recommendation = replace(recommendation, hardware=answers)
    else:
        refuse_nothing(preparation, measured)
        memory_bytes = usable_memory_bytes(machine, default_settings(machine))
        candidates = judged(
            cards, preparation, measured, task, atoms, memory_bytes=memory_bytes, evidence=known_errors.by_model
        )
        recommendation, unread = answered(question, candidates, memory_bytes=memory_bytes)
    notices = (
        *catalogue.notices,
        *structure_notices,
        *alike_notices(profiles),
        *assumption_notices(task, asked_of_models=request.models is not None),
        *_preparation_notices(preparation, elsewhere=bool(profiles)),
        *measured.notices,
        *known_errors.notices,
        *unread,
        *unreadable(card.id for card in cards),
    )
    result = Result(
        recommendation,
        notices=(*notices, *_reuse_notices(measured)),
        errors=(*preparation.problems, *measured.problems, *known_errors.problems),
        exit_code=ExitCode.DONE if recommendation.can_be_done else ExitCode.NOTHING_FEASIBLE,
    )
    if options.script is None:
        return result
    ground = ScriptContext(atoms=atoms, cards=cards_by_id, weights=weights, on_progress=options.on_progress)
    return with_script(result, options.script, ground)


def _labels(request: TaskRequest, task: Task, options: Options) -> TaskLabels | None:
    """Return the labels that the user gave, read through: what is wrong with them is said before anything is timed."""
    keys = request.label_keys
    if request.labels is None:
        return None
    path = Path(request.labels).expanduser()
    return read_task_labels(
        path, task.structure, keys=keys, budget=request.labels_budget, on_progress=options.on_progress
    )


def _prepared(
    cards: Sequence[ModelCard], task: Task, machine: Machine, weights: Mapping[str, Path], options: Options
) -> Preparation:
    """Return what can be started of the models that their cards do not rule out."""
    return prepare_candidates(
        [card for card in cards if not card_rejections(card, task)],
        machine,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )


def _evidence(
    labels: TaskLabels | None, preparation: Preparation, task: Task, machine: Machine, options: Options
) -> LabelEvidence:
    """Return the errors of models on labels of the system: those given, else those of earlier evaluations."""
    if labels is None:
        if not options.stored_labels:
            return LabelEvidence()
        return remembered_evidence(preparation.candidates, task.structure)
    return evidence_on_labels(
        labels,
        preparation.candidates,
        machine=machine,
        opener=options.opener,
        on_progress=options.on_progress,
    )


def _chosen_cards(catalogue: Catalogue, request: TaskRequest) -> tuple[ModelCard, ...]:
    names = names_in(request.models)
    return named_cards(catalogue, names) if names else usual_cards(catalogue)


def _measured(
    preparation: Preparation, context: MeasuringContext, options: Options, *, named: AbstractSet[str]
) -> tuple[Preparation, MeasuredModels]:
    candidates, fingerprint = preparation.candidates, context.machine.fingerprint
    if options.remeasure:
        measured = MeasuredModels()
    else:
        measured = recall(candidates, fingerprint, context.structure, each=options.each)
    if not options.measure:
        return preparation, measured
    protocol = load_protocol()
    missing = lacking(candidates, measured, context.ladder(protocol), budget_s=context.budget_s, protocol=protocol)
    files, notices = fetch_missing_weights(
        [*missing, *(item for item in candidates if lacks_weights(item))],
        named=named,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    if files:
        candidates = tuple(_with_file(item, files.get(item.card.id)) for item in candidates)
        missing = lacking(candidates, measured, context.ladder(protocol), budget_s=context.budget_s, protocol=protocol)
    if missing:
        groups = len(sharing(missing, each=options.each))
        options.on_progress(
            f"timing {groups} model{'s' if groups > 1 else ''} on this machine: at most {context.budget_s:.0f} s, "
            "loading included (--measure-budget)",
            0.0,
        )
        measure(missing, measured, context, protocol)
    return Preparation(candidates, (*preparation.notices, *notices), preparation.problems), measured


def _evidence_so_far(
    labels: TaskLabels | None, preparation: Preparation, task: Task, options: Options
) -> Mapping[str, Evidence] | None:
    """Return the errors that are known before anything is timed; None while the labels given are still to be used."""
    if labels is not None:
        return None
    return remembered_evidence(preparation.candidates, task.structure).by_model if options.stored_labels else {}


def _settled(
    runs: Sequence[CandidateRun], *, task: Task, fingerprint: str, evidence: Mapping[str, Evidence] | None
) -> list[CandidateRun]:
    """Return the candidates of which more samples would change no decision.

    Args:
        runs: Of the candidates that are being measured.
        task: What is wanted.
        fingerprint: Of the machine.
        evidence: Errors on labels, by model; None where they come after the measuring, so that nothing published may
            end it.
    """
    conditions = Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True)
    contenders: list[Contender] = []
    for run in runs:
        records = measurements_of(run, structure=task.structure, conditions=conditions, fingerprint=fingerprint)
        usable = run.facts is not None and not run.facts.synthetic
        card = run.subject.card
        own = at_step(task, step_for(task, known_stability(card.id, task)).seconds)
        known = None if evidence is None else evidence.get(card.id, evidence_of(card))
        contenders.append(
            Contender(
                model=card.id,
                accuracy=None if known is None else place_of(known, card, task),
                usable=usable,
                run_time_s=run_time_of(costs_from(records).step_time_s(task.atoms), own.workload) if records else None,
                sizes=len(records),
            )
        )
    names = settled(contenders, budget_s=task.budget_s)
    return [run for run in runs if run.subject.card.id in names]


def _with_file(item: Prepared, file: Path | None) -> Prepared:
    if file is None:
        return item
    return replace(item, weights_file=file, synthetic=False, obstacle=None if lacks_weights(item) else item.obstacle)


def _preparation_notices(preparation: Preparation, *, elsewhere: bool) -> tuple[Notice, ...]:
    """Return what there is to say of backends; that some cannot run here does not matter for other hardware."""
    return tuple(one for one in preparation.notices if not (elsewhere and one.kind == "backend_unknown"))


def _reuse_notices(measured: MeasuredModels) -> tuple[Notice, ...]:
    if not measured.reused:
        return ()
    models = sorted({record.model for record in measured.reused})
    latest = max(record.taken_at for record in measured.reused)
    return (
        Notice(
            "reused",
            f"Measured earlier on this machine, the last on {latest[:16].replace('T', ' ')} UTC, and used again: "
            f"{', '.join(models)}. --remeasure measures afresh.",
        ),
    )
