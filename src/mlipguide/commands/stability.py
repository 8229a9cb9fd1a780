"""``mlipguide stability``: do a model's energies and forces make a stable run of this structure?"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from mlipguide.bench.measuring.measuring import session_request
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.identity import identity_of
from mlipguide.candidates.neighbours_seen import seen, without_blind
from mlipguide.candidates.preparation import Prepared, find_given_weights, prepare_candidates
from mlipguide.catalog.additions import OPTION, parse_additions
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.paths import logs_dir, make_folder, stability_dir
from mlipguide.core.readable import duration
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.core.units import SIMULATED_TIME, TEMPERATURE, WALL_TIME
from mlipguide.evidence.stability.dynamics import FLEW_APART, RUN_FORM, DynamicResults, dynamic_tests
from mlipguide.evidence.stability.plan import (
    STATIC_EVALUATIONS,
    THERMALISING,
    Cell,
    Lengths,
    cell_form,
    choose_cell,
    choose_lengths,
)
from mlipguide.evidence.stability.results import without_value
from mlipguide.evidence.stability.runs import Subject, piece_steps, start_form, thermalise
from mlipguide.evidence.stability.statics import StaticResults, static_tests
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, ModelStability, StabilityData, overall
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.records.requests.measuring import STABILITY_BUDGET, StabilityChoices
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.sessions.errors import HINTS, FailureKind
from mlipguide.sessions.interface import ModelSession
from mlipguide.store import stability as store
from mlipguide.store.unfinished import Form, Unfinished, form_of, taking_up
from mlipguide.structures.digests import structure_digest
from mlipguide.structures.isotopes import masses_of
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure
from mlipguide.tasks.time_step import propose_timestep

if TYPE_CHECKING:
    from ase import Atoms

STATICS, LENGTHS = form_of(StaticResults), form_of(Lengths)
RANDOM_WEIGHTS = "its weights are not on this machine, and random ones have no forces worth testing"
RATTLE_ANGSTROM = 0.05
TIMES_AS_LONG = 2.0
"""A budget to try after one that was too short, over what the shortest tests took; a judgement."""


@dataclass(frozen=True, kw_only=True)
class Options(StabilityChoices, RunOptions):
    """How ``stability`` goes about its work, as the user wrote it."""


TESTED: Form[tuple[ModelStability, bool]] = Form(
    lambda tested: {"stability": to_plain(tested[0]), "short": tested[1]},
    lambda kept: (from_plain(ModelStability, kept["stability"], what="kept tests"), bool(kept["short"])),
)


@dataclass(frozen=True, kw_only=True)
class _Conditions:
    structure: StructureSummary
    atoms: Atoms
    temperature_k: float
    timestep_s: float


@dataclass(frozen=True)
class _Part:
    """One model's part of a run.

    Attributes:
        run: What is kept of it.
        position: Of the model.
        models: How many there are.
    """

    run: Unfinished
    position: int
    models: int

    def name(self, step: str) -> str:
        """Return what a step of this model is kept as."""
        return f"{self.position:02d}-{step}"


def stability(request: TaskRequest, options: Options | None = None) -> Result[StabilityData]:
    """Test models on a structure; what is found is stored and used by ``recommend``.

    Args:
        request: Names the structure, the models, the temperature and the time step.
        options: How to go about it.

    Raises:
        InputError: The structure, a quantity or a model's name cannot be used.
        EnvironmentFailedError: A worker cannot be started for want of an environment.
        MeasurementFailedError: No model could be tested.
    """
    options = options or Options()
    catalogue = load_catalogue()
    names = names_in(request.models)
    if not names:
        raise InputError("stability needs models to test.", hint="For example --models sevennet-0,chgnet-0.3.0")
    cards = catalogue.select(tuple(names))
    additions = parse_additions(request.add)
    budget_s = WALL_TIME.parse(options.budget or STABILITY_BUDGET, option="--budget")
    temperature_k = TEMPERATURE.parse(request.temperature or DEFAULTS["temperature"], option="--temperature")
    weights = find_given_weights(catalogue, options.weights, options.consent)
    options.on_progress("reading the structure", 0.0)
    atoms, structure, structure_notices = load_structure(request)
    notices = [*catalogue.notices, *structure_notices]
    if request.timestep is None:
        proposed = propose_timestep(structure.elements, temperature_k, masses_of(atoms))
        timestep_s = proposed.seconds
        notices.append(
            Notice("assumed", f"Assumed --timestep {timestep_s * 1e15:g}fs ({proposed.reason}); give it to test yours.")
        )
    else:
        timestep_s = SIMULATED_TIME.parse(request.timestep, option="--timestep")
    machine = options.probe()
    preparation = prepare_candidates(
        cards,
        machine,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    preparation = without_blind(preparation, atoms, structure)
    preparation = with_additions(
        preparation,
        additions,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    make_folder(stability_dir())  # refused now rather than after minutes of testing
    make_folder(logs_dir())
    conditions = _Conditions(structure=structure, atoms=atoms, temperature_k=temperature_k, timestep_s=timestep_s)
    problems = [*preparation.problems]
    refused = [(item, _refusal(item)) for item in preparation.candidates]
    ready = [_with_threads(item, options.threads) for item, why in refused if why is None]
    problems += [why for _, why in refused if why is not None]
    results, told, failed = _all_tested(ready, machine, conditions, options, budget_s)
    notices += told
    problems += failed
    if not results:
        first = problems[0] if problems else Problem("backend_unknown", "Nothing here runs these models.", "")
        raise MeasurementFailedError(
            f"Nothing could be tested: {first.message}", hint=first.hint, kind=first.kind, model=first.model
        )
    data = StabilityData(
        structure=structure,
        temperature_k=temperature_k,
        timestep_s=timestep_s,
        budget_s=budget_s,
        results=tuple(results),
    )
    return Result(data, notices=(*notices, *preparation.notices), errors=tuple(problems))


def _all_tested(
    ready: Sequence[Prepared], machine: Machine, conditions: _Conditions, options: Options, budget_s: float
) -> tuple[list[ModelStability], list[Notice], list[Problem]]:
    """Test models one after the other, from where an interrupted run of the same question ended."""
    question = {
        "structure": structure_digest(conditions.atoms),
        "temperature_k": conditions.temperature_k,
        "timestep_s": conditions.timestep_s,
        "budget_s": budget_s,
        "threads": options.threads,
        "models": [identity_of(item) for item in ready],
    }
    results: list[ModelStability] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    with taking_up("stability", question) as run:
        begin = time.monotonic()
        for position, item in enumerate(ready):
            left_s = budget_s - run.taken_up_s - (time.monotonic() - begin)
            share_s = max(budget_s / (4 * len(ready)), left_s / (len(ready) - position))
            part = _Part(run, position, len(ready))
            test = partial(_tested, item, machine, conditions, options, budget_s=share_s, part=part)
            try:
                found, short = run.remember(part.name("tests"), test, TESTED)
            except MeasurementFailedError as error:
                problems.append(Problem.from_error(error, model=item.card.id))
                continue
            results.append(found)
            if short:
                notices.append(
                    Notice(
                        "short_runs",
                        f"{item.card.id}: a budget of {duration(share_s)} allows only the shortest runs from which a "
                        f"drift can be told, which took {duration(found.wall_time_s)} with loading; --budget "
                        f"{_longer(budget_s, found.wall_time_s * len(ready))} narrows the intervals.",
                    )
                )
    notices += run.notices(f"A part of these tests ({duration(run.taken_up_s)}) was done")
    return results, notices, problems


def _with_threads(item: Prepared, threads: int | None) -> Prepared:
    return item if threads is None else replace(item, settings=replace(item.settings, threads=threads))


def _refusal(item: Prepared) -> Problem | None:
    if item.obstacle is not None and item.obstacle.constraint is Constraint.CUTOFF:
        return Problem(
            Constraint.CUTOFF.value,
            f"{item.card.id} was not tested: {item.obstacle.message}",
            HINTS[FailureKind.NO_NEIGHBOURS],
            model=item.card.id,
        )
    if item.obstacle is not None and item.obstacle.constraint is Constraint.ADDITION:
        return Problem(
            Constraint.ADDITION.value,
            f"{item.card.id} was not tested: {item.obstacle.message}",
            f"Test it without {OPTION}, or name other models.",
            model=item.card.id,
        )
    if item.obstacle is not None:
        return Problem(
            item.obstacle.constraint.value,
            f"{item.card.id} was not tested: {item.obstacle.message}",
            f"Give its checkpoint with --weights {item.card.id}=FILE, or build the environment of its backend: "
            f"mlipguide env build {item.card.backend}",
            model=item.card.id,
        )
    if item.synthetic:
        return _synthetic(item)
    return None


def _synthetic(item: Prepared) -> Problem:
    return Problem(
        "synthetic_weights",
        f"{item.card.id} was not tested: {RANDOM_WEIGHTS}.",
        f"Give its checkpoint with --weights {item.card.id}=FILE, or let it be downloaded with --yes in recommend.",
        item.card.id,
    )


def _tested(
    item: Prepared,
    machine: Machine,
    conditions: _Conditions,
    options: Options,
    *,
    budget_s: float,
    part: _Part,
) -> tuple[ModelStability, bool]:
    """Test a model and store what is found; return it, and whether only the shortest runs were possible."""
    begin, before_s = time.monotonic(), part.run.taken_up_s
    position, models = part.position, part.models
    options.on_progress(f"{item.card.id}: loading", position / models)
    session = options.opener(session_request(item, machine))
    try:
        if session.facts.synthetic:
            refusal = _synthetic(item)
            raise MeasurementFailedError(refusal.message, hint=refusal.hint, kind=refusal.kind)
        options.on_progress(f"{item.card.id}: timing an evaluation", position / models)
        seen(item.card.id, session, conditions.atoms)
        left_s = budget_s - (time.monotonic() - begin)
        cell = part.run.remember(
            part.name("cell"), lambda: choose_cell(session, conditions.atoms, left_s), cell_form(conditions.atoms)
        )
        subject = _subject(
            item, session, conditions, options, cell=cell, place=(position, models), begin=begin, budget_s=budget_s
        )
        statics, dynamics, failed, short = _results(subject, begin + budget_s, part)
    finally:
        session.close()
    tests = (
        *failed,
        *((dynamics.tests) if dynamics else ()),
        *statics.tests,
    )
    bracket = dynamics.bracket if dynamics else None
    record = ModelStability(
        record=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}",
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        model=item.card.id,
        name=item.card.name,
        settings=item.settings,
        versions=session.facts.versions,
        structure=conditions.structure,
        atoms=len(cell.atoms),
        temperature_k=conditions.temperature_k,
        timestep_s=conditions.timestep_s,
        verdict=overall(tests),
        tests=tests,
        conservative=statics.conservative,
        drift_cause=dynamics.cause if dynamics else None,
        stable_timestep_s=_seconds(bracket.stable_fs if bracket else None),
        unstable_timestep_s=_seconds(bracket.unstable_fs if bracket else None),
        recommended_timestep_s=_seconds(dynamics.recommended_fs if dynamics else None),
        drifts=dynamics.curves if dynamics else (),
        equation_of_state=statics.equation_of_state,
        bond_scan=statics.bond_scan,
        wall_time_s=time.monotonic() - begin + part.run.taken_up_s - before_s,
    )
    store.append(record)
    return record, short


def _subject(
    item: Prepared,
    session: ModelSession,
    conditions: _Conditions,
    options: Options,
    *,
    cell: Cell,
    place: tuple[int, int],
    begin: float,
    budget_s: float,
) -> Subject:
    position, models = place

    def report(_evaluations: int) -> None:
        share = min(1.0, (time.monotonic() - begin) / budget_s)  # runs are as long as the budget allows
        options.on_progress(f"{item.card.id}: testing {len(cell.atoms)} atoms", (position + share) / models)

    return Subject(
        session=session,
        atoms=cell.atoms,
        temperature_k=conditions.temperature_k,
        timestep_fs=conditions.timestep_s * 1e15,
        piece_steps=piece_steps(cell.evaluation_s),
        on_evaluations=report,
    )


def _results(
    subject: Subject, end: float, part: _Part
) -> tuple[StaticResults, DynamicResults | None, tuple[CheckResult, ...], bool]:
    """Return what was found, and whether only the shortest runs were possible before ``end`` (monotonic time, s)."""
    run, earlier_s = part.run, part.run.taken_up_s
    start = run.remember(part.name("start"), lambda: thermalise(subject, THERMALISING), start_form(subject.atoms))
    if start is not None:
        statics = run.remember(part.name("statics"), lambda: static_tests(subject, start.atoms), STATICS)
        # Others may have begun to use the machine since the first evaluations were timed.
        evaluation_s = run.steps.step_s(part.name("statics")) / STATIC_EVALUATIONS
        left_s = end - time.monotonic() - (run.taken_up_s - earlier_s)
        lengths = run.remember(part.name("lengths"), lambda: choose_lengths(left_s, evaluation_s), LENGTHS)
        dynamics = dynamic_tests(
            subject, start, lengths, lambda name, make: run.remember(part.name(name), make, RUN_FORM)
        )
        return statics, dynamics, (), lengths.is_short
    rattled = subject.atoms.copy()
    rattled.rattle(RATTLE_ANGSTROM, seed=0)
    failed = without_value(
        "nve-drift",
        "Run",
        f"The atoms flew apart while they were brought to {subject.temperature_k:g} K.",
        verdict=CheckVerdict.FAILED,
        advice=FLEW_APART,
    )
    return static_tests(subject, rattled), None, (failed,), False


def _seconds(femtoseconds: float | None) -> float | None:
    return None if femtoseconds is None else float(f"{femtoseconds * 1e-15:.6g}")


def _longer(budget_s: float, shortest_s: float) -> str:
    """Return a budget in which more than the shortest runs have room, as ``--budget`` takes it."""
    return f"{math.ceil(TIMES_AS_LONG * max(budget_s, shortest_s) / 60)}m"
