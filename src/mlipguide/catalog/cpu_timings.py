"""The authors' own timings of a processor: what a model costs where no GPU computes it."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.records.timing.published import CpuTiming

CPU_TIMINGS = DATA / "timings_of_a_cpu.csv"
CORES = 2
"""That they were taken on."""


@cache
def load_cpu_timings(path: Path = CPU_TIMINGS) -> tuple[CpuTiming, ...]:
    """Read the table.

    Raises:
        InputError: It cannot be read, or a row is malformed.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
        plain = [{**row, "atoms": int(row["atoms"]), "step_ms": float(row["step_ms"])} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Give a table with commas.") from error
    return from_plain(tuple[CpuTiming, ...], plain, what=str(path))
