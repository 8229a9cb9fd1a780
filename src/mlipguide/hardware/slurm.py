"""Reads what a SLURM allocation grants from its variables (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlipguide.hardware.system_files import parse_index_list, parse_integer
from mlipguide.records.hardware.machine import SlurmGrant

_MEGABYTE = 2**20
_MEMORY_UNITS = {"": _MEGABYTE, "K": 2**10, "M": _MEGABYTE, "G": 2**30, "T": 2**40}
"""SLURM counts in powers of two, and in megabytes where no unit stands."""


def read_slurm(environment: Mapping[str, str]) -> SlurmGrant | None:
    """Return what SLURM granted on this node, None outside of an allocation.

    The CPUs are those of one task where the job asked for CPUs per task, since that is what a run launched as
    one task gets; otherwise all that the job has on this node.

    Args:
        environment: The environment variables. A value that cannot be read counts as not set.
    """
    job = environment.get("SLURM_JOB_ID") or environment.get("SLURM_JOBID")
    if not job:
        return None
    on_node = _read_cpus_on_node(environment)
    per_task = _positive(environment.get("SLURM_CPUS_PER_TASK"))
    gpus = _read_gpus(environment)
    return SlurmGrant(
        job_id=job,
        partition=environment.get("SLURM_JOB_PARTITION") or None,
        cpus=per_task or on_node,
        memory_bytes=_read_memory(environment, cpus=on_node or per_task, gpus=gpus),
        gpus=gpus,
        nodes=_positive(environment.get("SLURM_JOB_NUM_NODES")) or _positive(environment.get("SLURM_NNODES")),
    )


def parse_cpus_per_node(text: str) -> tuple[int, ...] | None:
    """Return the CPUs of each node from a list such as ``4(x2),8``, None where it is not such a list."""
    counts: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\(x(\d{1,5})\))?\s*", part)
        if match is None:
            return None
        counts += [int(match.group(1))] * int(match.group(2) or 1)
    return tuple(counts)


def parse_memory(text: str | None) -> int | None:
    """Return the bytes of a SLURM memory size such as ``16000`` or ``16G``.

    None where it is not one, and for 0, with which SLURM means all memory of the node.
    """
    match = re.fullmatch(r"\s*(\d+)([KMGT]?)B?\s*", (text or "").upper())
    return (int(match.group(1)) * _MEMORY_UNITS[match.group(2)] or None) if match else None


def _read_cpus_on_node(environment: Mapping[str, str]) -> int | None:
    on_node = _positive(environment.get("SLURM_CPUS_ON_NODE"))
    if on_node is not None:
        return on_node
    counts = parse_cpus_per_node(environment.get("SLURM_JOB_CPUS_PER_NODE", "")) or ()
    position = parse_integer(environment.get("SLURM_NODEID", "0"))
    if position is None or not 0 <= position < len(counts):
        return None
    return counts[position] or None


def _read_memory(environment: Mapping[str, str], *, cpus: int | None, gpus: int | None) -> int | None:
    whole = parse_memory(environment.get("SLURM_MEM_PER_NODE"))
    if whole is not None:
        return whole
    for variable, count in (("SLURM_MEM_PER_CPU", cpus), ("SLURM_MEM_PER_GPU", gpus)):
        each = parse_memory(environment.get(variable))
        if each is not None and count:
            return each * count
    return None


def _read_gpus(environment: Mapping[str, str]) -> int | None:
    count = parse_integer(environment.get("SLURM_GPUS_ON_NODE"))
    if count is not None and count >= 0:
        return count
    for variable in ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS"):
        listed = parse_index_list(environment.get(variable))
        if listed:
            return len(listed)
    return None


def _positive(text: str | None) -> int | None:
    number = parse_integer(text)
    return number if number is not None and number > 0 else None
