"""``mlipguide bench``: time candidates over sizes on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.units import SIMULATED_TIME, TEMPERATURE, WALL_TIME, parse_atoms
from mlipguide.costmodel.costs import costs_from
from mlipguide.costmodel.scaling import NORMAL_90
from mlipguide.records.bench import BenchData, CostFit, SizeResult
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.measurement import Measurement
from mlipguide.records.notice import Notice, Result
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.centres import Centre, centre_of
from mlipguide.workflows.candidates import find_given_weights, prepare_candidates
from mlipguide.workflows.measuring import MeasuredModels, MeasuringContext, measure
from mlipguide.workflows.refusals import refuse_nothing
from mlipguide.workflows.run_options import RunOptions
from mlipguide.workflows.task_request import DEFAULTS, MEASURE_BUDGET, TaskRequest, load_structure, names_in

DEFAULT_LARGEST = "1000"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``bench`` goes about its work: largest size, budget and conditions as the user wrote them."""

    largest_atoms: str | None = None
    budget: str | None = None
    temperature: str | None = None
    timestep: str | None = None


def bench(request: TaskRequest, options: Options | None = None) -> Result[BenchData]:
    """Time models on a structure at several sizes and fit their scaling; every record is stored.

    Args:
        request: Names the structure and the models.
        options: How to go about it.

    Raises:
        InputError: The structure, a quantity or a model's name cannot be used.
        EnvironmentFailedError: No model has an environment.
        MeasurementFailedError: Nothing could be measured.
    """
    options = options or Options()
    names = names_in(request.models)
    if not names:
        raise InputError("bench needs models to time.", hint="For example --models sevennet-0,chgnet-0.3.0")
    catalogue = load_catalogue()
    cards = catalogue.select(names)
    largest = parse_atoms(options.largest_atoms or DEFAULT_LARGEST, option="--max-atoms")
    conditions = Conditions(
        temperature_k=TEMPERATURE.parse(options.temperature or DEFAULTS["temperature"], option="--temperature"),
        timestep_s=SIMULATED_TIME.parse(options.timestep or DEFAULTS["timestep"], option="--timestep"),
        propagate=True,
    )
    budget_s = WALL_TIME.parse(options.budget or MEASURE_BUDGET, option="--budget")
    weights = find_given_weights(catalogue, options.weights)
    atoms, structure, structure_notices = load_structure(request)
    machine = options.probe()
    preparation = prepare_candidates(
        cards,
        machine,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    ready = tuple(item for item in preparation.candidates if item.obstacle is None)
    measured = MeasuredModels()
    if ready:
        context = MeasuringContext(
            machine=machine,
            atoms=atoms,
            structure=structure,
            wanted_atoms=largest,
            conditions=conditions,
            budget_s=budget_s,
            on_progress=options.on_progress,
            opener=options.opener,
        )
        measure(ready, measured, context)
    refuse_nothing(preparation, measured)
    obstacles = tuple(
        Notice("left_out", f"{item.card.id}: {item.obstacle.message}")
        for item in preparation.candidates
        if item.obstacle is not None
    )
    if not measured.fresh:
        problems = (*preparation.problems, *measured.problems)
        raise MeasurementFailedError(
            f"Nothing could be measured: {problems[0].message if problems else obstacles[0].message}",
            hint=problems[0].hint if problems else "Give the checkpoint file with --weights MODEL=PATH.",
            kind=problems[0].kind if problems else "weights",
        )
    data = BenchData(
        machine=machine,
        structure=structure,
        measurements=tuple(size_result(measurement) for measurement in measured.fresh),
        fits=tuple(_fit(model, records) for model, records in measured.by_model.items()),
    )
    return Result(
        data,
        notices=(*catalogue.notices, *structure_notices, *preparation.notices, *obstacles, *measured.notices),
        errors=(*preparation.problems, *measured.problems),
    )


def size_result(measurement: Measurement) -> SizeResult:
    """Return the figures of one measurement."""
    peak = measurement.peak_memory_bytes
    source = f"record {measurement.record}"
    return SizeResult(
        model=measurement.model,
        atoms=measurement.atoms,
        pairs_per_atom=measurement.pairs_per_atom,
        step_time_s=_measured(centre_of(measurement.steady.wall_s), source),
        energy_forces_time_s=_measured(centre_of(measurement.steady.energy_forces_s), source),
        cpu_time_s=_measured(centre_of(measurement.steady.cpu_s), source),
        first_call_s=measurement.first_call_s,
        samples=len(measurement.steady.wall_s),
        peak_memory_bytes=None
        if peak is None
        else Estimate(value=peak, low=None, high=None, basis=Basis.MEASURED, source=source),
        settings=measurement.settings,
        weights=measurement.weights,
        record=measurement.record,
    )


def _measured(centre: Centre, source: str) -> Estimate:
    return Estimate(value=centre.value, low=centre.low, high=centre.high, basis=Basis.MEASURED, source=source)


def _fit(model: str, records: list[Measurement]) -> CostFit:
    costs = costs_from(records)
    time, memory = costs.step_time, costs.peak_memory
    return CostFit(
        model=model,
        pairs_per_atom=costs.pairs_per_atom,
        smallest_atoms=min(record.atoms for record in records),
        largest_atoms=max(record.atoms for record in records),
        fixed_time_s=time.fixed,
        time_per_atom_s=time.per_pair * costs.pairs_per_atom,
        fixed_memory_bytes=None if memory is None else memory.fixed,
        memory_per_atom_bytes=None if memory is None else memory.per_pair * costs.pairs_per_atom,
        relative_half_width=NORMAL_90 * time.scatter,
    )
