"""The measurements of ``mlipguide bench`` as CSV for programs, and as Markdown for a page or an issue."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from mlipguide.catalog.additions import addition_words
from mlipguide.core.readable import duration, memory, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.bench import BenchData, SizeResult
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.breakdown import shares, simulated_ns_per_day, structures_per_second
from mlipguide.report.tables.series import SYNTHETIC_MARK, agreeing, series_of, settings_words
from mlipguide.report.words.formatting import estimated, spread


def as_csv(data: BenchData) -> str:
    """Return one row for each measurement, in base units, which stand in the names of the columns.

    What is not known is empty. ``_low`` and ``_high`` are the ends of the 90 % interval of the column before.
    """
    rows = [_row(item, data) for item in data.measurements]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def as_markdown(data: BenchData) -> str:
    """Return a table in GitHub's Markdown, with the machine and the settings above it."""
    series = series_of(data)
    common = settings_words(data.measurements[0].settings, agreeing(item.settings for item in data.measurements))
    with_setting = any(one.setting for one in series)
    titles = ["Model", *(["Setting"] if with_setting else []), "Atoms", "Pairs/atom", "Step", "90 %", "µs/atom"]
    titles += ["ns/day", "Structures/s", "Graph", "Network", "Rest", "Peak memory"]
    rows = [
        [
            one.model.replace(SYNTHETIC_MARK, r" \*"),
            *([one.setting] if with_setting else []),
            f"{item.atoms:,}",
            f"{item.pairs_per_atom:.1f}",
            item.step_time_s.told(duration),
            spread(item.step_time_s),
            f"{item.step_time_s.value / item.atoms * 1e6:,.0f}",
            *_rates(item, data),
            *_shares(item),
            estimated(item.peak_memory_bytes, memory),
        ]
        for one in series
        for item in one.measurements
    ]
    structure = data.structure
    lines = [
        f"**{structure.reduced_formula}** ({structure.source})",
        "",
        f"- Machine: {machine_line(data.machine)}",
        f"- Settings: {common}",
        "",
        *markdown_table(titles, rows, left=2 if with_setting else 1),
    ]
    if any(one.model.endswith(SYNTHETIC_MARK) for one in series):
        lines += ["", r"\* random weights in the published architecture"]
    return "\n".join(lines) + "\n"


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Return the lines of a table in GitHub's Markdown, without the columns in which no row says anything.

    Args:
        titles: Of the columns.
        rows: Their cells; a bar or a line break in one does not end it.
        left: So many columns are words, aligned to the left; the others are figures.
    """
    kept = [column for column in range(len(titles)) if any(row[column] not in {"", "–"} for row in rows)]
    rules = [":---" if column < left else "---:" for column in kept]
    cells = [[titles[column] for column in kept], rules, *([row[column] for column in kept] for row in rows)]
    return ["| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in cells]


def _escaped(cell: str) -> str:
    return " ".join(cell.split()).replace("|", r"\|")


def _rates(item: SizeResult, data: BenchData) -> list[str]:
    return [
        estimated(simulated_ns_per_day(item, timestep_s=data.timestep_s), number),
        estimated(structures_per_second(item), number),
    ]


def _shares(item: SizeResult) -> list[str]:
    parts = shares(item)
    return ["–" if share is None else f"{share:.0%}" for share in (parts.graph, parts.network, parts.rest)]


def _row(item: SizeResult, data: BenchData) -> dict[str, object]:
    settings = item.settings
    return {
        "model": item.model,
        "weights": item.weights.value,
        "scenario": item.scenario.value,
        "device": settings.device,
        "threads": settings.threads,
        "ranks": settings.ranks,
        "dtype": settings.dtype,
        "driver": settings.driver,
        "allocator": settings.allocator.value,
        "choices": choice_words(settings.choices) or "none",
        "additions": addition_words(settings.additions) or "none",
        "structures": item.structures,
        "atoms": item.atoms,
        "pairs_per_atom": item.pairs_per_atom,
        **_with_interval("step_time_s", item.step_time_s),
        **_with_interval("energy_forces_time_s", item.energy_forces_time_s),
        **_with_interval("model_time_s", item.model_time_s),
        **_with_interval("cpu_time_s", item.cpu_time_s),
        **_with_interval("ns_per_day", simulated_ns_per_day(item, timestep_s=data.timestep_s)),
        **_with_interval("structures_per_s", structures_per_second(item)),
        "first_call_s": item.first_call_s,
        "peak_memory_bytes": None if item.peak_memory_bytes is None else item.peak_memory_bytes.value,
        "samples": item.samples,
        "set_aside": item.set_aside,
        "record": item.record,
    }


def _with_interval(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    return {
        name: None if estimate is None else estimate.value,
        f"{name}_low": None if estimate is None else estimate.low,
        f"{name}_high": None if estimate is None else estimate.high,
    }
