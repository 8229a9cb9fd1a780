"""Raw samples from one run on one machine, kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict
from mlipguide.records.structure import StructureSummary


class Weights(StrEnum):
    """Real weights, or the same architecture with random ones: then time and memory hold and nothing else."""

    PRETRAINED = "pretrained"
    SYNTHETIC = "synthetic"


class Allocator(StrEnum):
    """How the C library keeps freed memory.

    ``retain`` keeps it for the next step. The default returns every large block to the kernel, and each step
    then pays for having its pages zeroed and mapped again.
    """

    DEFAULT = "default"
    RETAIN = "retain"


@strict
@dataclass(frozen=True, kw_only=True)
class Settings:
    """With which settings a model is run; part of every comparison.

    Attributes:
        threads: Threads of the linear algebra.
        dtype: ``float32`` or ``float64``.
        device: ``cpu``, ``cuda:0``, ``mps``.
        driver: What advances the atoms: ``ase``.
        allocator: How freed memory is kept.
    """

    threads: int
    dtype: str
    device: str
    driver: str
    allocator: Allocator


@strict
@dataclass(frozen=True, kw_only=True)
class StepSamples:
    """Consecutive MD steps, one number a step, in seconds.

    Attributes:
        wall_s: Wall time of the step.
        energy_forces_s: The part of it spent in the energy-and-force call.
        cpu_s: Processor time of the step, all threads.
    """

    wall_s: tuple[float, ...]
    energy_forces_s: tuple[float, ...]
    cpu_s: tuple[float, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What else the machine did while samples were taken; None where it cannot be read.

    Attributes:
        steal_share: Share of processor time that the hypervisor gave to others.
        other_load_share: Share of the usable cores that other processes used.
        involuntary_switches_per_s: How often the worker was interrupted.
    """

    steal_share: float | None
    other_load_share: float | None
    involuntary_switches_per_s: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One model at one size: raw samples and everything that is needed to understand them.

    Attributes:
        record: Unique name of the stored record.
        taken_at: ISO 8601 time, UTC.
        model: Id of the model card.
        time_law: The card's time law.
        backend: Its backend.
        weights: Real or random.
        settings: Threads, dtype, device, driver, allocator.
        versions: Of Python, torch, the backend and what else matters.
        fingerprint: Of the machine.
        structure: The structure that was repeated or cut.
        atoms: Number of atoms measured.
        pairs_per_atom: Neighbours within the cutoff, mean over atoms, images counted.
        temperature_k: Temperature of the velocities.
        timestep_s: Integration step.
        propagated: Whether atoms moved by the model's forces; False for re-evaluated rattled copies.
        load_s: Importing the backend and loading the weights.
        first_call_s: The first energy-and-force call, kept apart.
        warm_up: Steps before the steady state.
        steady: Steps in the steady state.
        peak_memory_bytes: Peak of the device's memory in use by the worker (resident memory on a CPU).
        disturbance: What else the machine did.
    """

    record: str
    taken_at: str
    model: str
    time_law: str
    backend: str
    weights: Weights
    settings: Settings
    versions: dict[str, str]
    fingerprint: str
    structure: StructureSummary
    atoms: int
    pairs_per_atom: float
    temperature_k: float
    timestep_s: float
    propagated: bool
    load_s: float
    first_call_s: float
    warm_up: StepSamples
    steady: StepSamples
    peak_memory_bytes: int | None
    disturbance: Disturbance
