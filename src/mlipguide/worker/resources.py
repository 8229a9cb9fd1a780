"""Memory and processor time of this process, from the system's own accounting."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path


def limit_memory(limit_bytes: int) -> None:
    """Let allocations beyond ``limit_bytes`` fail as errors, instead of having the system kill something.

    The limit is on private writable memory (``RLIMIT_DATA``); where the system has no such limit, on the
    address space (``RLIMIT_AS``).
    """
    for name in ("RLIMIT_DATA", "RLIMIT_AS"):
        number = getattr(resource, name, None)
        if number is None:
            continue
        _, hard = resource.getrlimit(number)
        ceiling = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
        try:
            resource.setrlimit(number, (ceiling, hard))
        except (ValueError, OSError):
            continue
        return


def reset_peak_memory() -> bool:
    """Forget the peak of resident memory so far; return whether the system allows that."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak_memory_bytes() -> int:
    """Return the peak of resident memory since the last reset (since the start where it cannot be reset)."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def release_freed_memory() -> None:
    """Give memory that was freed but kept back to the system.

    That is glibc's ``malloc_trim``; elsewhere nothing happens.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def forget_peak() -> None:
    """Forget the peak of memory so far, and give back what earlier work left behind."""
    release_freed_memory()
    reset_peak_memory()


@dataclass(frozen=True)
class Usage:
    """Counters of this process since its start."""

    wall_s: float
    cpu_s: float
    involuntary_switches: int
    page_faults: int


def usage_now() -> Usage:
    """Read the counters of this process, all threads together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(
        wall_s=time.perf_counter(),
        cpu_s=used.ru_utime + used.ru_stime,
        involuntary_switches=used.ru_nivcsw,
        page_faults=used.ru_minflt,
    )
