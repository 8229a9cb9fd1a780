"""The answer of ``bench`` as an HTML page: scaling of time and memory with points, laws and bands, and every size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Notice
from mlipguide.records.timing.bench import BenchData, CurvePoint, SizeResult
from mlipguide.report.figures.scaling_plot import time_title
from mlipguide.report.pages.bench_page import headline, what_next
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.breakdown import simulated_ns_per_day, structures_per_second
from mlipguide.report.tables.series import SYNTHETIC_MARK, Series, agreeing, series_of, settings_words
from mlipguide.report.web.parts import (
    GIBIBYTE,
    HEIGHT,
    cell,
    coloured,
    ends,
    limit,
    logarithmic,
    palette,
)
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values
from mlipguide.report.words.formatting import marks_legend


@dataclass(frozen=True)
class _Quantity:
    """What a chart shows.

    Attributes:
        title: Its name.
        axis: Title of the axis, with the unit.
        of: Its estimate at a size; None where it is not known.
        unit: Of the axis, in the unit of the estimate.
        words: Tells it.
    """

    title: str
    axis: str
    of: Callable[[SizeResult | CurvePoint], Estimate | None]
    unit: float
    words: Callable[[float], str]


def bench_web(data: BenchData, given: str, notices: Sequence[Notice] = ()) -> WebPage:
    """Return the page.

    Args:
        data: What was measured.
        given: The structure as it was given, for the next commands.
        notices: That came with it.
    """
    lead, _, rest = headline(data).partition(". ")
    series = series_of(data)
    common = settings_words(data.measurements[0].settings, agreeing(item.settings for item in data.measurements))
    return WebPage(
        title=f"mlipguide bench: {data.structure.reduced_formula}",
        lead=lead if lead.endswith(".") else f"{lead}.",
        rest=rest,
        tone="good",
        commands=tuple(step.command for step in what_next(data, given)),
        facts=(
            ("Structure", f"{data.structure.reduced_formula} ({data.structure.source})"),
            ("Machine", machine_line(data.machine)),
            ("Settings", common),
        ),
        charts=tuple(_charts(data, series)),
        tables=(_sizes(data, series),),
        provenance=(
            ("Fingerprint", data.machine.fingerprint),
            *(("Note", notice.message) for notice in notices),
        ),
    )


def _charts(data: BenchData, series: Sequence[Series]) -> Iterator[WebChart]:
    title = time_title(data)
    yield _scaling(series, _Quantity(title, f"{title}, s", lambda one: one.step_time_s, 1.0, duration))
    if any(item.peak_memory_bytes is not None for item in data.measurements):
        on_processor = all(item.settings.device == "cpu" for item in data.measurements)
        lines = limit("y", data.machine.memory.usable_bytes / GIBIBYTE) if on_processor else []
        peak = _Quantity("Memory", "peak memory, GiB", lambda one: one.peak_memory_bytes, GIBIBYTE, memory)
        yield _scaling(series, peak, lines)


def _scaling(series: Sequence[Series], quantity: _Quantity, lines: Sequence[dict[str, Any]] = ()) -> WebChart:
    points = [row for one in series for item in one.measurements for row in _rows(one.label, item, quantity)]
    curves = [row for one in series for item in one.curve for row in _rows(one.label, item, quantity)]
    colour = coloured("series", palette([one.label for one in series]))
    atoms, value = logarithmic("atoms", "atoms"), logarithmic("value", quantity.axis)
    across = {"x": atoms, "color": colour}
    span = {**across, "y": {**value, "field": "low"}, "y2": {"field": "high"}}
    tooltip = [{"field": name} for name in ("series", "atoms", "told")]
    point = {"type": "point", "filled": True, "size": 80, "opacity": 1}
    layers: list[dict[str, Any]] = []
    if curves:
        layers += [
            {"data": values(curves), "mark": {"type": "area", "opacity": 0.13}, "encoding": span},
            {"data": values(curves), "mark": {"type": "line", "strokeWidth": 2}, "encoding": {**across, "y": value}},
        ]
    layers += [
        {"data": values(points), "mark": {"type": "rule"}, "encoding": span},
        {"data": values(points), "mark": point, "encoding": {**across, "y": value, "tooltip": tooltip}},
        *lines,
    ]
    largest = max(points, key=lambda one: float(one["atoms"]))
    words = f"{len(series)} series; {largest['series']} at {largest['atoms']:,} atoms: {largest['told']}."
    return WebChart(title=f"{quantity.title} against atoms", words=words, spec={"height": HEIGHT, "layer": layers})


def _rows(label: str, item: SizeResult | CurvePoint, quantity: _Quantity) -> Iterator[dict[str, Any]]:
    found = quantity.of(item)
    if found is not None:
        told = found.told(quantity.words)
        yield {"series": label, "atoms": item.atoms, "told": told, **ends(found, quantity.unit)}


def _sizes(data: BenchData, series: Sequence[Series]) -> WebTable:
    titles = ("Model", "Atoms", "Pairs/atom", "Step", "µs/atom", "ns/day", "Structures/s", "Peak memory")
    rows = tuple(
        (
            Cell(text=one.label, order=one.label),
            Cell(text=f"{item.atoms:,}", order=item.atoms),
            Cell(text=f"{item.pairs_per_atom:.1f}", order=item.pairs_per_atom),
            cell(item.step_time_s, duration, ends=True),
            Cell(text=f"{item.step_time_s.value / item.atoms * 1e6:,.0f}", order=item.step_time_s.value / item.atoms),
            cell(simulated_ns_per_day(item, timestep_s=data.timestep_s), number),
            cell(structures_per_second(item), number),
            cell(item.peak_memory_bytes, memory),
        )
        for one in series
        for item in one.measurements
    )
    marks = marks_legend([item.step_time_s for item in data.measurements])
    random = (
        "* random weights in the published architecture"
        if SYNTHETIC_MARK in "".join(one.model for one in series)
        else ""
    )
    legend = "; ".join(filter(None, ("90 % intervals", marks, random)))
    return WebTable(caption="Every size", titles=titles, rows=rows, legend=f"{legend}.")
