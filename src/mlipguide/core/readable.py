"""Base units in words: durations, simulated times, memory, numbers; for sentences and tables alike."""

from __future__ import annotations

import math
import re

GROUPED_FROM = 1000.0
TINY_BELOW = 1e-3

_NUMBER = re.compile(r"(?<![\w.+-])\d[\d,]*(?:\.\d+)?(?![\d.,]|e[+-])")

_DURATIONS = (
    ("years", 365.25 * 86400),
    ("days", 86400.0),
    ("h", 3600.0),
    ("min", 60.0),
    ("s", 1.0),
    ("ms", 1e-3),
    ("µs", 1e-6),
)


def duration(seconds: float) -> str:
    """Return wall time with three digits; a unit is left when there are two of it."""
    for unit, length in _DURATIONS:
        least = 1.0 if length <= 1.0 else 2.0
        if seconds >= least * length:
            return f"{number(seconds / length)} {unit}"
    return f"{seconds / 1e-9:.3g} ns" if seconds else "0 s"


def simulated_time(seconds: float) -> str:
    """Return simulated time with three digits."""
    for unit, length in (("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12)):
        if seconds >= length * (1 - 1e-9):
            return f"{number(seconds / length)} {unit}"
    return f"{number(seconds / 1e-15)} fs"


def memory(size_bytes: float) -> str:
    """Return memory in GiB, or in MiB below one."""
    if size_bytes >= 2**30:
        return f"{number(size_bytes / 2**30)} GiB"
    return f"{number(size_bytes / 2**20)} MiB"


def file_size(size_bytes: float) -> str:
    """Return what files take, in decimal units as disks are sold in: kB, MB or GB."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= length:
            return f"{number(size_bytes / length)} {unit}"
    return f"{number(size_bytes / 1e3)} kB"


def number(value: float) -> str:
    """Return three significant digits, grouped and without an exponent where that reads well."""
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= GROUPED_FROM:
        return f"{rounded:,.0f}" if abs(value) < 1e12 else f"{value:.3g}"  # noqa: PLR2004  # no row of zeros
    return f"{value:.2g}" if 0 < abs(value) < TINY_BELOW else f"{value:.3g}"


def coarse(text: str, digits: int) -> str:
    """Return ``text`` with the first number in it rounded to so many significant digits; one that has fewer stays."""
    found = _NUMBER.search(text)
    if found is None:
        return text
    value = float(found.group().replace(",", ""))
    if value == 0:
        return text
    after = max(0, digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}")))))
    rounded = float(f"{value:.{digits - 1}e}")
    shown = len(found.group().partition(".")[2])
    grouping = "," if rounded >= GROUPED_FROM else ""
    return f"{text[: found.start()]}{rounded:{grouping}.{min(after, shown)}f}{text[found.end() :]}"
