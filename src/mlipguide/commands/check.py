"""``mlipguide check`` and ``mlipguide bench compare``: what changed, and whether that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.bench.comparing.baselines import atoms_of, conditions_of
from mlipguide.bench.comparing.busy_cores import beside_others
from mlipguide.bench.comparing.comparing import Run, compare_runs, require_same_machine
from mlipguide.bench.comparing.environment_pairs import PairedSubject, compare_environments, old_environments
from mlipguide.bench.comparing.rerun_baseline import (
    measure_again,
    missing_problems,
    prepare_models,
    restricted,
    subject_of,
)
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource
from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.core.paths import names_file
from mlipguide.core.units import PERCENTAGE, SIMULATED_TIME, TEMPERATURE, WALL_TIME, parse_atoms
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.records.requests.measuring import CHECK_BUDGET, MAX_SLOWDOWN, TIMED_STEP, CheckRequest
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.comparison import Baseline, Comparison
from mlipguide.records.timing.measurement import Measurement, Settings
from mlipguide.sessions.interface import Conditions
from mlipguide.store import baselines as store
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure

SIZES = "64"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``check`` goes about its work: the budget as the user wrote it."""

    budget: str | None = None


def check(request: CheckRequest, options: Options | None = None) -> Result[Comparison]:
    """Compare a baseline with another one, with the present state, or an environment with the present one.

    Returns:
        The comparison. The exit code is ``REGRESSION_FOUND`` where a change counts as slower, else
        ``MEASUREMENT_FAILED`` where something that the baseline has could not be measured again.

    Raises:
        InputError: A baseline, model, size or quantity cannot be used, the machines differ, or nothing can be
            compared.
        EnvironmentFailedError: An environment cannot serve the backend.
        MeasurementFailedError: A model cannot be started, or nothing could be measured.
    """
    options = options or Options()
    if request.against_env is not None:
        result = _against_environment(request, options)
    elif request.current is not None:
        result = compare(request)
    else:
        result = _against_now(request, options)
    return replace(result, exit_code=_exit_code(result))


def compare(request: CheckRequest) -> Result[Comparison]:
    """Compare two saved runs.

    Raises:
        InputError: As :func:`check`.
    """
    threshold = _threshold(request)
    baseline = _wanted(request, load_catalogue())
    assert request.current is not None
    current = store.read(request.current)
    runs = (_run_of(baseline), _run_of(current))
    return Result(compare_runs(*runs, max_slowdown=threshold, normalise=request.normalise))


def _against_now(request: CheckRequest, options: Options) -> Result[Comparison]:
    threshold, budget_s = _threshold(request), _budget_s(options)
    catalogue = load_catalogue()
    baseline = _wanted(request, catalogue)
    machine = options.probe()
    if not request.normalise:
        require_same_machine(_run_of(baseline), Run("now", "", machine, ()))
    names = list(dict.fromkeys(item.model for item in baseline.measurements))
    ready = prepare_models(catalogue, names, machine, options)
    current, measured = measure_again(baseline, machine, ready, budget_s=budget_s, options=options)
    data = compare_runs(_run_of(baseline), current, max_slowdown=threshold, normalise=request.normalise)
    return Result(
        data,
        notices=(*catalogue.notices, *measured.notices),
        errors=(*measured.problems, *missing_problems(baseline, data.only_in_baseline)),
    )


def _against_environment(request: CheckRequest, options: Options) -> Result[Comparison]:
    if request.current is not None or request.normalise:
        raise InputError(
            "--against-env measures both sides here, in turn; it takes neither a second baseline nor --normalise.",
            hint="Leave it out.",
        )
    assert request.against_env is not None
    threshold, budget_s = _threshold(request), _budget_s(options)
    catalogue = load_catalogue()
    machine = options.probe()
    notices: tuple[Notice, ...] = ()
    if _is_structure(request.baseline):
        atoms, structure, notices = load_structure(TaskRequest(structure=request.baseline))
        subjects = _subjects_of_structure(request, catalogue, structure, machine, options)
    else:
        baseline = _wanted(request, catalogue)
        atoms, structure = atoms_of(baseline.atoms), baseline.structure
        subjects = _subjects_of_baseline(baseline, catalogue, machine, options)
    subjects, fewer_threads = beside_others(subjects, machine, options.wait)
    options.on_progress(f"importing {', '.join(sorted({s.item.card.backend for s in subjects}))} there", 0.0)
    outcome = compare_environments(
        subjects,
        old_environments(subjects, Path(request.against_env)),
        machine=machine,
        sizes=SizeSource(atoms, structure, load_protocol()),
        max_slowdown=threshold,
        budget_s=budget_s,
        options=options,
    )
    return Result(
        outcome.comparison,
        notices=(*catalogue.notices, *notices, *fewer_threads, *outcome.notices),
        errors=tuple(outcome.problems),
    )


