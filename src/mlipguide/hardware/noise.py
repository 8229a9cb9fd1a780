"""Signs of a noisy machine while samples are taken: time stolen by the hypervisor, load of others, clocks, heat.

The counters are those of ``/proc/stat``, in clock ticks per state and CPU (proc(5)): user, nice, system,
idle, iowait, irq, softirq, steal; guest time is contained in user time and not counted twice. What cannot be read is
None, and nothing is raised for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlipguide.hardware.clocks import events_between, mean_share, read_clock_shares, read_throttle_counts
from mlipguide.hardware.gpu_state import GpuMonitor, GpuReading, summarise
from mlipguide.hardware.system_files import read_text
from mlipguide.records.timing.measurement import Disturbance

_STATES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_BUSY = ("user", "nice", "system", "irq", "softirq")

FEWEST_TICKS = 5
"""Of the clock, for a share to mean anything: in a shorter time a single tick would look like a loaded machine."""


@dataclass(frozen=True, kw_only=True)
class CpuTicks:
    """Clock ticks since the start of the machine, summed over the CPUs that are counted.

    Attributes:
        cpus: How many CPUs are summed.
        total: In all states.
        steal: In which the hypervisor ran something else.
        busy: In which these CPUs ran anything.
        busy_of: The same for each CPU, by its number.
    """

    cpus: int
    total: int
    steal: int
    busy: int
    busy_of: Mapping[int, int] = field(default_factory=dict, compare=False)


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
        busy_of: Ticks that each CPU was busy, by its number.
        clock_shares: Clocks over the highest ones, by number of the CPU.
        throttle_counts: How often heat slowed a CPU down, by its number.
        gpu: The GPU; None where none is used.
    """

    monotonic_s: float
    total_jiffies: int | None
    steal_jiffies: int | None
    busy_jiffies: int | None
    cpus: int | None
    jiffies_per_s: float
    busy_of: Mapping[int, int] = field(default_factory=dict)
    clock_shares: Mapping[int, float] = field(default_factory=dict)
    throttle_counts: Mapping[int, int] = field(default_factory=dict)
    gpu: GpuReading | None = None


def parse_stat(text: str, cpus: Collection[int] | None = None) -> CpuTicks | None:
    """Sum the clock ticks of some CPUs in the text of ``/proc/stat``.

    Args:
        text: The whole file.
        cpus: Numbers of the CPUs to count; all by default.

    Returns:
        The sums, or None where the text has no line for such a CPU.
    """
    sums = dict.fromkeys(_STATES, 0)
    busy_of: dict[int, int] = {}
    for line in text.splitlines():
        name, *fields = line.split() or [""]
        number = name.removeprefix("cpu")
        if not name.startswith("cpu") or not number.isdigit() or not all(field.isdigit() for field in fields):
            continue
        if cpus is None or int(number) in cpus:
            ticks = {state: int(value) for state, value in zip(_STATES, fields, strict=False)}
            busy_of[int(number)] = sum(ticks.get(state, 0) for state in _BUSY)
            for state, value in ticks.items():
                sums[state] += value
    if not busy_of:
        return None
    return CpuTicks(
        cpus=len(busy_of),
        total=sum(sums.values()),
        steal=sums["steal"],
        busy=sum(busy_of.values()),
        busy_of=busy_of,
    )


def read_load(root: Path = Path("/")) -> NoiseCounters:
    """Read only what tells the load of the CPUs that this process may run on; the cheapest reading.

    Args:
        root: Where ``proc`` is found.
    """
    ticks = parse_stat(read_text(root / "proc/stat") or "", _usable_cpus())
    return NoiseCounters(
        monotonic_s=time.monotonic(),
        total_jiffies=ticks.total if ticks else None,
        steal_jiffies=ticks.steal if ticks else None,
        busy_jiffies=ticks.busy if ticks else None,
        cpus=ticks.cpus if ticks else None,
        jiffies_per_s=float(os.sysconf("SC_CLK_TCK")),
        busy_of=ticks.busy_of if ticks else {},
    )


def read_counters(
    root: Path = Path("/"), *, gpu: GpuMonitor | None = None, since: NoiseCounters | None = None
) -> NoiseCounters:
    """Read the counters of the CPUs that this process may run on, their clocks, and a GPU.

    Clocks are those of the moment, so the second reading of a pair should follow the last step at once, before
    idle processors slow down.

    Args:
        root: Where ``proc`` and ``sys`` are found.
        gpu: The GPU in use, from :func:`mlipguide.hardware.gpu_state.watch_gpu`.
        since: The first reading of the pair. On a machine with many CPUs, not all clocks are read; those CPUs that
            have worked since come first.
    """
    reading = gpu.read() if gpu is not None else None
    load = read_load(root)
    worked = _growth_of(since.busy_of, load.busy_of) if since is not None else load.busy_of
    ordered = sorted(load.busy_of, key=lambda number: (-worked.get(number, 0), number))
    return replace(
        load,
        clock_shares=read_clock_shares(ordered, root),
        throttle_counts=read_throttle_counts(ordered, root),
        gpu=reading,
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
    gpu = summarise(before.gpu, after.gpu, elapsed_s=elapsed_s)
    return Disturbance(
        steal_share=_share_stolen(before, after),
        other_load_share=_share_of_others(before, after, own_cpu_s=own_cpu_s, usable_cores=usable_cores),
        involuntary_switches_per_s=own_switches / elapsed_s if own_switches is not None and elapsed_s > 0 else None,
        clock_share=mean_share(after.clock_shares, _growth_of(before.busy_of, after.busy_of)),
        throttle_events=events_between(before.throttle_counts, after.throttle_counts),
        gpu_clock_share=gpu.clock_share,
        gpu_power_w=gpu.power_w,
        gpu_temperature_c=gpu.temperature_c,
        gpu_throttle_reasons=gpu.throttle_reasons,
        gpu_other_processes=gpu.other_processes,
    )


def _share_stolen(before: NoiseCounters, after: NoiseCounters) -> float | None:
    total = _difference(before.total_jiffies, after.total_jiffies)
    steal = _difference(before.steal_jiffies, after.steal_jiffies)
    if not total or steal is None or _is_too_short(before, after):
        return None
    return min(1.0, steal / total)


def _share_of_others(
    before: NoiseCounters, after: NoiseCounters, *, own_cpu_s: float, usable_cores: float
) -> float | None:
    elapsed_s = after.monotonic_s - before.monotonic_s
    busy = _difference(before.busy_jiffies, after.busy_jiffies)
    if busy is None or after.cpus is None or usable_cores <= 0 or _is_too_short(before, after):
        return None
    others_s = busy / after.jiffies_per_s - own_cpu_s
    spare_s = max(0.0, after.cpus - usable_cores) * elapsed_s
    return min(1.0, max(0.0, others_s - spare_s) / (elapsed_s * usable_cores))


def _is_too_short(before: NoiseCounters, after: NoiseCounters) -> bool:
    return (after.monotonic_s - before.monotonic_s) * after.jiffies_per_s < FEWEST_TICKS


def _usable_cpus() -> set[int] | None:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _growth_of(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    return {number: max(0, ticks - before[number]) for number, ticks in after.items() if number in before}


def _difference(before: int | None, after: int | None) -> int | None:
    """Return the growth of a counter; None where it was not read or ran backwards (a CPU was taken away)."""
    if before is None or after is None or after < before:
        return None
    return after - before
