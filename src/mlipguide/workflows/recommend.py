"""``mlipguide recommend``: which model to run for a task, from measurements on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mlipguide.advice.assumptions import assumption_notices
from mlipguide.advice.caveats import caveats_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.decision import leading_candidate
from mlipguide.advice.explanation import reasons_for_choice, reasons_for_none, reasons_for_strategy
from mlipguide.advice.plans import next_commands, plan_for
from mlipguide.advice.ranking import choose
from mlipguide.advice.stakes import Contender, settled
from mlipguide.advice.strategies import cheapest_test, is_untested
from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.protocol import load_protocol
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.catalog.topics import load_knowledge
from mlipguide.core.errors import ExitCode
from mlipguide.core.units import WALL_TIME
from mlipguide.costmodel.costs import costs_from
from mlipguide.costmodel.workloads import run_time_of
from mlipguide.environments.recipes import load_recipes
from mlipguide.evidence.published import evidence_of
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.records.advice import Candidate, Recommendation
from mlipguide.records.hardware_profile import HardwareProfile
from mlipguide.records.machine import Machine
from mlipguide.records.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.task import Task
from mlipguide.sessions.interface import Conditions
from mlipguide.structures.signs import find_signs
from mlipguide.workflows.candidates import (
    Preparation,
    Prepared,
    default_settings,
    fetch_missing_weights,
    find_given_weights,
    lacks_weights,
    prepare_candidates,
)
from mlipguide.workflows.hardware_answers import answers_elsewhere, known_costs_of, memory_of, with_plain_memory
from mlipguide.workflows.judging import judged
from mlipguide.workflows.measuring import MeasuringContext, measure, usable_memory_bytes
from mlipguide.workflows.needs import names_in
from mlipguide.workflows.recalling import MeasuredModels, lacking, recall, sharing
from mlipguide.workflows.refusals import refuse_nothing
from mlipguide.workflows.request_words import SUBJECT, request_words
from mlipguide.workflows.run_options import RunOptions
from mlipguide.workflows.run_script import ScriptContext, find_named, with_script
from mlipguide.workflows.script_files import ScriptRequest, require_writable
from mlipguide.workflows.script_texts import require_kind
from mlipguide.workflows.strategies import known_for, priced_strategies
from mlipguide.workflows.task_request import MEASURE_BUDGET, TaskRequest, build_task, load_structure


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``recommend`` goes about its work.

    Attributes:
        remeasure: Measure again what is in the store.
        measure: Whether anything may be measured; otherwise earlier measurements must do, those on other
            structures included.
        script: A script for the production run that is to be written; None for none.
    """

    remeasure: bool = False
    measure: bool = True
    script: ScriptRequest | None = None


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
    weights = find_given_weights(catalogue, options.weights)
    atoms, structure, structure_notices = load_structure(request)
    task = build_task(request, structure, find_signs(atoms))
    if options.script is not None:
        require_kind(task, options.script.path, options.script.driver)
    profiles = () if request.hardware is None else parse_profiles(request.hardware)
    options.on_progress("probing the machine", 0.0)
    machine = options.probe()

    possible = [card for card in cards if not card_rejections(card, task)]
    preparation = prepare_candidates(
        possible,
        machine,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
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
        settled=partial(_settled, task=task, fingerprint=machine.fingerprint),
    )
    preparation, measured = _measured(
        preparation, context, options, named={card.id for card in cards} if request.models else frozenset()
    )
    cards_by_id = {card.id: card for card in cards}
    if profiles:
        # Published timings answer where nothing could be timed here.
        options.on_progress("carrying the timings over", 1.0)
        known = known_costs_of(catalogue, machine, task, atoms, given_weights=weights)
        answers = answers_elsewhere(cards, profiles, known, task)
        best = answers[0]
        memory_bytes = memory_of(best.profile)
        recommendation = replace(
            _answer(
                task,
                machine,
                best.candidates,
                cards_by_id,
                request,
                memory_bytes=memory_bytes,
                profile=best.profile,
            ),
            hardware=answers,
        )
    else:
        refuse_nothing(preparation, measured)
        memory_bytes = usable_memory_bytes(machine, default_settings(machine))
        candidates = judged(cards, preparation, measured, task, atoms, memory_bytes=memory_bytes)
        recommendation = _answer(task, machine, candidates, cards_by_id, request, memory_bytes=memory_bytes)
    notices = (
        *catalogue.notices,
        *structure_notices,
        *assumption_notices(task, asked_of_models=request.models is not None),
        *_preparation_notices(preparation, elsewhere=bool(profiles)),
        *measured.notices,
    )
    result = Result(
        recommendation,
        notices=(*notices, *_reuse_notices(measured)),
        errors=(*preparation.problems, *measured.problems),
        exit_code=ExitCode.DONE if recommendation.choice else ExitCode.NOTHING_FEASIBLE,
    )
    if options.script is None:
        return result
    ground = ScriptContext(atoms=atoms, cards=cards_by_id, weights=weights, on_progress=options.on_progress)
    return with_script(result, options.script, ground)


def _chosen_cards(catalogue: Catalogue, request: TaskRequest) -> tuple[ModelCard, ...]:
    names = names_in(request.models)
    return catalogue.select(names) if names else catalogue.cards


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


def _settled(runs: Sequence[CandidateRun], *, task: Task, fingerprint: str) -> list[CandidateRun]:
    """Return the candidates of which more samples would change no decision."""
    conditions = Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True)
    contenders: list[Contender] = []
    for run in runs:
        records = measurements_of(run, structure=task.structure, conditions=conditions, fingerprint=fingerprint)
        usable = run.facts is not None and not run.facts.synthetic
        contenders.append(
            Contender(
                model=run.subject.card.id,
                evidence=evidence_of(run.subject.card),
                usable=usable,
                run_time_s=run_time_of(costs_from(records).step_time_s(task.atoms), task.workload) if records else None,
                sizes=len(records),
            )
        )
    names = settled(contenders, budget_s=task.budget_s)
    return [run for run in runs if run.subject.card.id in names]


def _with_file(item: Prepared, file: Path | None) -> Prepared:
    if file is None:
        return item
    return replace(item, weights_file=file, synthetic=False, obstacle=None if lacks_weights(item) else item.obstacle)


def _answer(
    task: Task,
    machine: Machine,
    candidates: tuple[Candidate, ...],
    cards: Mapping[str, ModelCard],
    request: TaskRequest,
    *,
    memory_bytes: int,
    profile: HardwareProfile | None = None,
) -> Recommendation:
    choice = choose(candidates, task, memory_bytes=memory_bytes)
    leading = leading_candidate(choice, candidates)
    card = None if leading is None else cards[leading.model]
    known = known_for(machine, profile, memory_bytes=memory_bytes, elements=task.structure.elements)
    table = priced_strategies(candidates, task, known, choice=choice, card=card)
    if choice is not None:
        reasons = reasons_for_choice(choice, candidates, task)
    else:
        reasons = reasons_for_none(candidates, task, memory_bytes=memory_bytes)
    test = cheapest_test(task, known) if leading is not None and is_untested(leading) else None
    return Recommendation(
        machine=machine,
        task=task,
        candidates=candidates,
        strategy=table.leading,
        choice=None if choice is None else choice.model,
        plan=plan_for(task, table.price(table.leading), choice, test),
        reasons=(*reasons, *reasons_for_strategy(table)),
        caveats=caveats_for(task, card, candidates, load_knowledge()),
        next_commands=next_commands(
            task, choice, candidates, subject=request_words(request, SUBJECT), buildable=frozenset(load_recipes())
        ),
        strategies=table,
    )


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
