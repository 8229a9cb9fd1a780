"""Works out how much main memory this process may use: the machine's, within cgroups and the SLURM grant."""

from __future__ import annotations

import psutil

from mlipguide.hardware.cgroups import MemoryLimit
from mlipguide.records.hardware.machine import Memory


def read_memory(*, cgroup: MemoryLimit | None, slurm_bytes: int | None) -> Memory:
    """Describe the memory of this machine as it is now.

    Args:
        cgroup: What the cgroups allow.
        slurm_bytes: What SLURM granted on this node.
    """
    now = psutil.virtual_memory()
    return limit_memory(now.total, now.available, cgroup=cgroup, slurm_bytes=slurm_bytes)


def limit_memory(
    total_bytes: int, available_bytes: int, *, cgroup: MemoryLimit | None, slurm_bytes: int | None
) -> Memory:
    """Join the machine's memory with the limits in force; the smallest counts.

    Args:
        total_bytes: Of the whole machine.
        available_bytes: Free for use on the whole machine.
        cgroup: What the cgroups allow.
        slurm_bytes: What SLURM granted on this node.
    """
    usable, limited_by = total_bytes, None
    for name, limit in (("cgroup limit", cgroup.limit_bytes if cgroup else None), ("slurm", slurm_bytes)):
        if limit is not None and limit < usable:
            usable, limited_by = limit, name
    available = min(available_bytes, usable)
    if cgroup is not None and cgroup.available_bytes is not None:
        available = min(available, cgroup.available_bytes)
    return Memory(total_bytes=total_bytes, usable_bytes=usable, available_bytes=available, limited_by=limited_by)
