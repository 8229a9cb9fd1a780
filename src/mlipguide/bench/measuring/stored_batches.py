"""Batches that were measured here, found again for the structures of a task, and what is said of their use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.batches import batched
from mlipguide.bench.measuring.stored_measurements import still_holds
from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.cards import Catalogue
from mlipguide.costmodel.batched_work import batched_elsewhere, batched_here
from mlipguide.costmodel.batches import BatchCosts, batch_costs_from
from mlipguide.costmodel.model_costs import ModelCosts, memory_of
from mlipguide.costmodel.transfer_data import OwnTiming
from mlipguide.costmodel.transfer_predictions import gather_known_costs
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.terms import Need
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Allocator, Scenario
from mlipguide.store import measurements as store
from mlipguide.structures.summaries import is_same_kind

if TYPE_CHECKING:
    from ase import Atoms


def can_be_batched(task: Task, atoms: Atoms | None) -> bool:
    """Tell whether a task is work for batches: many structures whose cells stay and whose atoms are all free."""
    held = atoms is not None and bool(atoms.constraints)
    return task.kind is TaskKind.SCREEN and task.structures > 1 and Need.STRESS not in task.needs and not held


def stored_batches(
    candidates: Iterable[Prepared], fingerprint: str, task: Task, *, any_allocator: bool = False
) -> dict[str, BatchCosts]:
    """Return what was measured here of batches of structures as large as the task's, by model.

    Args:
        candidates: Models as they are run here.
        fingerprint: Of this machine.
        task: Of many structures.
        any_allocator: Whether it does not matter how freed memory was kept, as for other hardware.
    """
    candidates = tuple(candidates)
    records = [
        record
        for record in store.find(
            fingerprint, laws={item.card.architecture.time_law for item in candidates}
        ).measurements
        if record.scenario is Scenario.OFFLINE
        and record.atoms == record.structures * task.atoms
        and is_same_kind(record.structure, task.structure)
    ]
    found: dict[str, BatchCosts] = {}
    for item in candidates:
        allocators = tuple(Allocator) if any_allocator else (item.settings.allocator,)
        for allocator in allocators:
            here = replace(item, settings=replace(item.settings, allocator=allocator))
            together = [one for one in records if still_holds(one, batched(here), Scenario.OFFLINE)]
            alone = [one for one in records if still_holds(one, here, Scenario.OFFLINE)]
            if together and alone:
                found[item.card.id] = batch_costs_from(together, alone)
    return found


def counted_here(
    costs: Mapping[str, ModelCosts], candidates: Sequence[Prepared], fingerprint: str, task: Task
) -> tuple[dict[str, ModelCosts], tuple[Notice, ...]]:
    """Return what each model costs here with its work in batches where they are faster, and what is said of that.

    Args:
        costs: One structure after the other, by model.
        candidates: Models as they are run here.
        fingerprint: Of this machine.
        task: Of many structures.
    """
    batches = stored_batches(candidates, fingerprint, task)
    found = dict(costs)
    used: dict[str, int] = {}
    for model in sorted(batches.keys() & costs.keys()):
        found[model], count = batched_here(costs[model], batches[model], structures=task.structures)
        used |= {} if count is None else {model: count}
    timed = [model for model, one in costs.items() if one.costs is not None]
    return found, _notices(used, timed, batches)


def counted_elsewhere(
    costs: Sequence[Mapping[str, ModelCosts]],
    profiles: Sequence[HardwareProfile],
    *,
    candidates: Sequence[Prepared],
    catalogue: Catalogue,
    machine: Machine,
    task: Task,
) -> tuple[tuple[dict[str, ModelCosts], ...], tuple[Notice, ...]]:
    """Return what each model costs on each profile with its work in batches where they are faster, and the notices.

    Args:
        costs: One structure after the other, by model, of each profile.
        profiles: The hardware.
        candidates: Models as they are run here.
        catalogue: All models.
        machine: This machine, where batches were measured.
        task: Of many structures.
    """
    batches = stored_batches(candidates, machine.fingerprint, task, any_allocator=True)
    cards = {item.card.id: item.card for item in candidates}
    own = [
        OwnTiming(
            item.card,
            batches[item.card.id].together,
            batched(item).settings,
            tuple(count * task.atoms for count in batches[item.card.id].counts),
        )
        for item in candidates
        if item.card.id in batches
    ]
    transferred = gather_known_costs(catalogue, own, machine, task.structure)
    used: dict[str, int] = {}
    found: list[dict[str, ModelCosts]] = []
    for known, profile in zip(costs, profiles, strict=True):
        there = dict(known)
        for model in sorted(batches.keys() & known.keys()):
            there[model], count = batched_elsewhere(
                known[model],
                batches[model],
                transferred,
                cards[model],
                profile,
                structures=task.structures,
                memory_bytes=memory_of(profile),
            )
            used |= {} if count is None else {model: max(count, used.get(model, 0))}
        found.append(there)
    timed = list(dict.fromkeys(model for one in costs for model, here in one.items() if here.costs is not None))
    return tuple(found), _notices(used, timed, batches)


def _notices(
    used: Mapping[str, int], candidates: Iterable[str], batches: Mapping[str, BatchCosts]
) -> tuple[Notice, ...]:
    """Return which models are counted in batches and how large these are, and which are not.

    Args:
        used: Structures in a batch, by the models whose work is counted so.
        candidates: Ids of all models whose time is known.
        batches: Of which batches were measured here.
    """
    left = [model for model in candidates if model not in used]
    slower = [model for model in left if model in batches]
    untimed = [model for model in left if model not in batches]
    notices = []
    if used:
        each = ", ".join(f"{model} (up to {count} structures at once)" for model, count in used.items())
        words = "--write relaxes one by one"
        message = f"Counted in batches, by TorchSim, as timed with bench --batch: {each}; the script of {words}."
        notices.append(Notice("batched", message))
    if slower:
        words = "batches were timed and are not clearly faster"
        notices.append(Notice("one_by_one", f"Counted one structure after the other: {', '.join(slower)}; {words}."))
    if untimed:
        words = "mlipguide bench STRUCTURE --batch auto times batches, for backends that have them"
        notices.append(Notice("one_by_one", f"Counted one structure after the other: {', '.join(untimed)}; {words}."))
    return tuple(notices)
