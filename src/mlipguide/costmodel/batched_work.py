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
from mlipguide.records.timing.axes import TORCH_SIM

HOSTS = 2.0
"""Between the cores of two machines (a judgement: of machines of this decade)."""


@dataclass(frozen=True)
class BatchedWork:
    """Costs of a structure that is one of a batch; implements :class:`~mlipguide.costmodel.model_costs.Costs`.

    Attributes:
        together: Of a batch, against the atoms of all its structures.
        alone: Of one structure, which alone says how large one may be.
        structures: In a batch.
        outside: What each takes in addition.
    """

    together: Costs
    alone: Costs
    structures: int
    outside: Estimate | None = None

    def step_time_s(self, atoms: int) -> Estimate | None:
        """Return the share of one structure of ``atoms`` atoms in the time of a batch."""
        whole = self.together.step_time_s(self.structures * atoms)
        if whole is None:
            return None
        share = whole.scaled(1 / self.structures)
        return share if self.outside is None else share.plus(self.outside)

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory of a batch."""
        return self.together.peak_memory_bytes(self.structures * atoms)

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        """Return how many atoms one structure may have: a batch can be made smaller."""
        return self.alone.largest_system_atoms(memory_bytes)

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms a structure so many shares of a batch take ``budget_s``."""
        outside_s = 0.0 if self.outside is None else self.outside.value * steps
        left_s = self.structures * (budget_s - outside_s)
        found = self.together.affordable_atoms(steps=steps, budget_s=left_s) if left_s > 0 else None
        if found is None or found.value < self.structures:
            return None
        low, high = (None if end is None else math.floor(end / self.structures) for end in (found.low, found.high))
        return replace(found, value=math.floor(found.value / self.structures), low=low, high=high)


def batched_here(known: ModelCosts, batches: BatchCosts, *, structures: int) -> tuple[ModelCosts, int | None]:
    """Return costs in batches, and how many structures are in one; unchanged, with None, where that is not faster.

    Args:
        known: One structure after the other.
        batches: As measured here, of structures of the task's size.
        structures: Of the task.
    """
    count = batches.best(most=structures)
    if known.costs is None or count is None:
        return known, None
    work = BatchedWork(batches.together, known.costs, count)
    return _where_faster(known, work, batches, count)


def batched_elsewhere(
    known: ModelCosts,
    batches: BatchCosts,
    transferred: ReferenceTimings,
    card: ModelCard,
    profile: HardwareProfile,
    *,
    structures: int,
    memory_bytes: int,
) -> tuple[ModelCosts, int | None]:
    """Return costs in batches on other hardware, transferred from batches that were measured here.

    Args:
        known: One structure after the other, there.
        batches: As measured here.
        transferred: What tells of costs there, with the batches in the place of steps.
        card: The model.
        profile: The hardware.
        structures: Of the task.
        memory_bytes: Of one device.
    """
    if known.costs is None or batches.outside_s is None:
        return known, None
    count = min(structures, max(batches.counts))
    there = transferred.on_one_device(card, replace(profile, count=1), count * batches.atoms)
    if memory_bytes < UNLIMITED_BYTES:
        fits = there.largest_system_atoms(memory_bytes)
        count = min(count, 0 if fits is None else int(fits.at_least) // batches.atoms)
    if count < 1:
        return known, None
    outside = around(batches.outside_s, HOSTS, basis=Basis.TRANSFERRED, source="timed on this machine")
    found, in_one = _where_faster(known, BatchedWork(there, known.costs, count, outside), batches, count)
    return (known if in_one is None else replace(found, devices=1)), in_one


def _where_faster(
    known: ModelCosts, work: BatchedWork, batches: BatchCosts, count: int
) -> tuple[ModelCosts, int | None]:
    alone, share = work.alone.step_time_s(batches.atoms), work.step_time_s(batches.atoms)
    if alone is None or share is None:
        return known, None
    gain = alone.times(share.inverted(1.0))
    if gain.low is None or gain.low <= CLEARLY_FASTER:
        return known, None
    settings = None if known.settings is None else replace(known.settings, driver=TORCH_SIM)
    records = (*known.measured, *batches.together.records)
    return replace(known, costs=work, settings=settings, measured=records if known.measured else ()), count
