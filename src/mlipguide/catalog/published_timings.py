"""Reading the table of published timings."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.records.timing.published import PublishedTiming

PUBLISHED_TIMINGS = DATA / "published_timings.csv"
_HINT = "Correct the row; the first line of the table names the columns."


@cache
def load_published_timings(path: Path = PUBLISHED_TIMINGS) -> tuple[PublishedTiming, ...]:
    """Read the table, by default the built-in one.

    Raises:
        InputError: It cannot be read, or a row is malformed.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Give a table with commas.") from error
    return tuple(_timing(row, f"{path}, line {number}") for number, row in enumerate(rows, start=2))


def _timing(row: dict[str, str | None], what: str) -> PublishedTiming:
    texts = {name: value or None for name, value in row.items()}

    def number(name: str, factor: float = 1.0) -> float | None:
        text = texts.pop(name, None)
        try:
            value = None if text is None else float(text) * factor
        except ValueError as error:
            raise InputError(f"{what}: {name} is '{text}', not a number.", hint=_HINT) from error
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"{what}: {name} must be positive and finite, not {text}.", hint=_HINT)
        return value

    atoms, limit, devices = number("atoms"), number("max_atoms"), number("devices")
    timing = from_plain(
        PublishedTiming,
        {
            "step_time_s": number("step_ms", 1e-3),
            "peak_memory_bytes": number("peak_memory_gb", 1e9),
            "atoms": None if atoms is None else int(atoms),
            "max_atoms": None if limit is None else int(limit),
            "devices": None if devices is None else int(devices),
            **texts,
        },
        what=what,
    )
    if timing.step_time_s is None and timing.peak_memory_bytes is None and timing.max_atoms is None:
        raise InputError(f"{what}: there is no figure in it.", hint=_HINT)
    if timing.atoms is None and timing.max_atoms is None:
        raise InputError(f"{what}: a time or a memory needs the number of atoms.", hint=_HINT)
    return timing
