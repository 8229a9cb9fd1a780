"""What a batch of small structures costs: the law of a step, for the atoms of all structures together.

    time per structure = t(B n, B p) / B

with n atoms and p pairs in a structure, B structures in a batch, and t the law of :mod:`mlipguide.costmodel.scaling`
fitted to evaluations of whole batches: what a call takes at any size is shared by B structures, and what each structure
costs, its neighbour list included, grows with its atoms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from mlipguide.costmodel.costs import Costs, costs_from
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.measurement import Measurement

CLEARLY_FASTER = 1.02
"""The low end of a gain beyond which it counts: two runs of one program differ by some per cent anyway."""
CLOSE_TO_LEAST = 1.05
"""A batch whose time per structure is at most this times the least is large enough: larger ones take more memory."""


@dataclass(frozen=True)
class BatchCosts:
    """Time and memory of evaluating many structures of one kind, at once and one after the other.

    Attributes:
        atoms: Of one structure.
        together: Of a batch, against the atoms of all its structures.
        alone: Of one structure after the other, against the atoms of one.
        counts: Numbers of structures that were timed at once, ascending.
        outside_s: What each structure of a batch takes outside the network, for its neighbour list and graph: work of
            the host also where a GPU evaluates them. None where the backend does not show its network.
    """

    atoms: int
    together: Costs
    alone: Costs
    counts: tuple[int, ...]
    outside_s: float | None = None

    def alone_s(self) -> Estimate:
        """Return the time of a structure that is evaluated alone."""
        return self.alone.step_time_s(self.atoms)

    def structure_time_s(self, structures: int) -> Estimate:
        """Return the time of a batch over the number of its structures."""
        return self.together.step_time_s(structures * self.atoms).scaled(1 / structures)

    def gain(self, structures: int) -> Estimate:
        """Return how many times faster a structure is done in a batch than alone."""
        return self.alone_s().times(self.structure_time_s(structures).inverted(1.0))

    def peak_memory_bytes(self, structures: int) -> Estimate | None:
        """Return the peak of memory of a batch; None where it was not measured."""
        return self.together.peak_memory_bytes(structures * self.atoms)

    def largest_batch(self, memory_bytes: int) -> Estimate | None:
        """Return how many structures fit into so much memory; None where nothing tells, or not one fits."""
        found = self.together.largest_system_atoms(memory_bytes)
        if found is None or found.value < self.atoms:
            return None
        low, high = (None if end is None else math.floor(end / self.atoms) for end in (found.low, found.high))
        value = math.floor(found.value / self.atoms)
        return Estimate(value=value, low=low, high=high, basis=found.basis, source=found.source)

    def best(self, *, most: int | None = None) -> int | None:
        """Return how many structures to evaluate at once.

        It is the smallest number that was timed with a time per structure close to the least. None where it is not
        clearly faster than one after the other, as where nobody knows how certain the times are.

        Args:
            most: There are no more structures; None for any number.
        """
        counts = [count for count in self.counts if most is None or count <= most]
        if not counts:
            return None
        times = {count: self.structure_time_s(count).value for count in counts}
        chosen = next(count for count in counts if times[count] <= CLOSE_TO_LEAST * min(times.values()))
        low = self.gain(chosen).low
        return chosen if low is not None and low > CLEARLY_FASTER else None


def batch_costs_from(together: Sequence[Measurement], alone: Iterable[Measurement]) -> BatchCosts:
    """Fit batches of one structure, and the same structure alone.

    Args:
        together: Batches of one number of atoms a structure, with one model and one set of settings.
        alone: The structure by itself.

    Raises:
        ValueError: Either is empty, or batches are of structures of several sizes.
    """
    atoms = {record.atoms // record.structures for record in together}
    if len(atoms) != 1:
        raise ValueError(f"batches of structures of {len(atoms)} sizes")
    return BatchCosts(
        atoms=atoms.pop(),
        together=costs_from(together),
        alone=costs_from(list(alone)),
        counts=tuple(sorted({record.structures for record in together})),
        outside_s=_outside_s(max(together, key=lambda record: record.structures)),
    )


def _outside_s(record: Measurement) -> float | None:
    if record.steady.model_s is None:
        return None
    outside_s = [
        max(0.0, whole - network) for whole, network in zip(record.steady.wall_s, record.steady.model_s, strict=True)
    ]
    return median(outside_s) / record.structures
