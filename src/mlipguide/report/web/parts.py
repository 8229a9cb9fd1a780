"""What pages share: cells of estimates, lines of limits, points with intervals and the band of a law."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.report.figures.style import COLOURS
from mlipguide.report.web.web_page import Cell, values
from mlipguide.report.words.formatting import brief, ends_words

HOUR_S, GIBIBYTE = 3600.0, 2.0**30
HEIGHT = 320
SEEN_ON_BOTH = tuple(colour for colour in COLOURS if colour != "#000000")
"""Colours that are seen on a light page and on a dark one."""
NARROW_HEIGHT = 260
"""Of a chart that stands beside others."""
LINE, GAP = 14, 18
"""Height of one point among :func:`intervals`, and between the names."""


def cell(estimate: Estimate | None, words: Callable[[float], str], *, ends: bool = False) -> Cell:
    """Return the cell of an estimate, sorted by its value; a dash where it is not known."""
    if estimate is None:
        return Cell(text="–")
    return Cell(text=with_ends(estimate, words) if ends else brief(estimate, words), order=estimate.value)


def with_ends(estimate: Estimate, words: Callable[[float], str]) -> str:
    """Return an estimate in words with the ends of its interval."""
    told = ends_words(estimate, words)
    return brief(estimate, words) + (f" ({told})" if told else "")


def limit(axis: str, value: float) -> list[dict[str, Any]]:
    """Return the line of a limit across a chart: the budget, the memory."""
    return [
        {
            "data": values([{"limit": value}]),
            "mark": {"type": "rule", "color": "#888888", "strokeDash": [2, 2], "strokeWidth": 2},
            "encoding": {axis: {"field": "limit", "type": "quantitative"}},
        }
    ]


def logarithmic(field: str, title: str) -> dict[str, Any]:
    """Return the channel of a quantity on a logarithmic axis."""
    return {"field": field, "type": "quantitative", "scale": {"type": "log"}, "title": title}


def coloured(field: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """Return the channel of names with their colours, in their order."""
    return {
        "field": field,
        "title": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {"columns": 1, "labelLimit": 400, "symbolOpacity": 1, "symbolType": "stroke"},
    }


def palette(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each name, from those that colour-blind readers tell apart."""
    return {name: SEEN_ON_BOTH[place % len(SEEN_ON_BOTH)] for place, name in enumerate(names)}


def ends(estimate: Estimate, unit: float) -> dict[str, float]:
    """Return value and ends of an estimate in another unit, the value itself where the spread is not known."""
    low, high = (estimate.value if end is None else end for end in (estimate.low, estimate.high))
    return {"value": estimate.value / unit, "low": low / unit, "high": high / unit}


def linear(field: str, title: str, **scale: Any) -> dict[str, Any]:
    """Return the channel of a quantity on a linear axis.

    Args:
        field: Of the data.
        title: Of the axis, with the unit.
        scale: What else Vega-Lite is told of the scale, ``zero=False`` for an axis that need not begin at 0.
    """
    return {"field": field, "type": "quantitative", "scale": scale, "title": title, "axis": {"tickCount": 6}}


def intervals(rows: Sequence[dict[str, Any]], axis: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """Return a chart of points with their intervals: a name a line, the series of a name below each other, from 0 on.

    Args:
        rows: Each with ``name``, ``series``, ``value``, ``low``, ``high`` and ``told``.
        axis: Title of the axis, with the unit.
        colours: Of the series, in their order.
    """
    names = dict.fromkeys(row["name"] for row in rows)
    colour, order = coloured("series", colours), {"field": "series", "scale": {"domain": list(colours)}}
    down = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 200}}
    place = {"y": {**down, "scale": {"paddingInner": 0.4}}, "yOffset": order, "color": colour}
    value = linear("value", axis, zero=True)
    tooltip = [{"field": name} for name in ("name", "series", "told")]
    span = {**place, "x": {**value, "field": "low"}, "x2": {"field": "high"}}
    point = {"type": "point", "filled": True, "size": 70, "opacity": 1}
    return {
        "height": len(names) * (LINE * len(colours) + GAP),
        "layer": [
            {"data": values(rows), "mark": {"type": "rule", "strokeWidth": 2}, "encoding": span},
            {"data": values(rows), "mark": point, "encoding": {**place, "x": value, "tooltip": tooltip}},
        ],
    }


def plain_cell(value: float | None, words: Callable[[float], str]) -> Cell:
    """Return the cell of a number without an interval; a dash where it is not known."""
    return Cell(text="–") if value is None else Cell(text=words(value), order=value)


def what_failed(result: Result[Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the parts of the work that failed, as cautions of a page."""
    for problem in result.errors:
        yield problem.model or problem.kind, f"{problem.message} {problem.hint}", ()


def noticed(result: Result[Any]) -> Iterator[tuple[str, str]]:
    """Yield what was said beside the answer, as provenance of a page."""
    for notice in result.notices:
        yield "Note", notice.message
