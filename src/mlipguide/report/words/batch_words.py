"""What batches of small structures are worth, in a sentence for each model and a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.timing.bench import Batching, BatchTime
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.pages.page_parts import plain_table
from mlipguide.report.words.formatting import estimated, interval, marks_legend, spread, with_interval

BATCHES = "Batches"


def batch_sentence(one: Batching) -> str:
    """Return whether batching helps, with the number that says so and its 90 % interval."""
    name = one.model + (" (random weights)" if one.weights is Weights.SYNTHETIC else "")
    times = {item.structures: item for item in one.measured}
    if one.best is not None:
        best = times[one.best]
        return (
            f"Batching helps {name} here: {_structures(one.best)} of {one.atoms} atoms at once are done "
            f"{_how_fast(best)} as fast as one by one."
        )
    likely = max(one.measured, key=lambda item: item.speed_up.value)
    return f"Batching does not help {name} here: {_how_fast(likely)} at {_structures(likely.structures)} at once."


def batch_table(batches: Sequence[Batching]) -> list[RenderableType]:
    """Return the time per structure against the number of structures, one by one first, and what the columns are."""
    table = plain_table("Model", "Structures", "Time each", "", "Speed-up", "")
    for one in batches:
        table.add_row(one.model, "one by one", one.alone_s.told(duration), spread(one.alone_s), "", "")
        for item in sorted((*one.measured, *one.predicted), key=lambda item: item.structures):
            table.add_row(
                "",
                f"{item.structures:,}",
                estimated(item.structure_time_s, duration),
                spread(item.structure_time_s),
                estimated(item.speed_up, number),
                spread(item.speed_up),
            )
    estimates = [item.structure_time_s for one in batches for item in (*one.measured, *one.predicted)]
    legend = marks_legend(estimates)
    lines = [
        "± 90 % interval. Speed-up: the time of a structure alone over that in a batch."
        + (f" {legend[0].upper()}{legend[1:]}." if legend else "")
    ]
    lines += [_largest(one) for one in batches if one.largest_structures is not None]
    lines += [_agreement(one) for one in batches]
    return [table, *(Text(line, style="dim") for line in lines)]


def _how_fast(item: BatchTime) -> str:
    value, _, ends = with_interval(item.speed_up, number).partition(" ")
    return f"{value} ×" + (f" {ends}" if ends else "")


def _structures(count: int) -> str:
    return f"{count:,} structure{'' if count == 1 else 's'}"


def _largest(one: Batching) -> str:
    assert one.largest_structures is not None
    fits = interval(one.largest_structures, lambda value: f"{value:,.0f}")
    return f"{one.model}: by the memory measured, about {fits} structures fit at once."


def _agreement(one: Batching) -> str:
    found = one.differences
    return (
        f"{one.model}: in batches of mixed sizes energies within {1e3 * found.energy_ev_per_atom:.2g} meV/atom, forces "
        f"within {1e3 * found.force_max_ev_per_angstrom:.2g} meV/Å of those one by one."
    )
