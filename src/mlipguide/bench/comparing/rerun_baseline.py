"""The models, sizes and settings of a baseline, measured again now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mlipguide.bench.comparing.baselines import atoms_of, conditions_of
from mlipguide.bench.comparing.comparing import Run
from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.refusals import refuse_nothing
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import Preparation, Prepared, find_given_weights, prepare_candidates
from mlipguide.catalog.cards import Catalogue
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Problem
from mlipguide.records.timing.comparison import Baseline
from mlipguide.records.timing.measurement import Measurement, Weights


def prepare_models(
    catalogue: Catalogue, names: Sequence[str], machine: Machine, options: RunOptions
) -> dict[str, Prepared]:
    """Return the models that can be started here, by id.

    Raises:
        InputError: An unknown model, or a weights file that is not there.
        EnvironmentFailedError: No model has an environment.
        MeasurementFailedError: A model cannot be started: a gate that leaves one out would pass without looking.
    """
    cards = catalogue.select(names)
    preparation = prepare_candidates(
        cards,
        machine,
        given_weights=find_given_weights(catalogue, options.weights, options.consent),
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    refuse_nothing(preparation, MeasuredModels())
    ready = {item.card.id: item for item in preparation.candidates if item.obstacle is None}
    for card in cards:
        if card.id not in ready:
            raise _cannot_start(card.id, preparation)
    return ready


def measure_again(
    baseline: Baseline,
    machine: Machine,
    ready: dict[str, Prepared],
    *,
    budget_s: float,
    options: RunOptions,
) -> tuple[Run, MeasuredModels]:
    """Measure what a baseline holds, with its settings, on its structure.

    Args:
        baseline: Its measurements say what is wanted.
        machine: This machine.
        ready: What can be started, by model.
        budget_s: Seconds for everything.
        options: How to go about it.

    Raises:
        MeasurementFailedError: Nothing could be measured.
    """
    measured = MeasuredModels()
    groups: dict[object, list[Measurement]] = {}
    for item in _grouped(baseline.measurements):
        groups.setdefault((_sizes(item), item[0].scenario, item[0].settings.device), []).extend(item)
    for members in groups.values():
        subjects = {(item.model, item.settings, item.weights): subject_of(item, ready) for item in members}
        context = MeasuringContext(
            machine=machine,
            atoms=atoms_of(baseline.atoms),
            structure=baseline.structure,
            wanted_atoms=max(item.atoms for item in members),
            conditions=conditions_of(baseline, members[0].scenario),
            budget_s=budget_s * len(members) / len(baseline.measurements),
            on_progress=options.on_progress,
            opener=options.opener,
            wait=options.wait,
            sizes=_sizes(members),
            each=True,
        )
        measure(list(subjects.values()), measured, context)
    if not measured.fresh:
        first = measured.problems[0]
        raise MeasurementFailedError(
            f"Nothing could be measured: {first.message}", hint=first.hint, kind=first.kind, model=first.model
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Run("now", now, machine, tuple(measured.fresh)), measured


def subject_of(measurement: Measurement, ready: dict[str, Prepared]) -> Prepared:
    """Return a model with the settings and the kind of weights of a measurement, as far as there are such weights."""
    item = replace(ready[measurement.model], settings=measurement.settings)
    if measurement.weights is Weights.SYNTHETIC and item.card.weights.synthetic:
        return replace(item, synthetic=True, weights_file=None)
    return item


def missing_problems(baseline: Baseline, missing: Sequence[str]) -> tuple[Problem, ...]:
    """Return one problem for each measurement of a baseline that could not be made again."""
    return tuple(
        Problem(
            kind="not_measured",
            message=f"Not measured again: {label}.",
            hint="See the failures and notes above; --models and --sizes leave measurements of "
            f"'{baseline.name}' out of the check.",
        )
        for label in missing
    )


def restricted(baseline: Baseline, models: Sequence[str], sizes: Sequence[int]) -> Baseline:
    """Return the baseline with only the measurements of these models and sizes; empty ones mean all."""
    kept = tuple(
        item
        for item in baseline.measurements
        if (not models or item.model in models) and (not sizes or item.atoms in sizes)
    )
    return replace(baseline, measurements=kept)


def _grouped(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    groups: dict[object, list[Measurement]] = {}
    for item in measurements:
        groups.setdefault((item.model, item.settings, item.scenario, item.weights), []).append(item)
    return list(groups.values())


def _sizes(measurements: Sequence[Measurement]) -> tuple[int, ...]:
    return tuple(sorted({item.atoms for item in measurements}))


def _cannot_start(name: str, preparation: Preparation) -> MeasurementFailedError:
    item = next((item for item in preparation.candidates if item.card.id == name), None)
    why = item.obstacle.message if item is not None and item.obstacle is not None else "Its backend is not installed."
    return MeasurementFailedError(
        f"{name} cannot be compared. {why}",
        hint="Provide what is missing, or name the other models with --models.",
        kind="left_out",
    )
