"""Time to solution against simulated time, with a slider: for every answer that has ways which a longer run changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.estimate import Estimate
from mlipguide.report.figures.break_even_plot import simulated_times
from mlipguide.report.web.parts import HEIGHT, HOUR_S, coloured, ends, limit, logarithmic, with_ends
from mlipguide.report.web.web_page import Slider, WebChart, values

TITLE = "And for a longer or shorter run?"
STOPS = 61


@dataclass(frozen=True, kw_only=True)
class Way:
    """One of those compared.

    Attributes:
        name: Of it.
        colour: Of its line.
        total: Time to solution, seconds, of a simulated time in seconds; None where it is not known.
    """

    name: str
    colour: str
    total: Callable[[float], Estimate | None]


def time_chart(ways: Sequence[Way], *, task_time_s: float, budget_s: float, axis: str) -> WebChart:
    """Return the chart.

    Args:
        ways: Those with a time.
        task_time_s: Simulated time that was asked for, where the slider begins.
        budget_s: Where the line of the limit is.
        axis: What their times are.
    """
    times = simulated_times(task_time_s, STOPS)
    start = min(range(STOPS), key=lambda place: abs(log10(times[place] / task_time_s)))
    rows: list[dict[str, Any]] = [
        {
            "way": way.name,
            "ps": time * 1e12,
            **ends(total, HOUR_S),
            "total": duration(total.value),
            "simulated": simulated_time(time),
        }
        for way in ways
        for time in times
        if (total := way.total(time)) is not None
    ]
    colour = coloured("way", {way.name: way.colour for way in ways})
    time_axis = {
        "field": "ps",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "title": "simulated time, ps",
        "axis": _decades(row["ps"] for row in rows),
    }
    shown = (row[end] for row in rows for end in ("low", "high"))
    hours = {**logarithmic("value", f"{axis}, hours"), "axis": _decades(shown)}
    tooltip = [{"field": name} for name in ("way", "simulated", "total")]
    spec = {
        "height": HEIGHT,
        "params": [{"name": "simulated_ps", "value": times[start] * 1e12}],
        "data": values(rows),
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.13},
                "encoding": {"x": time_axis, "y": {**hours, "field": "low"}, "y2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2.5},
                "encoding": {"x": time_axis, "y": hours, "color": colour, "tooltip": tooltip},
            },
            *limit("y", budget_s / HOUR_S),
            {
                "data": values([{"ps": time * 1e12} for time in times]),
                "transform": [{"filter": "datum.ps == simulated_ps"}],
                "mark": {"type": "rule", "color": "#888888", "strokeWidth": 2},
                "encoding": {"x": time_axis},
            },
        ],
    }
    stops: tuple[dict[str, Any], ...] = tuple(
        {"value": time * 1e12, "label": simulated_time(time), "totals": _totals(ways, time)} for time in times
    )
    slider = Slider(label="Simulated time", signal="simulated_ps", stops=stops, start=start)
    first = stops[start]["totals"][0]
    title = f"{axis[:1].upper()}{axis[1:]}"
    told = f"{title} of {len(ways)} ways. Fastest at the task's own time: {first['name']}, {first['words']}."
    return WebChart(title=TITLE, words=told, spec=spec, slider=slider)


def _decades(values_: Iterable[float]) -> dict[str, Any]:
    """Return an axis with a line at each power of ten."""
    known = [value for value in values_ if value > 0]
    first, last = floor(log10(min(known))), ceil(log10(max(known)))
    return {"values": [10.0**power for power in range(first, last + 1)], "format": ",~r", "labelOverlap": "greedy"}


def _totals(ways: Sequence[Way], time_s: float) -> list[dict[str, str]]:
    found = [(total, way.name) for way in ways if (total := way.total(time_s)) is not None]
    found.sort(key=lambda pair: pair[0].value)
    return [{"name": name, "words": with_ends(total, duration)} for total, name in found]
