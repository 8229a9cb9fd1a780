"""``mlipguide bench``: time candidates over sizes and settings on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlipguide.bench.batch_sizes import AUTOMATIC as BATCHES
from mlipguide.bench.comparing.baselines import save_baseline
from mlipguide.bench.measuring.addition_prices import BUDGET_SHARE, price_additions
from mlipguide.bench.measuring.batches import measure_batches
from mlipguide.bench.measuring.bench_figures import cost_fit, size_result
from mlipguide.bench.measuring.capacity import find_capacity
from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.ranks import check_ranks
from mlipguide.bench.measuring.refusals import refuse_nothing
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.measuring.settings_choice import SettingsChoice, SweptSettings, choose_settings, swept
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.model_names import AVAILABLE, named_cards, prepare_named, startable_ones
from mlipguide.candidates.preparation import (
    ASE,
    NO_CONSENT,
    Preparation,
    Prepared,
    find_given_weights,
)
from mlipguide.candidates.tuned_settings import with_tuned
from mlipguide.catalog.additions import parse_additions
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.errors import InputError, MeasurementFailedError, did_you_mean
from mlipguide.core.units import SIMULATED_TIME, TEMPERATURE, WALL_TIME, parse_atoms
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.measuring import BENCH_BUDGET, BENCH_LARGEST, TIMED_STEP, BenchChoices
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.bench import Batching, BenchData
from mlipguide.records.timing.measurement import Measurement, Scenario
from mlipguide.sessions.errors import HINTS, FailureKind
from mlipguide.sessions.interface import Conditions
from mlipguide.store import baselines
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure
from mlipguide.worker.images import COUNTED_ANGSTROM

PROBE = "probe"
AUTOMATIC = "auto"
MOST_STRUCTURES = 100_000
"""In one batch."""
"""Every model of the catalogue, with a word about those that cannot be timed; those that can be timed as things are."""


@dataclass(frozen=True, kw_only=True)
class Options(BenchChoices, RunOptions):
    """How ``bench`` goes about its work, as the user wrote it."""


def bench(request: TaskRequest, options: Options | None = None) -> Result[BenchData]:
    """Time models on a structure at several sizes and fit their scaling; every record is stored.

    Args:
        request: Names the structure and the models.
        options: How to go about it.

    Raises:
        InputError: The structure, a quantity or a model's name cannot be used, or the baseline's name is taken.
        EnvironmentFailedError: No model has an environment.
        MeasurementFailedError: Nothing could be measured.
    """
    options = options or Options()
    if options.save is not None:
        baselines.require_free(options.save, replace=options.replace)
    catalogue = load_catalogue()
    names = names_in(request.models)
    cards = chosen_cards(catalogue, names)
    settings = swept(options.threads, options.dtype, options.device, options.ranks)
    counts = _batch_counts(options, adds=request.add is not None)
    conditions = _conditions(options)
    sizes = _sizes(options.sizes)
    probing = options.max_atoms == PROBE
    largest = parse_atoms(BENCH_LARGEST if probing else options.max_atoms or BENCH_LARGEST, option="--max-atoms")
    budget_s = budget_of(options)
    additions = parse_additions(request.add)
    sweep_s = (1 - BUDGET_SHARE) * budget_s if additions else budget_s
    weights = find_given_weights(catalogue, options.weights, options.consent)
    atoms, structure, structure_notices = load_structure(request)
    machine = options.probe()
    preparation = prepare_named(
        names,
        cards,
        machine,
        atoms,
        structure,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    preparation = with_tuned(
        preparation,
        machine,
        Purpose.MD if conditions.scenario is Scenario.SINGLE_STREAM else Purpose.SCREEN,
        atoms=max(sizes or (structure.atoms,)) if sizes or conditions.scenario is Scenario.OFFLINE else largest,
    )
    at_hand = AVAILABLE in names
    preparation = with_additions(
        preparation,
        additions,
        consent=NO_CONSENT if at_hand else options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    if additions and at_hand:
        preparation = startable_ones(preparation)
    ready = _with_settings(preparation, settings)
    if counts is not None:
        sizes = None if counts == BATCHES else counts  # those that were named are all timed
    elif conditions.scenario is Scenario.OFFLINE and sizes is None:
        sizes = (structure.atoms,)
    context = MeasuringContext(
        machine=machine,
        atoms=atoms,
        structure=structure,
        wanted_atoms=largest,
        conditions=conditions,
        budget_s=sweep_s,
        on_progress=options.on_progress,
        on_timing=options.on_timing,
        opener=options.opener,
        wait=options.wait,
        sizes=sizes,
        each=options.each,
    )
    measured = MeasuredModels()
    batches: tuple[Batching, ...] = ()
    if ready:
        options.on_progress(f"timing: about {budget_s:.0f} s, loading included (--budget)", 0.0)
        if counts is None:
            measure(ready, measured, context)
        else:
            batches = measure_batches(ready, measured, context, counts=counts)
    refuse_nothing(preparation, measured)
    obstacles = _obstacles(preparation)
    if not measured.fresh:
        problems = (*preparation.problems, *measured.problems)
        hint, kind = _unstarted(preparation)
        raise MeasurementFailedError(
            f"Nothing could be measured: {problems[0].message if problems else obstacles[0].message}",
            hint=problems[0].hint if problems else hint,
            kind=problems[0].kind if problems else kind,
        )
    saved = _saved(options, measured, context)
    prices = price_additions(ready, measured, context, budget_s=budget_s - sweep_s)
    choice = choose_settings(ready, measured, context) if counts is None else SettingsChoice()
    capacity = find_capacity(ready, measured, context) if probing else ()
    data = BenchData(
        machine=machine,
        structure=structure,
        timestep_s=conditions.timestep_s,
        measurements=tuple(size_result(measurement) for measurement in measured.fresh),
        fits=tuple(cost_fit(records[0].model, records) for records in _by_setting(measured.fresh)),
        capacity=capacity,
        agreements=choice.agreements,
        fastest=choice.fastest,
        ranks=check_ranks(measured.fresh, {item.card.id: item.card for item in ready}),
        additions=prices,
        batches=batches,
    )
    return Result(
        data,
        notices=(
            *catalogue.notices,
            *structure_notices,
            *preparation.notices,
            *obstacles,
            *_cutoff_notices(ready),
            *_ranks_notices(settings, ready),
            *_lending_notices(measured),
            *measured.notices,
            *saved,
        ),
        errors=(*preparation.problems, *measured.problems),
    )


def require_possible(request: TaskRequest, options: Options) -> None:
    """Refuse what no run of ``bench`` can be asked, before anything is started.

    Raises:
        InputError: A quantity or a word cannot be used, or two do not go together.
    """
    swept(options.threads, options.dtype, options.device, options.ranks)
    _batch_counts(options, adds=request.add is not None)
    _conditions(options)
    _sizes(options.sizes)
    if options.max_atoms is not None and options.max_atoms != PROBE:
        parse_atoms(options.max_atoms, option="--max-atoms")
    parse_additions(request.add)


def budget_of(options: Options) -> float:
    """Return the seconds of loading and timing all models.

    Raises:
        InputError: It is no wall time.
    """
    return WALL_TIME.parse(options.budget or BENCH_BUDGET, option="--budget")


def chosen_cards(catalogue: Catalogue, names: Sequence[str]) -> tuple[ModelCard, ...]:
    """Return the models to time.

    Raises:
        InputError: None is named, or there is no such model.
    """
    if not names:
        raise InputError(
            "bench needs models to time.",
            hint="For example --models sevennet-0,chgnet-0.3.0, or --models available, or --models all",
        )
    return named_cards(catalogue, names)


def _batch_counts(options: Options, *, adds: bool) -> tuple[int, ...] | None:
    """Return the numbers of structures to evaluate at once; None where batches are not asked for."""
    if options.batch is None:
        return None
    for name, given in (("sizes", options.sizes), ("max-atoms", options.max_atoms), ("ranks", options.ranks)):
        if given is not None:
            raise InputError(
                f"--batch times copies of the structure as it is: --{name} has no place beside it.",
                hint=f"Leave --{name} out, or give a structure of that size.",
            )
    if adds:
        raise InputError(
            "--batch evaluates the models alone: what --add adds is not in a batch.",
            hint="Time the models with what is added without --batch.",
        )
    if options.scenario == Scenario.SINGLE_STREAM.value:
        raise InputError("--batch is of many small structures, --scenario single-stream of one run.")
    if options.batch.strip() == AUTOMATIC:
        return BATCHES
    return tuple(sorted({_structures(part) for part in names_in(options.batch)}))


def _structures(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_STRUCTURES:
        raise InputError(
            f"--batch: '{text}' is not a number of structures from 1 to {MOST_STRUCTURES:,}.",
            hint="For example --batch 1,8,64, or --batch auto.",
            option="--batch",
        )
    return int(text)


def _conditions(options: Options) -> Conditions:
    known = [scenario.value for scenario in Scenario]
    offline = options.batch is not None
    name = options.scenario or (Scenario.OFFLINE if offline else Scenario.SINGLE_STREAM).value
    if name not in known:
        raise InputError(f"--scenario: unknown '{name}'.{did_you_mean(name, known)}", hint=f"Use {' or '.join(known)}.")
    scenario = Scenario(name)
    return Conditions(
        temperature_k=TEMPERATURE.parse(options.temperature or DEFAULTS["temperature"], option="--temperature"),
        timestep_s=SIMULATED_TIME.parse(options.timestep or TIMED_STEP, option="--timestep"),
        propagate=scenario is Scenario.SINGLE_STREAM,
        scenario=scenario,
    )


def _sizes(text: str | None) -> tuple[int, ...] | None:
    """Return the numbers of atoms that the user named; None leaves the choice to the sweep."""
    if text is None or text.strip() == AUTOMATIC:
        return None
    return tuple(sorted({parse_atoms(part, option="--sizes") for part in names_in(text)}))


def _with_settings(preparation: Preparation, settings: SweptSettings) -> tuple[Prepared, ...]:
    """Return every candidate that can be started, once for each setting."""
    return tuple(
        replace(item, settings=one)
        for item in preparation.candidates
        if item.obstacle is None
        for one in settings.of(item.settings)
    )


def _by_setting(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    groups: dict[object, list[Measurement]] = {}
    for item in measurements:
        groups.setdefault((item.model, item.settings, item.scenario), []).append(item)
    return list(groups.values())


def _obstacles(preparation: Preparation) -> tuple[Notice, ...]:
    return tuple(
        Notice("left_out", f"{item.card.id}: {item.obstacle.message}")
        for item in preparation.candidates
        if item.obstacle is not None
    )


def _unstarted(preparation: Preparation) -> tuple[str, str]:
    """Return what to do where nothing could be started, and the kind of the error."""
    if any(
        item.obstacle is not None and item.obstacle.constraint is Constraint.CUTOFF for item in preparation.candidates
    ):
        return HINTS[FailureKind.NO_NEIGHBOURS], FailureKind.NO_NEIGHBOURS.value
    return "Give the checkpoint file with --weights MODEL=PATH.", "weights"


def _ranks_notices(settings: SweptSettings, ready: Sequence[Prepared]) -> tuple[Notice, ...]:
    alone = dict.fromkeys(item.card.id for item in ready if item.settings.driver == ASE)
    if not alone or not set(settings.ranks) - {1}:
        return ()
    message = f"{', '.join(alone)}: run by ASE in one process; --ranks is for models that run in LAMMPS."
    return (Notice("one_rank", message),)


def _cutoff_notices(ready: Sequence[Prepared]) -> tuple[Notice, ...]:
    """Say within which distance neighbours are counted, where a model does not say how far it sees."""
    blind = dict.fromkeys(
        item.card.id for item in ready if not item.card.tells_all and item.card.architecture.cutoff_angstrom is None
    )
    if not blind:
        return ()
    words = f"its cutoff is not known; pairs per atom are those within {COUNTED_ANGSTROM:g} Å."
    return (Notice("cutoff_unknown", f"{', '.join(blind)}: {words}"),)


def _lending_notices(measured: MeasuredModels) -> tuple[Notice, ...]:
    lenders: dict[str, list[str]] = {}
    for borrower, lender in measured.measured_as.items():
        lenders.setdefault(lender, []).append(borrower)
    return tuple(
        Notice(
            "shared_time_law",
            f"{', '.join(sorted(borrowers))}: same architecture and settings as {lender}, whose measurements hold for "
            f"{'it' if len(borrowers) == 1 else 'them'} too. --each times every one.",
        )
        for lender, borrowers in lenders.items()
    )


def _saved(options: Options, measured: MeasuredModels, context: MeasuringContext) -> tuple[Notice, ...]:
    if options.save is None:
        return ()
    path = save_baseline(
        options.save,
        measured.fresh,
        machine=context.machine,
        atoms=context.atoms,
        structure=context.structure,
        conditions=context.conditions,
        replace=options.replace,
    )
    return (Notice("baseline_saved", f"Saved as {path}. Compare with: mlipguide check {options.save}"),)
