"""Batches that were measured here, found again for the structures of a task, and what is said of their use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

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


SINGLET = 1
FEWEST_SUPERCELLS = 3
"""Displaced supercells of phonons that are worth a batch: one is evaluated alone as well, to compare."""


def can_be_batched(task: Task, atoms: Atoms | None) -> bool:
    """Tell whether a task is work for batches of the model alone.

    A screen is, of several structures whose cells stay and whose atoms are all free, and the displaced supercells of
    phonons, where forces on held atoms count too. A batch knows nothing of charges and spins.
    """
    if task.additions or task.total_charge or (task.spin_multiplicity or SINGLET) != SINGLET:
        return False
    if task.kind is TaskKind.PHONONS:
        return task.workload.systems >= FEWEST_SUPERCELLS
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
            together = [one for one in records if still_holds(one, here.in_batches, Scenario.OFFLINE)]
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
    for model in sorted(batches.keys() & costs.keys()):
        found[model] = batched_here(costs[model], batches[model], task)
    return found, _notices([found], batches, task)


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
            item.in_batches.settings,
            tuple(count * task.atoms for count in batches[item.card.id].counts),
        )
        for item in candidates
        if item.card.id in batches
    ]
    transferred = gather_known_costs(catalogue, own, machine, task.structure)
    found: list[dict[str, ModelCosts]] = []
    for known, profile in zip(costs, profiles, strict=True):
        there = dict(known)
        for model in sorted(batches.keys() & known.keys()):
            there[model] = batched_elsewhere(
                known[model],
                batches[model],
                transferred,
                cards[model],
                profile,
                task=task,
                memory_bytes=memory_of(profile),
            )
        found.append(there)
    return tuple(found), _notices(found, batches, task)


def _notices(
    costs: Sequence[Mapping[str, ModelCosts]], batches: Mapping[str, BatchCosts], task: Task
) -> tuple[Notice, ...]:
    """Return which models are counted in batches and how large these are, and which are not.

    Args:
        costs: On each piece of hardware, by model.
        batches: Of which batches were measured here.
        task: Of many structures.
    """
    used: dict[str, int] = {}
    for there in costs:
        for model, one in there.items():
            if one.structures_at_once is not None:
                used[model] = max(one.structures_at_once, used.get(model, 0))
    timed = dict.fromkeys(model for there in costs for model, one in there.items() if one.costs is not None)
    left = [model for model in timed if model not in used]
    slower = [model for model in left if model in batches]
    untimed = [model for model in left if model not in batches]
    notices = []
    if used:
        each = ", ".join(f"{model} (up to {count} structures at once)" for model, count in used.items())
        phonons = task.kind is TaskKind.PHONONS
        what = "Displaced supercells are counted" if phonons else "Counted"
        message = f"{what} in batches, by TorchSim, as timed with bench --batch: {each}; so does the script of --write."
        notices.append(Notice("batched", message))
    # Most supercells are no work for batches: nothing is said of those that were not timed in them.
    untimed = [] if task.kind is TaskKind.PHONONS else untimed
    if slower:
        words = "batches were timed and are not clearly faster"
        notices.append(Notice("one_by_one", f"Counted one structure after the other: {', '.join(slower)}; {words}."))
    if untimed:
        words = "mlipguide bench STRUCTURE --batch auto times batches, for backends that have them"
        notices.append(Notice("one_by_one", f"Counted one structure after the other: {', '.join(untimed)}; {words}."))
    return tuple(notices)
