"""Dots with their 90 % intervals, under the name of each: nothing is cut, however narrow the window is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlipguide.records.estimate import Estimate
from mlipguide.report.figures.style import round_values
from mlipguide.report.web.parts import coloured, ends, limit
from mlipguide.report.web.web_page import values

NAME_HEIGHT, DOT_HEIGHT, GAP = 20, 17, 5
"""Pixels of a name, of each dot below it, and between two names."""
ROOM = 1.15
"""Between what is drawn and the ends of a logarithmic axis."""
NARROW = 480
"""Pixels below which a picture has smaller letters."""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A number with its interval.

    Attributes:
        name: What it is of; dots of one name stand below each other.
        kind: What its colour says; empty where all have one.
        estimate: The number.
        told: The same in words.
    """

    name: str
    kind: str
    estimate: Estimate
    told: str


def dots_spec(
    dots: Sequence[Dot],
    axis: Mapping[str, Any],
    colours: Mapping[str, str],
    *,
    unit: float = 1.0,
    limits: Sequence[float] = (),
    lines: Sequence[dict[str, Any]] = (),
    bars: bool = False,
) -> dict[str, Any]:
    """Return the picture.

    Args:
        dots: In their order.
        axis: Channel of the number, whose field is ``value``.
        colours: Of each kind, in the order of the legend.
        unit: Of the axis, in the unit of the estimates.
        limits: Numbers at which a dashed line stands, in the unit of the axis.
        lines: Further layers, below the dots.
        bars: Whether a bar from 0 leads to each.
    """
    by_name: dict[str, list[Dot]] = {}
    for one in dots:
        by_name.setdefault(one.name, []).append(one)
    alone = all(len(found) == 1 for found in by_name.values())
    top = GAP
    rows: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for name, found in by_name.items():
        names.append({"name": name, "y": top + NAME_HEIGHT / 2, "told": found[0].told if alone else ""})
        for place, one in enumerate(found):
            middle = top + NAME_HEIGHT + (place + 0.5) * DOT_HEIGHT
            told = {"name": name, "kind": one.kind, "told": one.told}
            rows.append({**told, **ends(one.estimate, unit), "zero": 0, "y": middle})
        top += NAME_HEIGHT + len(found) * DOT_HEIGHT + GAP
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [top, 0], "nice": False, "zero": False},
        "axis": None,
    }
    tips = ("name", "kind", "told") if any(one.kind for one in dots) else ("name", "told")
    legend = {} if len({one.kind for one in dots}) > 1 else {"legend": None}
    axis = _with_few_lines(axis, [row[end] for row in rows for end in ("low", "high")] + list(limits))
    across = {"x": axis, "y": y, "color": {**coloured("kind", colours), **legend}}
    bar = {
        "data": values(rows),
        "mark": {"type": "rule", "strokeWidth": DOT_HEIGHT - 7, "opacity": 0.45},
        "encoding": {**across, "x2": {"field": "zero"}},
    }
    text = {"type": "text", "baseline": "middle", "fontSize": {"expr": f"width < {NARROW} ? 10 : 12"}}
    return {
        "height": top,
        "layer": [
            *(layer for one in limits for layer in limit("x", one)),
            *lines,
            *([bar] if bars else []),
            {
                "data": values(rows),
                "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6},
                "encoding": {**across, "x": {**axis, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": values(rows),
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {**across, "tooltip": [{"field": name} for name in tips]},
            },
            {
                "data": values(names),
                "mark": {**text, "align": "left", "fontWeight": "bold"},
                "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "name"}},
            },
            {
                "data": values(names),
                "mark": {**text, "align": "right", "dx": -4},
                "encoding": {"x": {"value": "width"}, "y": y, "text": {"field": "told"}},
            },
        ],
    }


def _with_few_lines(axis: Mapping[str, Any], shown: Sequence[float]) -> dict[str, Any]:
    """Return the channel; a logarithmic axis with a few round numbers, as a picture of matplotlib has them."""
    if axis.get("scale", {}).get("type") != "log":
        return dict(axis)
    low, high = min(shown) / ROOM, max(shown) * ROOM
    scale = {**axis["scale"], "domain": [low, high], "nice": False}
    return {
        **axis,
        "scale": scale,
        "axis": {"values": round_values(low, high), "format": ",~r", "labelOverlap": "greedy"},
    }
