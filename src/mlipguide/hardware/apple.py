"""Describes Macs through ``sysctl`` and ``system_profiler``.

The names of the ``sysctl`` values are those of Apple's "Determining system capabilities" and sysctl(3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlipguide.hardware.cpu import Processor
from mlipguide.hardware.cpuinfo import select_instruction_sets
from mlipguide.hardware.gpu_findings import GpuFindings
from mlipguide.hardware.system_files import parse_integer
from mlipguide.hardware.vendor_tools import ToolRunner
from mlipguide.records.hardware.machine import Gpu, GpuVendor

SYSCTL = ("sysctl", "hw", "machdep.cpu", "kern.hv_vmm_present", "iogpu")
SYSTEM_PROFILER = ("system_profiler", "SPDisplaysDataType", "-json")

_MEGABYTE = 2**20

_ARM_FEATURES = {
    "hw.optional.neon": "neon",
    "hw.optional.AdvSIMD": "neon",
    "hw.optional.arm.FEAT_FP16": "asimdhp",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_SME": "sme",
}
_INTEL_FEATURES = {
    "SSE4.2": "sse4_2",
    "AVX1.0": "avx",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "AVX512F": "avx512f",
}


def parse_sysctl(text: str) -> dict[str, str]:
    """Return the ``name: value`` lines that ``sysctl`` prints."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def describe_processor(values: Mapping[str, str], *, architecture: str, logical_cores: int) -> Processor:
    """Describe the processor of a Mac.

    Args:
        values: What ``sysctl`` prints, by name.
        architecture: As ``uname -m`` prints it.
        logical_cores: Hardware threads, used where ``sysctl`` does not say.
    """
    frequency = parse_integer(values.get("hw.cpufrequency_max"))
    hypervisor = values.get("kern.hv_vmm_present")
    intel = f"{values.get('machdep.cpu.features', '')} {values.get('machdep.cpu.leaf7_features', '')}".split()
    features = {name for key, name in _ARM_FEATURES.items() if values.get(key) == "1"}
    features |= {_INTEL_FEATURES[flag] for flag in intel if flag in _INTEL_FEATURES}
    return Processor(
        model=values.get("machdep.cpu.brand_string") or None,
        architecture=architecture,
        physical_cores=parse_integer(values.get("hw.physicalcpu")),
        logical_cores=parse_integer(values.get("hw.logicalcpu")) or logical_cores,
        numa_nodes=None,
        instruction_sets=select_instruction_sets(frozenset(features)),
        l3_cache_bytes=parse_integer(values.get("hw.l3cachesize")) or None,
        max_frequency_hz=float(frequency) if frequency else None,
        virtual_machine=None if hypervisor is None else hypervisor == "1",
    )


def find_apple(run: ToolRunner, values: Mapping[str, str]) -> GpuFindings:
    """Describe the graphics processors of a Mac.

    Args:
        run: Asks a tool.
        values: What ``sysctl`` prints, by name.
    """
    answer = run(SYSTEM_PROFILER)
    if answer.text is None:
        return GpuFindings(facts=(answer.problem or "system_profiler printed nothing.",))
    return parse_displays(answer.text, values)


def parse_displays(text: str, values: Mapping[str, str]) -> GpuFindings:
    """Return the Apple devices in the JSON of ``system_profiler SPDisplaysDataType``.

    The number of GPU cores is put behind the name, since devices of one name are sold with different numbers.
    The memory is the main memory, or the part of it that ``iogpu.wired_limit_mb`` leaves to the GPU when it
    is set.

    Args:
        text: Standard output of :data:`SYSTEM_PROFILER`.
        values: What ``sysctl`` prints, by name.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return GpuFindings(facts=("system_profiler printed no JSON.",))
    entries = found.get("SPDisplaysDataType") if isinstance(found, dict) else None
    wired = parse_integer(values.get("iogpu.wired_limit_mb"))
    memory = wired * _MEGABYTE if wired else parse_integer(values.get("hw.memsize"))
    gpus: list[Gpu] = []
    facts: list[str] = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        name = str(entry.get("sppci_model") or entry.get("_name") or "a device without a name")
        if entry.get("spdisplays_vendor") != "sppci_vendor_Apple":
            facts.append(f"{name} is not an Apple device: no backend uses it.")
            continue
        gpus.append(_build_gpu(len(gpus), name, cores=entry.get("sppci_cores"), memory_bytes=memory))
    if gpus:
        facts.append("The Apple device shares the main memory: what it uses, the processor cannot.")
    else:
        facts.append("No Apple graphics processor was found.")
    return GpuFindings(gpus=tuple(gpus), facts=tuple(facts))


def _build_gpu(index: int, name: str, *, cores: Any, memory_bytes: int | None) -> Gpu:
    return Gpu(
        vendor=GpuVendor.APPLE,
        index=index,
        name=f"{name} ({cores} cores)" if cores else name,
        memory_bytes=memory_bytes,
        memory_used_bytes=None,
        driver=None,
        compute_capability=None,
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=None,
        uuid=None,
    )
