"""What many small structures cost where they are evaluated in batches, here and on hardware that is not here.

A structure's share of a batch stands in the place of the time of a step. On other hardware a batch is transferred as a
step of as many atoms is; what its structures take outside the network is the host's work there too, and is added as it
was measured here, within a factor of :data:`HOSTS`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mlipguide.costmodel.batches import CLEARLY_FASTER, BatchCosts
from mlipguide.costmodel.model_costs import UNLIMITED_BYTES, Costs, ModelCosts
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.axes import TORCH_SIM

HOSTS = 2.0
"""Between the cores of two machines (a judgement: of machines of this decade)."""


COMPARED = 1
"""Supercells of phonons that are evaluated alone as well, to see that a batch computes the same."""


@dataclass(frozen=True)
class Shares:
    """Which part of a task's evaluations is done in batches and which alone; together more than 1 where some are both.

    Attributes:
        together: In batches.
        alone: One by one.
    """

    together: float = 1.0
    alone: float = 0.0


def shares_of(task: Task) -> Shares:
    """Return what of a task is done in batches: all relaxations of a screen, of phonons the displaced supercells.

    What phonons take beside them depends on the relaxation, of which the middle of the usual counts is taken.
    """
    if task.kind is not TaskKind.PHONONS:
        return Shares()
    evaluations = max(task.workload.evaluations.value, task.workload.systems)
    alone = evaluations - task.workload.systems + COMPARED
    return Shares(together=task.workload.systems / evaluations, alone=alone / evaluations)


@dataclass(frozen=True)
class BatchedWork:
    """Costs of a structure that is one of a batch; implements :class:`~mlipguide.costmodel.model_costs.Costs`.

    Attributes:
        together: Of a batch, against the atoms of all its structures.
        alone: Of one structure, which alone says how large one may be.
        structures: In a batch.
        outside: What each takes in addition.
        shares: What of the work is done in batches.
    """

    together: Costs
    alone: Costs
    structures: int
    outside: Estimate | None = None
    shares: Shares = Shares()

    def step_time_s(self, atoms: int) -> Estimate | None:
        """Return what one evaluation of ``atoms`` atoms takes on average: in a batch its share of the time of all."""
        whole, alone = self.together.step_time_s(self.structures * atoms), self.alone.step_time_s(atoms)
        if whole is None or alone is None:
            return None
        share = whole.scaled(1 / self.structures)
        share = share if self.outside is None else share.plus(self.outside)
        if not self.shares.alone:
            return share
        return share.scaled(self.shares.together).plus(alone.scaled(self.shares.alone))

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory of a batch."""
        return self.together.peak_memory_bytes(self.structures * atoms)

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        """Return how many atoms one structure may have: a batch can be made smaller."""
        return self.alone.largest_system_atoms(memory_bytes)

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms a structure so many shares of a batch take ``budget_s``.

        Where only a part is done in batches, it is what all of them alone would allow, which is fewer.
        """
        if self.shares.alone:
            return self.alone.affordable_atoms(steps=steps, budget_s=budget_s)
        outside_s = 0.0 if self.outside is None else self.outside.value * steps
        left_s = self.structures * (budget_s - outside_s)
        found = self.together.affordable_atoms(steps=steps, budget_s=left_s) if left_s > 0 else None
        if found is None or found.value < self.structures:
            return None
        low, high = (None if end is None else math.floor(end / self.structures) for end in (found.low, found.high))
        return replace(found, value=math.floor(found.value / self.structures), low=low, high=high)


def batched_here(known: ModelCosts, batches: BatchCosts, task: Task) -> ModelCosts:
    """Return costs in batches; unchanged where that is not faster.

    Args:
        known: One structure after the other.
        batches: As measured here, of structures of the task's size.
        task: Of many structures.
    """
    count = batches.best(most=task.workload.systems)
    if known.costs is None or count is None:
        return known
    return _where_faster(known, BatchedWork(batches.together, known.costs, count, shares=shares_of(task)), batches)


def batched_elsewhere(
    known: ModelCosts,
    batches: BatchCosts,
    transferred: ReferenceTimings,
    card: ModelCard,
    profile: HardwareProfile,
    *,
    task: Task,
    memory_bytes: int,
) -> ModelCosts:
    """Return costs in batches on other hardware, transferred from batches that were measured here.

    Args:
        known: One structure after the other, there.
        batches: As measured here.
        transferred: What tells of costs there, with the batches in the place of steps.
        card: The model.
        profile: The hardware.
        task: Of many structures.
        memory_bytes: Of one device.
    """
    if known.costs is None or batches.outside_s is None:
        return known
    count = min(task.workload.systems, max(batches.counts))
    there = transferred.on_one_device(card, replace(profile, count=1), count * batches.atoms)
    if memory_bytes < UNLIMITED_BYTES:
        fits = there.largest_system_atoms(memory_bytes)
        count = min(count, 0 if fits is None else int(fits.at_least) // batches.atoms)
    if count < 1:
        return known
    outside = around(batches.outside_s, HOSTS, basis=Basis.TRANSFERRED, source="timed on this machine")
    found = _where_faster(known, BatchedWork(there, known.costs, count, outside, shares_of(task)), batches)
    return known if found is known else replace(found, devices=1)


def _where_faster(known: ModelCosts, work: BatchedWork, batches: BatchCosts) -> ModelCosts:
    alone, share = work.alone.step_time_s(batches.atoms), work.step_time_s(batches.atoms)
    if alone is None or share is None:
        return known
    gain = alone.times(share.inverted(1.0))
    if gain.low is None or gain.low <= CLEARLY_FASTER:
        return known
    settings = None if known.settings is None else replace(known.settings, driver=TORCH_SIM)
    return replace(
        known,
        costs=work,
        settings=settings,
        measured=(*known.measured, *batches.together.records) if known.measured else (),
        structures_at_once=work.structures,
    )
