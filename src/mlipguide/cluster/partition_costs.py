"""What models cost on a partition: by what was measured on its nodes, and where nothing was by its kind of device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.costs_here import pairs_of
from mlipguide.candidates.preparation import default_settings, settings_for
from mlipguide.core.errors import InputError
from mlipguide.costmodel.costs import Costs, costs_from
from mlipguide.costmodel.model_costs import ModelCosts
from mlipguide.costmodel.transfer_data import device_here
from mlipguide.environments.recipes import find_recipe
from mlipguide.hardware.profile_files import build_profile
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.records.cluster.cluster import Partition
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Measurement, Scenario, Settings, Weights
from mlipguide.store import measurements as store
from mlipguide.structures.summaries import is_same_kind

if TYPE_CHECKING:
    from ase import Atoms

FIRST_GPU, CPU = "cuda:0", "cpu"


def profiles_of(partition: Partition, machine: Machine | None) -> tuple[HardwareProfile, ...]:
    """Return the hardware that a job on a partition can ask for: 1, 2, 4 … GPUs of a node, or its cores.

    Args:
        partition: Its file's device counts before what a node was seen to have.
        machine: A node of it that was seen; None where none was.

    Returns:
        Profiles named after the partition; none where its device is not known.
    """
    stated = None if partition.device is None else parse_profiles(partition.device, option="device")[0]
    device = stated.device if stated is not None else None
    if device is None and machine is not None:
        device = device_here(machine, FIRST_GPU if partition.gpus and machine.gpus else CPU)
    if device is None:
        return ()
    cores = partition.cores or (None if machine is None else max(1, int(machine.cpu.usable_cores)))
    if device.kind is not DeviceKind.GPU:
        sockets = 1 if stated is None else stated.count
        return (replace(build_profile(device, sockets), name=partition.name, host_cores=cores),)
    count, counts = 1, []
    while count <= max(1, partition.gpus, partition.gpus_per_node or 0):
        counts.append(count)
        count *= 2
    return tuple(
        replace(
            build_profile(device, one),
            name=f"{partition.name}, {one} GPU{'' if one == 1 else 's'}",
            host_cores=cores,
        )
        for one in counts
    )


def measured_costs(
    cards: Iterable[ModelCard], machines: Sequence[Machine], place: str, task: Task, atoms: Atoms
) -> dict[str, tuple[ModelCosts, float | None]]:
    """Return what models cost by what was measured on the nodes of a partition, and the power of a device meanwhile.

    Of several kinds of nodes the one counts on which a model was measured last. Of several settings the fastest counts
    that has the model's usual precision.

    Args:
        cards: Models that are considered.
        machines: Nodes of the partition, the last one seen first.
        place: The partition, for the sources.
        task: What is wanted.
        atoms: The structure.

    Returns:
        Costs and power in W by model; models that were not measured are missing.
    """
    known = [(machine, store.find(machine.fingerprint).measurements) for machine in machines]
    found: dict[str, tuple[ModelCosts, float | None]] = {}
    for card in cards:
        of_card = ((machine, [one for one in records if _is_of(one, card)]) for machine, records in known)
        there = [(machine, records) for machine, records in of_card if records]
        if there:
            machine, records = max(there, key=lambda pair: max(one.taken_at for one in pair[1]))
            found[card.id] = _costs_of(card, _usual(card, machine, records), place, task, atoms)
    return found


def _is_of(record: Measurement, card: ModelCard) -> bool:
    return (
        record.backend == card.backend
        and record.time_law == card.architecture.time_law
        and record.scenario is Scenario.SINGLE_STREAM
        and not record.settings.additions
    )


def _usual(card: ModelCard, machine: Machine, records: list[Measurement]) -> list[Measurement]:
    """Return of all records those that hold: own before others', real weights, latest versions, the usual precision."""
    latest = max(records, key=lambda one: one.taken_at).versions
    dtype = _dtype(card, machine)
    rules: tuple[Callable[[Measurement], bool], ...] = (
        lambda one: one.model == card.id,
        lambda one: one.weights is Weights.PRETRAINED,
        lambda one: one.versions == latest,
        lambda one: one.settings.dtype == dtype,
    )
    for holds in rules:
        records = [one for one in records if holds(one)] or records
    return records


def _dtype(card: ModelCard, machine: Machine) -> str:
    default = default_settings(machine)
    try:
        return settings_for(find_recipe(card.backend), default, card).dtype
    except InputError:  # of a plug-in that is not installed here
        return card.weights.dtype or default.dtype


def _costs_of(
    card: ModelCard, records: Sequence[Measurement], place: str, task: Task, atoms: Atoms
) -> tuple[ModelCosts, float | None]:
    groups: dict[Settings, list[Measurement]] = {}
    for one in records:
        groups.setdefault(one.settings, []).append(one)
    ways = [_way(card, group, place, task, atoms) for group in groups.values()]
    costs, group = min(ways, key=lambda way: way[0].step_time_s(task.atoms).value)
    powers = [one.disturbance.gpu_power_w for one in group if one.disturbance.gpu_power_w is not None]
    last = group[-1]
    known = ModelCosts(
        costs=costs,
        settings=last.settings,
        weights=last.weights,
        measured=costs.records,
        measured_as=None if last.model == card.id else last.model,
    )
    return known, median(powers) if powers else None


def _way(
    card: ModelCard, records: list[Measurement], place: str, task: Task, atoms: Atoms
) -> tuple[Costs, list[Measurement]]:
    same = [one for one in records if is_same_kind(one.structure, task.structure)]
    pairs = max(same, key=lambda one: one.atoms).pairs_per_atom if same else pairs_of(task, atoms, card)
    return costs_from(records, structure=task.structure, pairs_per_atom=pairs, place=place), records
