"""Reading the table of reference timings, which ``scripts/write_reference_timings.py`` writes.

One thread of an AMD EPYC with AVX2 and no GPU, freed memory kept; weights are random where real ones were not at hand.
Measured by the authors of mlipguide with ``mlipguide env verify --all`` (``docs/backends.md`` has versions and date).
"""

from __future__ import annotations

import csv
from dataclasses import fields
from functools import cache

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import from_plain
from mlipguide.records.timing.reference import ReferenceTiming

REFERENCE_TIMINGS = DATA / "reference_timings.csv"
COLUMNS = tuple(field.name for field in fields(ReferenceTiming))


@cache
def load_reference_timings() -> tuple[ReferenceTiming, ...]:
    """Read the table.

    Raises:
        InputError: A row is malformed.
    """
    with REFERENCE_TIMINGS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(
        from_plain(
            ReferenceTiming,
            {
                **row,
                "atoms": int(row["atoms"]),
                "pairs_per_atom": float(row["pairs_per_atom"]),
                "step_ms": float(row["step_ms"]),
            },
            what=f"{REFERENCE_TIMINGS}, line {number}",
        )
        for number, row in enumerate(rows, start=2)
    )
