"""What pages share: cells of estimates, lines of limits, points with intervals and the band of a law."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlipguide.records.estimate import Estimate
from mlipguide.report.figures.style import COLOURS
from mlipguide.report.web.web_page import Cell, values
from mlipguide.report.words.formatting import brief, ends_words

HOUR_S, GIBIBYTE = 3600.0, 2.0**30
HEIGHT = 320


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
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}


def ends(estimate: Estimate, unit: float) -> dict[str, float]:
    """Return value and ends of an estimate in another unit, the value itself where the spread is not known."""
    low, high = (estimate.value if end is None else end for end in (estimate.low, estimate.high))
    return {"value": estimate.value / unit, "low": low / unit, "high": high / unit}
