"""Signs of a noisy machine while samples are taken: time stolen by the hypervisor, load of other processes.

The counters are those of ``/proc/stat``, in clock ticks per state and CPU (proc(5)): user, nice, system,
idle, iowait, irq, softirq, steal; guest time is contained in user time and not counted twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mlipguide.hardware.system_files import read_text
from mlipguide.records.measurement import Disturbance

_STATES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_BUSY = ("user", "nice", "system", "irq", "softirq")


@dataclass(frozen=True, kw_only=True)
class CpuTicks:
    """Clock ticks since the start of the machine, summed over the CPUs that are counted.

    Attributes:
        cpus: How many CPUs are summed.
        total: In all states.
        steal: In which the hypervisor ran something else.
        busy: In which these CPUs ran anything.
    """

    cpus: int
    total: int
    steal: int
    busy: int


@dataclass(frozen=True, kw_only=True)
class NoiseCounters:
    """The counters at one moment; their differences say what happened in between.

    Attributes:
        monotonic_s: The moment, on the monotonic clock.
        total_jiffies: Of the CPUs that this process may run on; None off Linux, like the next two.
        steal_jiffies: Part of it taken by the hypervisor.
        busy_jiffies: Part of it spent running anything.
        cpus: How many CPUs are counted, None off Linux.
        jiffies_per_s: Clock ticks in a second.
    """

    monotonic_s: float
    total_jiffies: int | None
    steal_jiffies: int | None
    busy_jiffies: int | None
    cpus: int | None
    jiffies_per_s: float


def parse_stat(text: str, cpus: Collection[int] | None = None) -> CpuTicks | None:
    """Sum the clock ticks of some CPUs in the text of ``/proc/stat``.

    Args:
        text: The whole file.
        cpus: Numbers of the CPUs to count; all by default.

    Returns:
        The sums, or None where the text has no line for such a CPU.
    """
    sums = dict.fromkeys(_STATES, 0)
    counted = 0
    for line in text.splitlines():
        name, *fields = line.split() or [""]
        number = name.removeprefix("cpu")
        if not name.startswith("cpu") or not number.isdigit() or not all(field.isdigit() for field in fields):
            continue
        if cpus is None or int(number) in cpus:
            counted += 1
            for state, ticks in zip(_STATES, fields, strict=False):
                sums[state] += int(ticks)
    if not counted:
        return None
    return CpuTicks(
        cpus=counted,
        total=sum(sums.values()),
        steal=sums["steal"],
        busy=sum(sums[state] for state in _BUSY),
    )


def read_counters(root: Path = Path("/")) -> NoiseCounters:
    """Read the counters of the CPUs that this process may run on.

    Args:
        root: Where ``proc`` is found.
    """
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    ticks = parse_stat(read_text(root / "proc/stat") or "", cpus)
    return NoiseCounters(
        monotonic_s=time.monotonic(),
        total_jiffies=ticks.total if ticks else None,
        steal_jiffies=ticks.steal if ticks else None,
        busy_jiffies=ticks.busy if ticks else None,
        cpus=ticks.cpus if ticks else None,
        jiffies_per_s=float(os.sysconf("SC_CLK_TCK")),
    )


def disturbance_between(
    before: NoiseCounters,
    after: NoiseCounters,
    *,
    own_cpu_s: float,
    usable_cores: float,
    own_switches: int | None,
) -> Disturbance:
    """Return what else the machine did between two readings.

    Args:
        before: The first reading.
        after: The second one.
        own_cpu_s: Processor time of the measured processes in between, all threads, in seconds.
        usable_cores: Hardware threads that the measured processes may use. Where that is fewer than the CPUs
            counted (a quota, a SLURM grant without binding), others are taken to use the spare ones first.
        own_switches: How often the measured processes were interrupted in between.
    """
    elapsed_s = after.monotonic_s - before.monotonic_s
    return Disturbance(
        steal_share=_share_stolen(before, after),
        other_load_share=_share_of_others(before, after, own_cpu_s=own_cpu_s, usable_cores=usable_cores),
        involuntary_switches_per_s=own_switches / elapsed_s if own_switches is not None and elapsed_s > 0 else None,
    )


def _share_stolen(before: NoiseCounters, after: NoiseCounters) -> float | None:
    total = _difference(before.total_jiffies, after.total_jiffies)
    steal = _difference(before.steal_jiffies, after.steal_jiffies)
    return min(1.0, steal / total) if total and steal is not None else None


def _share_of_others(
    before: NoiseCounters, after: NoiseCounters, *, own_cpu_s: float, usable_cores: float
) -> float | None:
    elapsed_s = after.monotonic_s - before.monotonic_s
    busy = _difference(before.busy_jiffies, after.busy_jiffies)
    if busy is None or after.cpus is None or elapsed_s <= 0 or usable_cores <= 0:
        return None
    others_s = busy / after.jiffies_per_s - own_cpu_s
    spare_s = max(0.0, after.cpus - usable_cores) * elapsed_s
    return min(1.0, max(0.0, others_s - spare_s) / (elapsed_s * usable_cores))


def _difference(before: int | None, after: int | None) -> int | None:
    """Return the growth of a counter; None where it was not read or ran backwards (a CPU was taken away)."""
    if before is None or after is None or after < before:
        return None
    return after - before
