"""``mlipguide recommend``: which model to run for a task, from measurements on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.advice.caveats import caveats_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.explanation import reasons_for_choice, reasons_for_none, strategy_for
from mlipguide.advice.judgement import Findings, judge
from mlipguide.advice.plans import next_commands, plan_for
from mlipguide.advice.ranking import choose, could_serve, ranked
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.errors import ExitCode
from mlipguide.core.units import WALL_TIME
from mlipguide.costmodel.costs import costs_from, ns_per_day
from mlipguide.evidence.published import evidence_of
from mlipguide.records.advice import Candidate, Recommendation, Rejection
from mlipguide.records.machine import Machine
from mlipguide.records.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.task import Task
from mlipguide.sessions.interface import Conditions
from mlipguide.workflows.candidates import (
    Preparation,
    Prepared,
    default_settings,
    fetch_missing_weights,
    find_given_weights,
    prepare_candidates,
)
from mlipguide.workflows.measuring import (
    MeasuredModels,
    MeasuringContext,
    lacking,
    measure,
    recall,
    usable_memory_bytes,
)
from mlipguide.workflows.refusals import refuse_nothing
from mlipguide.workflows.run_options import RunOptions
from mlipguide.workflows.task_request import MEASURE_BUDGET, TaskRequest, build_task, load_structure, names_in


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``recommend`` goes about its work.

    Attributes:
        remeasure: Measure again what is in the store.
    """

    remeasure: bool = False


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
    budget_s = WALL_TIME.parse(request.measure_budget or MEASURE_BUDGET, option="--measure-budget")
    weights = find_given_weights(catalogue, options.weights)
    atoms, structure, structure_notices = load_structure(request)
    task = build_task(request, structure)
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
    context = MeasuringContext(
        machine=machine,
        atoms=atoms,
        structure=structure,
        wanted_atoms=task.atoms,
        conditions=Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True),
        budget_s=budget_s,
        on_progress=options.on_progress,
        opener=options.opener,
    )
    preparation, measured = _measured(preparation, context, options)
    refuse_nothing(preparation, measured)

    memory_bytes = usable_memory_bytes(machine, default_settings(machine))
    candidates = _judged(cards, preparation, measured, task, memory_bytes)
    cards_by_id = {card.id: card for card in cards}
    recommendation = _answer(task, machine, candidates, cards_by_id, request, memory_bytes=memory_bytes)
    notices = (
        *catalogue.notices,
        *structure_notices,
        *_assumption_notices(task),
        *preparation.notices,
        *measured.notices,
    )
    return Result(
        recommendation,
        notices=(*notices, *_reuse_notices(measured)),
        errors=(*preparation.problems, *measured.problems),
        exit_code=ExitCode.DONE if recommendation.choice else ExitCode.NOTHING_FEASIBLE,
    )


def _chosen_cards(catalogue: Catalogue, request: TaskRequest) -> tuple[ModelCard, ...]:
    names = names_in(request.models)
    return catalogue.select(names) if names else catalogue.cards


def _measured(
    preparation: Preparation, context: MeasuringContext, options: Options
) -> tuple[Preparation, MeasuredModels]:
    candidates = preparation.candidates
    measured = MeasuredModels() if options.remeasure else recall(candidates, context)
    missing = lacking(candidates, measured, context)
    files, notices = fetch_missing_weights(
        missing, consent=options.consent, on_progress=lambda message: options.on_progress(message, 0.0)
    )
    if files:
        candidates = tuple(_with_file(item, files.get(item.card.id)) for item in candidates)
        missing = tuple(_with_file(item, files.get(item.card.id)) for item in missing)
    if missing:
        options.on_progress(
            f"measuring {len(missing)} models: up to {context.budget_s:.0f} s of steps, and loading", 0.0
        )
        measure(missing, measured, context)
    return Preparation(candidates, (*preparation.notices, *notices), preparation.problems), measured


def _with_file(item: Prepared, file: Path | None) -> Prepared:
    return item if file is None else replace(item, weights_file=file, synthetic=False)


