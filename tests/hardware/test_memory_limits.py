from __future__ import annotations

from mlipguide.hardware.cgroups import MemoryLimit
from mlipguide.hardware.memory import limit_memory

GIB = 2**30


def test_no_limit() -> None:
    memory = limit_memory(64 * GIB, 50 * GIB, cgroup=None, slurm_bytes=None)
    assert (memory.usable_bytes, memory.available_bytes, memory.limited_by) == (64 * GIB, 50 * GIB, None)


def test_cgroup_below_slurm() -> None:
    cgroup = MemoryLimit(limit_bytes=8 * GIB, available_bytes=3 * GIB)
    memory = limit_memory(64 * GIB, 50 * GIB, cgroup=cgroup, slurm_bytes=16 * GIB)
    assert (memory.usable_bytes, memory.available_bytes) == (8 * GIB, 3 * GIB)
    assert memory.limited_by == "cgroup limit"


def test_slurm_below_cgroup_of_unknown_use() -> None:
    cgroup = MemoryLimit(limit_bytes=32 * GIB, available_bytes=None)
    memory = limit_memory(64 * GIB, 50 * GIB, cgroup=cgroup, slurm_bytes=16 * GIB)
    assert (memory.usable_bytes, memory.available_bytes, memory.limited_by) == (16 * GIB, 16 * GIB, "slurm")


def test_limits_above_the_machine_do_not_limit() -> None:
    cgroup = MemoryLimit(limit_bytes=128 * GIB, available_bytes=120 * GIB)
    memory = limit_memory(64 * GIB, 1 * GIB, cgroup=cgroup, slurm_bytes=64 * GIB)
    assert (memory.usable_bytes, memory.available_bytes, memory.limited_by) == (64 * GIB, GIB, None)
