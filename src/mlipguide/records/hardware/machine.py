"""What a machine is, as far as it changes speed or what fits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The processor, and what of it this process may use.

    Attributes:
        model: Name as the system gives it, None where it gives none.
        architecture: ``x86_64``, ``aarch64``, ``arm64``.
        physical_cores: Cores of the whole machine, None where unknown.
        logical_cores: Hardware threads of the whole machine.
        usable_cores: Hardware threads that affinity and cgroup quota leave; the quota may be a fraction.
        limited_by: What makes ``usable_cores`` smaller than ``logical_cores``: ``affinity``, ``cgroup
            quota``, ``slurm``; None when nothing does.
        numa_nodes: NUMA nodes, None where unknown.
        instruction_sets: Those that change the speed of linear algebra (``avx2``, ``avx512f``, ``amx_tile``,
            ``neon``).
        l3_cache_bytes: Last-level cache of one socket, None where unknown.
        max_frequency_hz: Highest clock that the system reports, None where it reports none.
        virtual_machine: Whether a hypervisor is seen; None where it cannot be told.
    """

    model: str | None
    architecture: str
    physical_cores: int | None
    logical_cores: int
    usable_cores: float
    limited_by: str | None
    numa_nodes: int | None
    instruction_sets: tuple[str, ...]
    l3_cache_bytes: int | None
    max_frequency_hz: float | None
    virtual_machine: bool | None


@strict
@dataclass(frozen=True, kw_only=True)
class Memory:
    """Main memory.

    Attributes:
        total_bytes: Of the whole machine.
        usable_bytes: What this process may use in all (the smallest of machine, cgroup limits and SLURM
            grant).
        available_bytes: What is free for use now, within ``usable_bytes``.
        limited_by: What makes ``usable_bytes`` smaller than ``total_bytes``; None when nothing does.
    """

    total_bytes: int
    usable_bytes: int
    available_bytes: int
    limited_by: str | None


class GpuVendor(StrEnum):
    """Who makes the device, which decides the tool that describes it."""

    NVIDIA = "nvidia"
    AMD = "amd"
    APPLE = "apple"


@strict
@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One graphics processor as its vendor's tool describes it; None is what the tool did not say.

    Attributes:
        vendor: The maker.
        index: Position in the vendor's own numbering.
        name: Name as the tool gives it.
        memory_bytes: Memory of the device (of the MIG slice when ``mig`` is set).
        memory_used_bytes: In use when probed.
        driver: Driver version.
        compute_capability: NVIDIA's ``9.0``, AMD's ``gfx942``.
        mig: Name of the MIG profile, None when MIG is off or unknown to the device.
        clock_hz: Present clock of the multiprocessors.
        max_clock_hz: Highest clock of the multiprocessors.
        power_limit_w: Power limit in force.
        other_processes: Compute processes of others on the device, None when not permitted to know.
        uuid: The device's own identity.
    """

    vendor: GpuVendor
    index: int
    name: str
    memory_bytes: int | None
    memory_used_bytes: int | None
    driver: str | None
    compute_capability: str | None
    mig: str | None
    clock_hz: float | None
    max_clock_hz: float | None
    power_limit_w: float | None
    other_processes: int | None
    uuid: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class SlurmGrant:
    """What a SLURM allocation gives this process; None is what the environment did not say."""

    job_id: str
    partition: str | None
    cpus: int | None
    memory_bytes: int | None
    gpus: int | None
    nodes: int | None


@strict
@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine, its fingerprint, and what the probe could not find out and why.

    Attributes:
        hostname: For the reader; it is not part of the fingerprint.
        system: ``Linux``, ``Darwin``.
        kernel: Kernel release.
        python: Version of the Python that runs mlipguide.
        cpu: The processor.
        memory: Main memory.
        gpus: The devices found, possibly none.
        slurm: The allocation, None outside of one.
        facts: What was looked for and not found or not permitted, as sentences ("No NVIDIA driver is
            installed.").
        fingerprint: Hash of what changes speed: equal fingerprints may share timings.
    """

    hostname: str
    system: str
    kernel: str
    python: str
    cpu: Cpu
    memory: Memory
    gpus: tuple[Gpu, ...]
    slurm: SlurmGrant | None
    facts: tuple[str, ...]
    fingerprint: str