def _judged(
    cards: Sequence[ModelCard],
    preparation: Preparation,
    measured: MeasuredModels,
    task: Task,
    memory_bytes: int,
) -> tuple[Candidate, ...]:
    prepared = {item.card.id: item for item in preparation.candidates}
    judged = [
        judge(_findings(card, prepared.get(card.id), measured, task, memory_bytes), task, memory_bytes=memory_bytes)
        for card in cards
    ]
    return ranked(judged)


def _findings(
    card: ModelCard, item: Prepared | None, measured: MeasuredModels, task: Task, memory_bytes: int
) -> Findings:
    evidence = evidence_of(card)
    if item is None:
        unknown = Rejection("backend", f"Not timed: there is no backend '{card.backend}' here.")
        ruled_out = card_rejections(card, task)
        return Findings(card=card, evidence=evidence, unmeasured_because=None if ruled_out else unknown)
    kind = item.environment.kind.value if item.environment.python else None
    records = measured.by_model.get(card.id)
    burst_at = measured.out_of_memory_at.get(card.id)
    if not records or (burst_at is not None and burst_at <= task.atoms):
        return Findings(
            card=card, evidence=evidence, environment=kind, unmeasured_because=_why_unmeasured(item, measured)
        )
    costs = costs_from(records)
    step_time = costs.step_time_s(task.atoms)
    return Findings(
        card=card,
        evidence=evidence,
        environment=kind,
        settings=item.settings,
        weights=records[-1].weights,
        step_time_s=step_time,
        ns_per_day=ns_per_day(step_time, timestep_s=task.timestep_s),
        peak_memory_bytes=costs.peak_memory_bytes(task.atoms),
        max_atoms=costs.largest_system_atoms(memory_bytes),
        affordable_atoms=costs.affordable_atoms(steps=task.steps, budget_s=task.budget_s),
        measured=costs.records,
    )


def _why_unmeasured(item: Prepared, measured: MeasuredModels) -> Rejection:
    if item.obstacle is not None:
        return item.obstacle
    size = measured.out_of_memory_at.get(item.card.id)
    if size is not None:
        return Rejection("memory", f"It ran out of memory at {size} atoms.")
    failure = measured.failures.get(item.card.id)
    return Rejection("measurement", "Not timed." if failure is None else f"Not timed: {failure.message}")


def _answer(
    task: Task,
    machine: Machine,
    candidates: tuple[Candidate, ...],
    cards: Mapping[str, ModelCard],
    request: TaskRequest,
    *,
    memory_bytes: int,
) -> Recommendation:
    choice = choose(candidates, task, memory_bytes=memory_bytes)
    leading = choice or next((candidate for candidate in candidates if could_serve(candidate)), None)
    strategy = strategy_for(choice, candidates)
    if choice is not None:
        reasons = reasons_for_choice(choice, candidates, task)
    else:
        reasons = reasons_for_none(candidates, task, memory_bytes=memory_bytes)
    return Recommendation(
        machine=machine,
        task=task,
        candidates=candidates,
        strategy=strategy,
        choice=None if choice is None else choice.model,
        plan=plan_for(task, strategy, choice, leading),
        reasons=reasons,
        caveats=caveats_for(task, None if leading is None else cards[leading.model], candidates),
        next_commands=next_commands(task, choice, candidates, subject=_subject_words(request)),
    )


def _subject_words(request: TaskRequest) -> str:
    """Return the part of the command line that names the structure and the conditions."""
    words = ["--preset", request.preset] if request.preset else [str(request.structure)]
    if request.index is not None:
        words += ["--index", request.index]
    for name in ("timestep", "temperature", "budget", "needs", "models"):
        value = getattr(request, name)
        if value is not None:
            words += [f"--{name}", value]
    return shlex.join(words) + (" --commercial" if request.commercial else "")


def _assumption_notices(task: Task) -> tuple[Notice, ...]:
    words = {
        "atoms": f"--atoms {task.atoms} (as in the structure)",
        "time": f"--time {task.simulated_time_s * 1e12:g}ps",
        "timestep": f"--timestep {task.timestep_s * 1e15:g}fs",
        "temperature": f"--temperature {task.temperature_k:g}K",
        "budget": f"--budget {task.budget_s / 3600:g}h",
    }
    if not task.assumed:
        return ()
    return (Notice("assumed", f"Assumed, for want of an answer: {', '.join(words[name] for name in task.assumed)}."),)


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
