"""Raw samples from one run on one machine, kept for ever."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from mlipguide.records.checks import (
    HOTTEST_K,
    LONGEST_S,
    LONGEST_STEP_S,
    MOST_BYTES,
    require,
    require_atoms,
    require_name,
    require_positive,
    require_samples,
    require_when,
    require_within,
)
from mlipguide.records.models.additions import Addition
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import ALLOCATOR, FIELDS, HARMLESS, RANKS, THREADS, AxisChoice


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


class Scenario(StrEnum):
    """What is timed, in the words of MLPerf Inference (arXiv:1911.02549).

    ``single-stream`` is one molecular-dynamics run, a step at a time; ``offline`` is many small structures, each
    evaluated once, of which only the throughput matters.
    """

    SINGLE_STREAM = "single-stream"
    OFFLINE = "offline"


MOST_PROCESSORS = 10**7
MOST_PAIRS = 1e7
"""Neighbours of an atom; a limit against damaged numbers."""


@strict
@dataclass(frozen=True, kw_only=True)
class Settings:
    """With which settings a model is run; part of every comparison.

    Attributes:
        threads: Threads of the linear algebra.
        dtype: ``float32`` or ``float64``.
        device: ``cpu``, ``cuda:0``, ``mps``.
        driver: What advances the atoms: ``ase``, ``lammps``, or ``torch-sim`` for many structures at once.
        allocator: How freed memory is kept.
        ranks: MPI processes that share the atoms; 1 where the driver knows none.
        choices: What was chosen on the other axes of the backend and is not the default, by the names of the axes.
        additions: What is added to the model: with it, it is another potential.
    """

    threads: int
    dtype: str
    device: str
    driver: str
    allocator: Allocator
    ranks: int = 1
    choices: tuple[AxisChoice, ...] = field(default=())
    additions: tuple[Addition, ...] = field(default=())

    @property
    def processors(self) -> int:
        """How many processors are kept busy: threads of all ranks."""
        return self.threads * self.ranks

    @property
    def numerics(self) -> tuple[object, ...]:
        """What decides the numbers but for the order of sums: dtype, device, additions, choices that change more."""
        return (self.device, *self.numerics_anywhere)

    @property
    def numerics_anywhere(self) -> tuple[object, ...]:
        """What decides the numbers on whatever device, but for their last digits: ``numerics`` without the device."""
        return (
            self.dtype,
            *self.additions,
            *(one for one in self.choices if one.axis not in HARMLESS),
        )

    @property
    def on_any_device(self) -> Settings:
        """These settings without the number of the GPU, which is one machine's own."""
        return replace(self, device="cuda:0") if self.device.startswith("cuda:") else self

    def chosen(self, axis: str) -> str | None:
        """Return the value on an axis; None for the default of one that is no field."""
        if axis in FIELDS:
            found = getattr(self, axis)
            return found.value if isinstance(found, Allocator) else str(found)
        return next((one.value for one in self.choices if one.axis == axis), None)

    def with_choice(self, axis: str, value: str | None) -> Settings:
        """Return the settings with another value on an axis; None stands for the default of one that is no field."""
        changed: Any = value
        if axis in (THREADS, RANKS):
            changed = int(value or 1)
        elif axis == ALLOCATOR:
            changed = Allocator(value or Allocator.DEFAULT)
        if axis in FIELDS:
            return replace(self, **{axis: changed})
        others = [one for one in self.choices if one.axis != axis]
        chosen = [] if value is None else [AxisChoice(axis=axis, value=value)]
        return replace(self, choices=tuple(sorted([*others, *chosen], key=lambda one: one.axis)))

    def check(self) -> None:
        """Refuse settings that nothing can run with.

        Raises:
            ValueError: What does not make sense.
        """
        require_within(1, MOST_PROCESSORS, threads=self.threads, ranks=self.ranks)
        require_name(dtype=self.dtype, device=self.device, driver=self.driver)
        for one in self.choices:
            require_name(axis=one.axis, value=one.value)
        names = [one.axis for one in self.choices]
        require(names == sorted(set(names)), f"choices are not one for each axis, by name: {', '.join(names)}")
        kinds = [one.kind.value for one in self.additions]
        require(len(kinds) == len(set(kinds)), f"something is added twice: {', '.join(kinds)}")


@strict
@dataclass(frozen=True, kw_only=True)
class StepSamples:
    """Consecutive MD steps, one number a step, in seconds.

    Attributes:
        wall_s: Wall time of the step.
        energy_forces_s: The part of it spent in the energy-and-force call.
        cpu_s: Processor time of the step, all threads.
        model_s: The part of the energy-and-force call spent in the network and its gradients; the rest of the call
            is the neighbour list and the graph. None where the backend does not say.
    """

    wall_s: tuple[float, ...]
    energy_forces_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    model_s: tuple[float, ...] | None = None

    def check(self) -> None:
        """Refuse times that are none, and parts of steps that are not there.

        Raises:
            ValueError: What does not make sense.
        """
        for sample in self.wall_s:
            require_positive(LONGEST_S, wall_s=sample)
        for name, parts in (
            ("energy_forces_s", self.energy_forces_s),
            ("cpu_s", self.cpu_s),
            ("model_s", self.model_s),
        ):
            if parts is not None:
                require_samples(name, parts)
                require(len(parts) == len(self.wall_s), f"{name} is of {len(parts)} steps, not of {len(self.wall_s)}")


