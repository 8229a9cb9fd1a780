"""How fast the processors run, and how often heat slowed them down.

Clocks are those of cpufreq in kHz (the kernel's Documentation/admin-guide/pm/cpufreq.rst), else ``cpu MHz`` of
``/proc/cpuinfo``; events are the counters of ``thermal_throttle``, which Intel processors have. Virtual machines
mostly show neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mlipguide.hardware.system_files import parse_integer, read_integer, read_text

LONGEST_READING_S = 0.7e-3
"""A file takes some 10 to 30 µs; a machine with hundreds of processors is read in part."""
MOST_THROTTLED = 8
"""Processors asked for their throttling. Heat mostly slows a whole socket, which each processor on it counts."""
MOST_LISTED = 64
"""With more processors the text of ``/proc/cpuinfo`` takes too long."""

_FOLDER = "sys/devices/system/cpu/cpu{number}"


def read_clock_shares(
    cpus: Sequence[int], root: Path = Path("/"), *, clock: Callable[[], float] = time.perf_counter
) -> dict[int, float]:
    """Return the clocks of processors over the highest that each can have.

    Reading ends when :data:`LONGEST_READING_S` has passed, since older kernels may sleep 10 ms to measure a clock.

    Args:
        cpus: Numbers of the processors, the most interesting first.
        root: Where ``proc`` and ``sys`` are found.
        clock: Tells seconds.

    Returns:
        Shares by number; a processor whose clock or highest clock is not known is left out.
    """
    begin = clock()
    shares: dict[int, float] = {}
    listed: Mapping[int, float] | None = None
    for number in cpus:
        folder = root / _FOLDER.format(number=number) / "cpufreq"
        highest_khz = read_integer(folder / "cpuinfo_max_freq")
        if not highest_khz:
            break  # without cpufreq for one there is none for the others
        current_khz: float | None = read_integer(folder / "scaling_cur_freq")
        if current_khz is None and len(cpus) <= MOST_LISTED:
            if listed is None:
                listed = parse_clocks(read_text(root / "proc/cpuinfo") or "")
            current_khz = listed.get(number)
        if current_khz is not None and current_khz > 0:
            shares[number] = current_khz / highest_khz
        if clock() - begin > LONGEST_READING_S:
            break
    return shares


def parse_clocks(text: str) -> dict[int, float]:
    """Return the clocks in kHz, by number of the processor, that the text of ``/proc/cpuinfo`` holds."""
    clocks: dict[int, float] = {}
    number: int | None = None
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "processor":
            number = parse_integer(value)
        elif key == "cpu MHz" and number is not None:
            with suppress(ValueError):
                clocks[number] = float(value) * 1e3
    return clocks


def read_throttle_counts(cpus: Collection[int], root: Path = Path("/")) -> dict[int, int]:
    """Return how often processors were slowed down by heat since the start of the machine.

    Events of the core and of its package are added.

    Args:
        cpus: Numbers of the processors; of many some are asked, evenly spread and always the same.
        root: Where ``sys`` is found.

    Returns:
        Counts by number; a processor that does not count is left out.
    """
    ordered = sorted(cpus)
    stride = max(1, -(-len(ordered) // MOST_THROTTLED))
    counts: dict[int, int] = {}
    for number in ordered[::stride]:
        folder = root / _FOLDER.format(number=number) / "thermal_throttle"
        found = [read_integer(folder / f"{level}_throttle_count") for level in ("core", "package")]
        known = [count for count in found if count is not None]
        if not known:
            break
        counts[number] = sum(known)
    return counts


def mean_share(shares: Mapping[int, float], busy: Mapping[int, int]) -> float | None:
    """Return the mean clock of the processors that worked, weighted by how much each did.

    Idle processors rest at a low clock, which says nothing about those that compute.

    Args:
        shares: Clocks over the highest ones, by number of the processor.
        busy: Ticks that each has worked.
    """
    known = {number: share for number, share in shares.items() if busy.get(number, 0) > 0}
    total = sum(busy[number] for number in known)
    return sum(busy[number] * share for number, share in known.items()) / total if total else None


def events_between(before: Mapping[int, int], after: Mapping[int, int]) -> int | None:
    """Return the largest number of throttling events that one processor counted in between.

    The same event is counted by all processors of a core or a socket, so counts are not added.
    """
    growths = [after[number] - count for number, count in before.items() if number in after]
    return max((growth for growth in growths if growth >= 0), default=None)
