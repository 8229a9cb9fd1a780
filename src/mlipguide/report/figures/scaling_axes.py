"""What both plots of the scaling curve say at their axes."""

from __future__ import annotations

import math

from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.measurement import Scenario

LADDERS: tuple[tuple[float, ...], ...] = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))
"""Which values of every decade are labelled: the first that gives enough of them."""
ENOUGH = 4


def time_title(data: BenchData) -> str:
    """Return what the time of a step is the time of."""
    words = {Scenario.SINGLE_STREAM: "MD step", Scenario.OFFLINE: "structure"}
    found = sorted({words[item.scenario] for item in data.measurements})
    return f"Time per {' or '.join(found)}"


def round_values(low: float, high: float) -> list[float]:
    """Return a few round values from ``low`` to ``high``, for an axis that is logarithmic; the ends where none lies."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values: list[float] = []
    for ladder in LADDERS:
        values = [leading * 10.0**decade for decade in decades for leading in ladder]
        values = [value for value in values if low <= value <= high]
        if len(values) >= ENOUGH:
            break
    return values if len(values) > 1 else sorted({low, high})