@strict
@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What else the machine did while samples were taken; None where it cannot be read.

    Attributes:
        steal_share: Share of processor time that the hypervisor gave to others.
        other_load_share: Share of the usable cores that other processes used.
        involuntary_switches_per_s: How often the worker was interrupted.
        clock_share: Mean clock of the usable processors over the highest they can have.
        throttle_events: How often a processor slowed down because of its temperature.
        gpu_clock_share: Clock of the GPU over the highest it can have.
        gpu_power_w: Power drawn by the GPU.
        gpu_temperature_c: Temperature of the GPU in degrees Celsius.
        gpu_throttle_reasons: Why the GPU's driver held its clock down; empty when it did not.
        gpu_other_processes: Processes of others on the GPU.
    """

    steal_share: float | None = None
    other_load_share: float | None = None
    involuntary_switches_per_s: float | None = None
    clock_share: float | None = None
    throttle_events: int | None = None
    gpu_clock_share: float | None = None
    gpu_power_w: float | None = None
    gpu_temperature_c: float | None = None
    gpu_throttle_reasons: tuple[str, ...] | None = None
    gpu_other_processes: int | None = None


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
        scenario: Single-stream or offline.
        weights: Real or random.
        settings: Threads, dtype, device, driver, allocator.
        versions: Of Python, torch, the backend and what else matters.
        fingerprint: Of the machine.
        structure: The structure that was repeated or cut.
        atoms: Number of atoms measured; of a batch, those of all its structures together.
        pairs_per_atom: Neighbours within the cutoff, mean over atoms, images counted; within 6 Å where the cutoff is
            not known.
        temperature_k: Temperature of the velocities.
        timestep_s: Integration step.
        propagated: Whether atoms moved by the model's forces; False for re-evaluated rattled copies.
        load_s: Importing the backend and loading the weights.
        first_call_s: The first energy-and-force call, and compiling again during later ones, kept apart.
        warm_up: Steps before the steady state.
        steady: Steps in the steady state.
        steady_bursts: Of how many consecutive steps each burst of it was; between bursts other models or sizes ran.
        set_aside: Steps of the steady state during which the machine was disturbed, while others were not; they count
            in no figure.
        reference_s: Times of the reference kernel, taken beside the bursts: the machine's own speed.
        peak_memory_bytes: Peak of the device's memory in use by the worker (resident memory on a CPU).
        disturbance: What else the machine did.
        structures: How many structures were evaluated at once; a step is then one evaluation of all of them.
    """

    record: str
    taken_at: str
    model: str
    time_law: str
    backend: str
    scenario: Scenario
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
    steady_bursts: tuple[int, ...]
    set_aside: StepSamples
    reference_s: tuple[float, ...]
    peak_memory_bytes: int | None
    disturbance: Disturbance
    structures: int = field(default=1)

    def __post_init__(self) -> None:
        """Refuse bursts that are not those of the steady state.

        Raises:
            ValueError: Their lengths do not add up to its number of steps.
        """
        if sum(self.steady_bursts) != len(self.steady.wall_s):
            raise ValueError(
                f"{sum(self.steady_bursts)} steps in bursts, {len(self.steady.wall_s)} in the steady state"
            )

    def check(self) -> None:
        """Refuse what no law can be fitted to and no decision stand on.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(record=self.record, model=self.model, backend=self.backend, fingerprint=self.fingerprint)
        require_when(taken_at=self.taken_at)
        self.settings.check()
        self.structure.check()
        require_atoms(atoms=self.atoms)
        require_within(1, self.atoms, structures=self.structures)
        require_positive(MOST_PAIRS, pairs_per_atom=self.pairs_per_atom)
        require_within(0, HOTTEST_K, temperature_k=self.temperature_k)
        require_positive(LONGEST_STEP_S, timestep_s=self.timestep_s)
        require_within(0, LONGEST_S, load_s=self.load_s, first_call_s=self.first_call_s)
        for samples in (self.warm_up, self.steady, self.set_aside):
            samples.check()
        require(bool(self.steady.wall_s), "it holds no step")
        require(all(length > 0 for length in self.steady_bursts), "a burst holds no step")
        for reference_s in self.reference_s:
            require_positive(LONGEST_S, reference_s=reference_s)
        require_positive(MOST_BYTES, peak_memory_bytes=self.peak_memory_bytes)
        require_within(
            0,
            1e6,
            steal_share=self.disturbance.steal_share,
            other_load_share=self.disturbance.other_load_share,
            clock_share=self.disturbance.clock_share,
        )

    @property
    def burst_wall_s(self) -> tuple[tuple[float, ...], ...]:
        """Wall times of the steady steps, burst by burst."""
        ends = tuple(itertools.accumulate(self.steady_bursts))
        return tuple(self.steady.wall_s[begin:end] for begin, end in zip((0, *ends), ends, strict=False))
