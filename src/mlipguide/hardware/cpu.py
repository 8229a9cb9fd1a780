"""Describes the processor, and works out how much of it this process may use.

On Linux the facts come from ``/proc/cpuinfo`` and ``/sys/devices/system`` (the kernel's
Documentation/ABI/testing/sysfs-devices-system-cpu), on macOS from ``sysctl``.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from mlipguide.hardware.cpuinfo import parse_cpuinfo
from mlipguide.hardware.system_files import parse_index_list, read_integer, read_text
from mlipguide.records.hardware.machine import Cpu

X86 = frozenset({"x86_64", "AMD64", "amd64", "i686", "i386"})

VIRTUAL_PRODUCTS = (
    "KVM",
    "QEMU",
    "VMware",
    "VirtualBox",
    "Virtual Machine",
    "Google Compute Engine",
    "OpenStack",
)
"""Parts of the DMI product names under which hypervisors present themselves."""

_CACHE_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True, kw_only=True)
class Processor:
    """The processor of the whole machine, whatever this process may use of it; see :class:`Cpu`."""

    model: str | None
    architecture: str
    physical_cores: int | None
    logical_cores: int
    numa_nodes: int | None
    instruction_sets: tuple[str, ...]
    l3_cache_bytes: int | None
    max_frequency_hz: float | None
    virtual_machine: bool | None


def read_linux_processor(root: Path = Path("/"), *, architecture: str | None = None) -> Processor:
    """Describe the processor of a Linux machine.

    Args:
        root: Where ``proc`` and ``sys`` are found.
        architecture: As ``uname -m`` prints it; of the running system by default.
    """
    architecture = architecture or platform.machine()
    devices = root / "sys/devices/system"
    info = parse_cpuinfo(read_text(root / "proc/cpuinfo") or "")
    online = parse_index_list(read_text(devices / "cpu/online")) or ()
    return Processor(
        model=info.model,
        architecture=architecture,
        physical_cores=_count_cores(devices, online) or info.physical_cores,
        logical_cores=len(online) or info.logical_cores or os.cpu_count() or 1,
        numa_nodes=len(parse_index_list(read_text(devices / "node/online")) or ()) or None,
        instruction_sets=info.instruction_sets,
        l3_cache_bytes=_sum_l3_of_socket(devices, online),
        max_frequency_hz=_read_max_frequency(devices, online),
        virtual_machine=_find_hypervisor(root, architecture, info.flags),
    )


def read_other_processor() -> Processor:
    """Describe the processor where nothing but Python and psutil can be asked."""
    return Processor(
        model=platform.processor() or None,
        architecture=platform.machine(),
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=os.cpu_count() or 1,
        numa_nodes=None,
        instruction_sets=(),
        l3_cache_bytes=None,
        max_frequency_hz=None,
        virtual_machine=None,
    )


def read_affinity() -> int | None:
    """Return how many hardware threads the scheduler may use for this process, None where it cannot say."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return len(os.sched_getaffinity(0))


def limit_cores(
    logical: int, *, affinity: int | None, quota: float | None, slurm: int | None
) -> tuple[float, str | None]:
    """Return how many hardware threads this process may use, and what limits them.

    Args:
        logical: Hardware threads of the whole machine.
        affinity: Hardware threads that the scheduler may use for this process.
        quota: Processor time per time that the cgroups allow; may be a fraction.
        slurm: Hardware threads that SLURM granted.

    Returns:
        The smallest, and its name as :class:`Cpu` has it: None when nothing is below ``logical``, the first
        in the order above when several are equal.
    """
    usable, limited_by = float(logical), None
    for name, limit in (("affinity", affinity), ("cgroup quota", quota), ("slurm", slurm)):
        if limit is not None and 0 < limit < usable:
            usable, limited_by = float(limit), name
    return usable, limited_by


def describe_cpu(processor: Processor, *, affinity: int | None, quota: float | None, slurm: int | None) -> Cpu:
    """Join the processor with what of it may be used; the limits are those of :func:`limit_cores`."""
    usable, limited_by = limit_cores(processor.logical_cores, affinity=affinity, quota=quota, slurm=slurm)
    return Cpu(
        model=processor.model,
        architecture=processor.architecture,
        physical_cores=processor.physical_cores,
        logical_cores=processor.logical_cores,
        usable_cores=usable,
        limited_by=limited_by,
        numa_nodes=processor.numa_nodes,
        instruction_sets=processor.instruction_sets,
        l3_cache_bytes=processor.l3_cache_bytes,
        max_frequency_hz=processor.max_frequency_hz,
        virtual_machine=processor.virtual_machine,
    )


def parse_cache_size(text: str | None) -> int | None:
    """Return the bytes of a cache size such as ``32768K``, None for anything else."""
    match = re.fullmatch(r"(\d+)([KMG]?)", text or "")
    return int(match.group(1)) * _CACHE_UNITS[match.group(2)] if match else None


def _count_cores(devices: Path, online: tuple[int, ...]) -> int | None:
    """Count the different groups of hardware threads that share a core."""
    groups = {
        read_text(devices / f"cpu/cpu{number}/topology/thread_siblings_list") or f"unknown {number}"
        for number in online
    }
    return None if any(group.startswith("unknown") for group in groups) else len(groups) or None


def _sum_l3_of_socket(devices: Path, online: tuple[int, ...]) -> int | None:
    """Add up the different level-3 caches of the first socket; a chiplet processor has several."""
    socket_of = {number: read_integer(devices / f"cpu/cpu{number}/topology/physical_package_id") for number in online}
    first = next(iter(socket_of.values()), None)
    members = [number for number in online if socket_of[number] == first]
    folders = (devices / f"cpu/cpu{number}/cache" for number in members)
    caches = dict(found for folder in folders for found in _level_3_caches(folder))
    return sum(caches.values()) or None


def _level_3_caches(folder: Path) -> Iterator[tuple[str, int]]:
    for index in folder.glob("index*"):
        size = parse_cache_size(read_text(index / "size"))
        if size is not None and read_integer(index / "level") == 3:  # noqa: PLR2004  # the level asked for
            yield read_text(index / "shared_cpu_list") or str(folder), size


def _read_max_frequency(devices: Path, online: tuple[int, ...]) -> float | None:
    """Return the highest clock in Hz; the files are in kHz."""
    found = [read_integer(devices / f"cpu/cpu{number}/cpufreq/cpuinfo_max_freq") for number in online]
    return max((kilohertz * 1e3 for kilohertz in found if kilohertz), default=None)


def _find_hypervisor(root: Path, architecture: str, flags: frozenset[str]) -> bool | None:
    """Tell whether a hypervisor is seen: by CPUID on x86, elsewhere by how the firmware calls the product."""
    if architecture in X86 and flags:
        return "hypervisor" in flags
    if (root / "proc/device-tree/hypervisor").exists():
        return True
    names = [read_text(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name")]
    vendor, product = (name or "" for name in names)
    if not product:
        return None
    if vendor == "Amazon EC2":
        return ".metal" not in product
    return any(known in f"{vendor} {product}" for known in VIRTUAL_PRODUCTS)
