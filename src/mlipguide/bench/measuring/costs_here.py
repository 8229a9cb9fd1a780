"""From the measurements of this machine to what each model costs on it, for the structure of a task."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.shared_sets import shared_elsewhere, shared_here
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, recall
from mlipguide.candidates.preparation import NO_CONSENT, Prepared, prepare_candidates
from mlipguide.catalog.cards import Catalogue
from mlipguide.core.look import once, once_a_look
from mlipguide.costmodel.costs import Costs, costs_from
from mlipguide.costmodel.elsewhere import RemoteCosts
from mlipguide.costmodel.model_costs import ModelCosts
from mlipguide.costmodel.transfer_data import OwnTiming
from mlipguide.costmodel.transfer_predictions import ReferenceTimings, gather_known_costs
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Allocator, Measurement, Weights
from mlipguide.sessions.errors import FailureKind
from mlipguide.worker.images import pairs_per_atom

CERTAIN = frozenset({ReasonKind.SEES_NOTHING, ReasonKind.ADDITION_IMPOSSIBLE})
"""Obstacles that no installing and no file removes."""

if TYPE_CHECKING:
    from pathlib import Path

    from ase import Atoms


def fitted_costs(
    candidates: Iterable[Prepared], measured: MeasuredModels, task: Task, atoms: Atoms | None
) -> dict[str, Costs]:
    """Return the laws of time and memory of the models that were measured here, by model.

    Args:
        candidates: Models that can be started.
        measured: What was measured.
        task: What is wanted.
        atoms: The structure, of which neighbours are counted for models that were timed on other structures only; None
            where only its density is assumed.
    """
    found = ((item.card.id, _costs_of(item, measured, task, atoms)) for item in candidates)
    return {model: costs for model, costs in found if costs is not None}


def costs_here(
    candidates: Iterable[Prepared], measured: MeasuredModels, laws: Mapping[str, Costs], *, atoms: int
) -> dict[str, ModelCosts]:
    """Return what each model costs here, and why it is not known of the others.

    Args:
        candidates: Models that can be started.
        measured: What was measured.
        laws: Of the models that were measured.
        atoms: Wanted; nothing holds of a model that ran out of memory with so many.
    """
    return {item.card.id: _here(item, measured, laws.get(item.card.id), atoms) for item in candidates}


def _here(item: Prepared, measured: MeasuredModels, costs: Costs | None, atoms: int) -> ModelCosts:
    model = item.card.id
    environment = item.environment.kind.value if item.environment.python else None
    burst_at = measured.out_of_memory_at.get(model)
    burst = burst_at is not None and burst_at <= atoms
    if costs is None or burst or _lacks_its_file(item):
        return ModelCosts(environment=environment, unknown_because=_why_unmeasured(item, measured))
    return ModelCosts(
        costs=costs,
        environment=environment,
        settings=item.settings,
        weights=(measured.by_model.get(model) or measured.elsewhere[model])[-1].weights,
        measured=costs.records,
        measured_as=measured.measured_as.get(model),
    )


def reference_timings(
    catalogue: Catalogue,
    machine: Machine,
    task: Task,
    atoms: Atoms | None,
    *,
    given_weights: Mapping[str, Path],
    profiles: Sequence[HardwareProfile] = (),
    cards: Sequence[ModelCard] | None = None,
) -> ReferenceTimings:
    """Return everything that tells of costs elsewhere: published and shared timings, and all that was measured here.

    Args:
        catalogue: All models.
        machine: This machine.
        task: What is wanted.
        atoms: The structure; None where only its density is assumed.
        given_weights: Checkpoint files by model id.
        profiles: The hardware that is asked about; none for this machine.
        cards: Models of which shared timings are of interest; all by default.
    """
    asked = catalogue.cards if cards is None else tuple(cards)
    stands_on = (catalogue, machine, task.structure, atoms, *sorted(given_weights.items()), *profiles, *asked)
    return once(
        ("reference timings", *stands_on),
        lambda: _reference_timings(
            catalogue, machine, task, atoms, given_weights=given_weights, profiles=profiles, asked=asked
        ),
    )


def _reference_timings(
    catalogue: Catalogue,
    machine: Machine,
    task: Task,
    atoms: Atoms | None,
    *,
    given_weights: Mapping[str, Path],
    profiles: Sequence[HardwareProfile],
    asked: Sequence[ModelCard],
) -> ReferenceTimings:
    recipes = load_recipes()
    here = [card for card in catalogue.cards if card.backend in recipes]
    preparation = prepare_candidates(
        here, machine, given_weights=given_weights, consent=NO_CONSENT, on_progress=lambda _message: None
    )
    own: dict[str, OwnTiming] = {}
    for candidates in (preparation.candidates, with_plain_memory(preparation.candidates)):
        measured = recall(candidates, machine.fingerprint, task.structure, each=False)
        laws = fitted_costs(candidates, measured, task, atoms)
        own |= {one.card.id: one for one in own_timings_of(candidates, measured, laws)}
    ids = {card.id for card in asked}
    found = (
        shared_elsewhere(asked, profiles)
        if profiles
        else shared_here([item for item in preparation.candidates if item.card.id in ids], machine)
    )
    return gather_known_costs(catalogue, own.values(), machine, task.structure, shared=found.sets)


def expected_cost(item: Prepared, costs: RemoteCosts) -> ModelCosts:
    """Return what is expected of a model here before it is timed."""
    return ModelCosts(
        costs=costs,
        environment=item.environment.kind.value,
        settings=item.settings,
        weights=Weights.SYNTHETIC if item.synthetic else Weights.PRETRAINED,
    )


def own_timings_of(
    candidates: Iterable[Prepared], measured: MeasuredModels, laws: Mapping[str, Costs]
) -> Iterator[OwnTiming]:
    """Yield what was timed here, as timings elsewhere are predicted from it.

    Args:
        candidates: Models that can be started.
        measured: What was measured.
        laws: Of the models that were measured.
    """
    for item in candidates:
        name = item.card.id
        if name in laws:
            records = measured.by_model.get(name) or measured.elsewhere[name]
            yield OwnTiming(item.card, laws[name], item.settings, tuple(sorted({record.atoms for record in records})))


def with_plain_memory(candidates: Sequence[Prepared]) -> tuple[Prepared, ...]:
    """Return the candidates with settings under which resident memory is what is in use, as on a device."""
    return tuple(replace(item, settings=replace(item.settings, allocator=Allocator.DEFAULT)) for item in candidates)


def _costs_of(item: Prepared, measured: MeasuredModels, task: Task, atoms: Atoms | None) -> Costs | None:
    own = measured.by_model.get(item.card.id, [])
    elsewhere = measured.elsewhere.get(item.card.id, [])
    if not own and not elsewhere:
        return None
    if own:
        pairs: float | None = max(own, key=lambda record: record.atoms).pairs_per_atom
    else:
        pairs = pairs_of(task, atoms, item.card)
    return _law_of((*own, *elsewhere), task.structure, pairs)


@once_a_look
def _law_of(records: tuple[Measurement, ...], structure: StructureSummary, pairs: float | None) -> Costs:
    return costs_from(records, structure=structure, pairs_per_atom=pairs)


def pairs_of(task: Task, atoms: Atoms | None, card: ModelCard) -> float | None:
    """Return the pairs per atom of a model: counted, or where only the density is known those of a uniform medium.

    Args:
        task: What is wanted.
        atoms: The structure; None where only its density is assumed.
        card: The model; None is returned where its cutoff is not known.
    """
    cutoff_angstrom = card.architecture.cutoff_angstrom
    density = task.structure.number_density_per_angstrom3
    if cutoff_angstrom is None:
        return None
    if atoms is not None:
        return _counted_pairs(atoms, cutoff_angstrom)
    return None if density is None else density * 4 / 3 * math.pi * cutoff_angstrom**3


@once_a_look
def _counted_pairs(atoms: Atoms, cutoff_angstrom: float) -> float:
    return pairs_per_atom(atoms, cutoff_angstrom)


def _lacks_its_file(item: Prepared) -> bool:
    """Tell whether a model cannot be used although another one of its architecture may have been timed."""
    return item.obstacle is not None and item.obstacle.kind is ReasonKind.CHECKPOINT_REFUSED


def _why_unmeasured(item: Prepared, measured: MeasuredModels) -> Rejection | Doubt:
    """Return what stands in the place of a time: what is certain is a rejection, all else a doubt."""
    model = item.card.id
    if item.obstacle is not None:
        kind, words = item.obstacle.kind, item.obstacle.message
        if kind in CERTAIN:
            return Rejection(kind=kind, model=model, detail=words)
        return Doubt(kind=kind, model=model, detail=words)
    size = measured.out_of_memory_at.get(model)
    if size is not None:
        return Rejection(kind=ReasonKind.OUT_OF_MEMORY, model=model, value=float(size))
    failure = measured.failures.get(model)
    if failure is None:
        return measured.left_out.get(model) or Doubt(kind=ReasonKind.NOT_TIMED, model=model)
    if failure.kind == FailureKind.NO_NEIGHBOURS.value:
        return Rejection(kind=ReasonKind.SEES_NOTHING, model=model, detail=failure.message)
    return Doubt(kind=ReasonKind.TIMING_FAILED, model=model, detail=failure.message)
