"""What ``mlipguide bench`` reports."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.estimate import Estimate
from mlipguide.records.machine import Machine
from mlipguide.records.measurement import Settings, Weights
from mlipguide.records.strict import strict
from mlipguide.records.structure import StructureSummary


@strict
@dataclass(frozen=True, kw_only=True)
class SizeResult:
    """One model at one size.

    Attributes:
        model: Id of the card.
        atoms: Number of atoms measured.
        pairs_per_atom: Neighbours within the cutoff.
        step_time_s: One MD step.
        energy_forces_time_s: The energy-and-force call in it; the rest is the driver's.
        cpu_time_s: Processor time of a step, all threads.
        first_call_s: The first call, which pays for what no later one pays.
        samples: Steps in the steady state.
        peak_memory_bytes: Peak of memory.
        settings: Threads, dtype, device, driver, allocator.
        weights: Real or random.
        record: The stored record.
    """

    model: str
    atoms: int
    pairs_per_atom: float
    step_time_s: Estimate
    energy_forces_time_s: Estimate
    cpu_time_s: Estimate
    first_call_s: float
    samples: int
    peak_memory_bytes: Estimate | None
    settings: Settings
    weights: Weights
    record: str


@strict
@dataclass(frozen=True, kw_only=True)
class CostFit:
    """The law that predictions for one model follow: a fixed cost, and a cost per atom of this kind.

    Attributes:
        model: Id of the card.
        pairs_per_atom: Neighbours within the cutoff.
        smallest_atoms: Smallest size measured.
        largest_atoms: Largest size measured; beyond it predictions are extrapolated.
        fixed_time_s: Time of a step that does not depend on its size.
        time_per_atom_s: Time of a step per atom.
        fixed_memory_bytes: Memory that does not depend on the size.
        memory_per_atom_bytes: Memory per atom.
        relative_half_width: Half the 90 % interval of a predicted time within the measured sizes, over its
            value.
    """

    model: str
    pairs_per_atom: float
    smallest_atoms: int
    largest_atoms: int
    fixed_time_s: float
    time_per_atom_s: float
    fixed_memory_bytes: float | None
    memory_per_atom_bytes: float | None
    relative_half_width: float


@strict
@dataclass(frozen=True, kw_only=True)
class BenchData:
    """The answer of ``mlipguide bench``."""

    machine: Machine
    structure: StructureSummary
    measurements: tuple[SizeResult, ...]
    fits: tuple[CostFit, ...]
