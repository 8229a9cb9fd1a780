"""Puts the description of this machine together."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from mlipguide.core.look import once_a_look
from mlipguide.hardware.amd import find_amd
from mlipguide.hardware.apple import SYSCTL, describe_processor, find_apple, parse_sysctl
from mlipguide.hardware.cgroups import read_cpu_quota, read_memory_limit
from mlipguide.hardware.cpu import (
    Processor,
    describe_cpu,
    read_affinity,
    read_linux_processor,
    read_other_processor,
)
from mlipguide.hardware.fingerprint import compute_fingerprint
from mlipguide.hardware.gpu_findings import VENDOR_NAMES, GpuFindings, find_pci_vendors
from mlipguide.hardware.memory import read_memory
from mlipguide.hardware.nvidia import find_nvidia, load_nvml
from mlipguide.hardware.slurm import read_slurm
from mlipguide.hardware.vendor_tools import run_tool
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine, SlurmGrant

_CPU_FACTS = {
    "model": "the name of the processor",
    "physical_cores": "how many cores share hardware threads",
    "numa_nodes": "the number of NUMA nodes",
    "l3_cache_bytes": "the size of the last-level cache",
    "max_frequency_hz": "the highest clock of the processor",
    "virtual_machine": "whether it is a virtual machine",
}
"""What a processor's missing field is called in a sentence."""


@once_a_look
def probe_machine() -> Machine:
    """Describe this machine as far as it changes speed or what fits.

    What is missing, has no driver or is not permitted is a sentence in ``facts``; nothing is raised for it.
    Takes well below a second where no vendor's tool has to be started.
    """
    system = platform.system()
    is_mac = system == "Darwin"
    values = parse_sysctl(run_tool(SYSCTL).text or "") if is_mac else {}
    slurm = read_slurm(os.environ)
    processor = _read_processor(system, values)
    cpu = describe_cpu(processor, affinity=read_affinity(), quota=read_cpu_quota(), slurm=slurm.cpus if slurm else None)
    memory = read_memory(cgroup=read_memory_limit(), slurm_bytes=slurm.memory_bytes if slurm else None)
    found = _find_gpus(values if is_mac else None, os.environ)
    return Machine(
        hostname=platform.node(),
        system=system,
        kernel=platform.release(),
        python=platform.python_version(),
        cpu=cpu,
        memory=memory,
        gpus=found.gpus,
        slurm=slurm,
        facts=(*_list_cpu_facts(processor), *found.facts, *_list_slurm_facts(slurm, found.gpus)),
        fingerprint=compute_fingerprint(cpu, found.gpus),
    )


def _read_processor(system: str, values: Mapping[str, str]) -> Processor:
    if system == "Linux":
        return read_linux_processor()
    if system == "Darwin":
        return describe_processor(values, architecture=platform.machine(), logical_cores=os.cpu_count() or 1)
    return read_other_processor()


def _find_gpus(sysctl: Mapping[str, str] | None, environment: Mapping[str, str]) -> GpuFindings:
    """Look for the devices of every vendor that can be in this machine."""
    if sysctl is not None:
        return _guard(GpuVendor.APPLE, lambda: find_apple(run_tool, sysctl))
    on_bus = find_pci_vendors(Path("/"))
    is_nvidia = GpuVendor.NVIDIA in on_bus if on_bus is not None else None
    is_amd = GpuVendor.AMD in on_bus if on_bus is not None else None
    found = (
        _guard(GpuVendor.NVIDIA, lambda: find_nvidia(load_nvml(), environment, is_on_bus=is_nvidia)),
        _guard(GpuVendor.AMD, lambda: find_amd(run_tool, environment, is_on_bus=is_amd)),
    )
    return GpuFindings(
        gpus=tuple(gpu for findings in found for gpu in findings.gpus),
        facts=tuple(fact for findings in found for fact in findings.facts),
    )


def _guard(vendor: GpuVendor, find: Callable[[], GpuFindings]) -> GpuFindings:
    """Turn a failure inside a vendor's library into a fact: a broken driver hides nothing else."""
    try:
        return find()
    except Exception as error:  # noqa: BLE001  # a vendor's library may raise anything
        name = VENDOR_NAMES[vendor]
        return GpuFindings(facts=(f"Looking for {name} devices failed ({type(error).__name__}: {error}).",))


def _list_cpu_facts(processor: Processor) -> tuple[str, ...]:
    missing = [field.name for field in fields(processor) if getattr(processor, field.name) is None]
    return tuple(f"The system does not tell {_CPU_FACTS[name]}." for name in missing)


def _list_slurm_facts(slurm: SlurmGrant | None, gpus: tuple[Gpu, ...]) -> tuple[str, ...]:
    """Say what is odd about an allocation."""
    if slurm is None:
        return ()
    facts = []
    if slurm.memory_bytes is None:
        facts.append("SLURM does not tell how much memory it granted.")
    if slurm.gpus and not gpus:
        facts.append(f"SLURM granted {slurm.gpus} GPU(s), but none can be seen from here.")
    return tuple(facts)
