"""Learning curves on a page: fits, law and band of each model, pretrained models and the goal as lines.

The interval of one fit, which all fits have from the same test frames, stands in its tooltip alone, as in the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlipguide.records.estimate import Estimate
from mlipguide.report.figures.learning_series import (
    BAND_WORDS,
    ERROR_TITLE,
    FRAMES_TITLE,
    LearningSeries,
    parts_of,
    target_words,
)
from mlipguide.report.figures.style import round_values
from mlipguide.report.web.parts import HEIGHT, coloured, ends, palette
from mlipguide.report.web.web_page import WebChart, values
from mlipguide.report.words.pilot_words import MEV, between

TARGET_COLOUR, BESIDE_COLOUR = "#CC3311", "#888888"
MOST_BELOW = 2.0
"""How far below its error the low end of an interval may stretch the axis."""
ROOM = 1.08
"""Between what is drawn and the ends of an axis."""


def learning_chart(
    series: Sequence[LearningSeries],
    *,
    target: float | None = None,
    beside: Sequence[tuple[str, Estimate]] = (),
    words: Sequence[str] = (),
) -> WebChart:
    """Return the chart.

    Args:
        series: The models, at least one with a fit or a law.
        target: Wanted error in eV/Å; None where none was asked for.
        beside: Names and errors in eV/Å of models that were not fitted.
        words: What the chart shows, in sentences.
    """
    fits = [row for one in series for frames, error in one.points for row in _rows(one.label, frames, error)]
    inside, beyond = (
        [
            row
            for one in series
            if one.curve is not None
            for at in parts_of(one.curve)[part]
            for row in _rows(one.label, at.frames, at.force_mae_ev_per_angstrom)
        ]
        for part in (0, 1)
    )
    across = [float(row["frames"]) for row in (*fits, *inside, *beyond)]
    errors = [float(row["value"]) for row in (*fits, *inside, *beyond)]
    errors += [max(float(row["low"]), float(row["value"]) / MOST_BELOW) for row in (*inside, *beyond)]
    errors += [] if target is None else [target * MEV]
    errors += [error.value * MEV for _, error in beside]
    x, y = _axis("frames", FRAMES_TITLE, across), _axis("value", ERROR_TITLE, errors)
    colours = coloured("series", palette([one.label for one in series]))
    drawn = {"x": x, "y": y, "color": colours}
    span = {**drawn, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    tooltip = [{"field": name} for name in ("series", "frames", "told")]
    point = {"type": "point", "filled": True, "size": 70, "opacity": 1, "clip": True}
    line = {"type": "line", "strokeWidth": 2, "clip": True}
    layers: list[dict[str, Any]] = [
        {"data": values([*inside, *beyond]), "mark": {"type": "area", "opacity": 0.13, "clip": True}, "encoding": span},
        {"data": values(inside), "mark": line, "encoding": drawn},
        {"data": values(beyond), "mark": {**line, "strokeDash": [6, 4]}, "encoding": drawn},
        *_beside(beside, x, y),
        *_goal(target, x, y),
        {"data": values(fits), "mark": point, "encoding": {**drawn, "tooltip": tooltip}},
    ]
    note = f"{BAND_WORDS[:1].upper()}{BAND_WORDS[1:]}."
    told = " ".join([*words, note])
    return WebChart(title="Learning curves", words=told, spec={"height": HEIGHT, "layer": layers}, note=note)


def _rows(label: str, frames: int, error: Estimate) -> Iterator[dict[str, Any]]:
    """Return a point with its interval; one without an error, which a logarithmic axis does not have, is left out."""
    if error.value > 0:
        span = ends(error, 1 / MEV)
        span["low"] = max(span["low"], span["value"] / 100)  # 0, which the axis does not have either
        yield {"series": label, "frames": frames, "told": f"{between(error)} meV/Å", **span}


def _axis(field: str, title: str, shown: Sequence[float]) -> dict[str, Any]:
    low, high = min(shown) / ROOM, max(shown) * ROOM
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {"values": round_values(low, high), "format": ",~r"},
    }


def _beside(models: Sequence[tuple[str, Estimate]], x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [{"value": error.value * MEV, "name": name, "frames": x["scale"]["domain"][1]} for name, error in models]
    return _lines(rows, BESIDE_COLOUR, [2, 3], x, y) if rows else []


def _goal(target: float | None, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    if target is None:
        return []
    row = {"value": target * MEV, "name": target_words(target), "frames": x["scale"]["domain"][1]}
    return _lines([row], TARGET_COLOUR, [1, 0], x, y)


def _lines(
    rows: Sequence[dict[str, Any]], colour: str, dash: Sequence[int], x: dict[str, Any], y: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return level lines with their names at the right, above them."""
    data = values(rows)
    text = {"type": "text", "align": "right", "dx": -4, "dy": -7}
    rule = {"type": "rule", "color": colour, "strokeDash": list(dash), "strokeWidth": 1.5}
    return [
        {"data": data, "mark": rule, "encoding": {"y": y}},
        {"data": data, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "name"}}},
    ]