def _subjects_of_baseline(
    baseline: Baseline, catalogue: Catalogue, machine: Machine, options: Options
) -> list[PairedSubject]:
    """Return what a baseline holds; on another machine than its own with the settings that fit this one."""
    names = list(dict.fromkeys(item.model for item in baseline.measurements))
    ready = prepare_models(catalogue, names, machine, options)
    here = baseline.machine.fingerprint == machine.fingerprint
    groups: dict[object, list[Measurement]] = {}
    for measurement in baseline.measurements:
        settings = measurement.settings if here else _fitting(measurement, ready)
        key = (measurement.model, settings, measurement.scenario, measurement.weights)
        groups.setdefault(key, []).append(measurement)
    subjects: list[PairedSubject] = []
    for members in groups.values():
        item = subject_of(members[0], ready)
        conditions = conditions_of(baseline, members[0].scenario)
        sizes = tuple(sorted({member.atoms for member in members}))
        settings = item.settings if here else _fitting(members[0], ready)
        subjects.append(PairedSubject(replace(item, settings=settings), conditions, sizes))
    return subjects


def _fitting(measurement: Measurement, ready: Mapping[str, Prepared]) -> Settings:
    """Return the settings that fit this machine, with what was added: without it, it is another potential."""
    return replace(ready[measurement.model].settings, additions=measurement.settings.additions)


def _subjects_of_structure(
    request: CheckRequest, catalogue: Catalogue, structure: StructureSummary, machine: Machine, options: Options
) -> list[PairedSubject]:
    names = names_in(request.models)
    if not names:
        raise InputError(
            f"{request.baseline} is a structure: --against-env needs models to time on it.",
            hint="For example --models sevennet-0,chgnet-0.3.0",
        )
    sizes = _sizes(request)
    if not sizes:
        sizes = _sizes(replace(request, sizes=SIZES)) if any(structure.periodic) else (structure.atoms,)
    conditions = Conditions(
        temperature_k=TEMPERATURE.parse(DEFAULTS["temperature"], option="--temperature"),
        timestep_s=SIMULATED_TIME.parse(TIMED_STEP, option="--timestep"),
        propagate=True,
    )
    ready = prepare_models(catalogue, names, machine, options)
    return [PairedSubject(item, conditions, sizes) for item in ready.values()]


def _wanted(request: CheckRequest, catalogue: Catalogue) -> Baseline:
    """Read the baseline and leave out what was not asked for."""
    baseline = store.read(request.baseline)
    names, sizes = names_in(request.models), _sizes(request)
    known = {item.model for item in baseline.measurements}
    models = [name if name in known else catalogue.find(name).id for name in names]
    kept = restricted(baseline, models, sizes)
    if not kept.measurements:
        found = sorted({f"{item.model} at {item.atoms} atoms" for item in baseline.measurements})
        raise InputError(
            f"The baseline '{baseline.name}' has no measurement of the models and sizes asked for.",
            hint=f"It has {', '.join(found)}." if found else "It holds no measurement; save it again.",
            kind="nothing_in_common",
        )
    return kept


def _run_of(baseline: Baseline) -> Run:
    return Run(baseline.name, baseline.saved_at, baseline.machine, baseline.measurements)


def _is_structure(text: str) -> bool:
    """Return whether the text names a structure file: a file, and neither a baseline's name nor its file."""
    if store.is_path(text):
        return not text.endswith(".json")
    return text not in store.names() and names_file(text)


def _sizes(request: CheckRequest) -> tuple[int, ...]:
    return tuple(sorted({parse_atoms(text, option="--sizes") for text in names_in(request.sizes)}))


def _threshold(request: CheckRequest) -> float:
    return PERCENTAGE.parse(request.max_slowdown or MAX_SLOWDOWN, option="--max-slowdown")


def _budget_s(options: Options) -> float:
    return WALL_TIME.parse(options.budget or CHECK_BUDGET, option="--budget")


def _exit_code(result: Result[Comparison]) -> ExitCode:
    if result.data.regressions:
        return ExitCode.REGRESSION_FOUND
    problems: tuple[Problem, ...] = result.errors
    return ExitCode.MEASUREMENT_FAILED if problems else ExitCode.DONE
