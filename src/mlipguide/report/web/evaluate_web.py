"""The answer of ``evaluate`` as an HTML page: parity plots, errors of parts, every error in a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.records.accuracy.accuracy import Evaluation, ModelAccuracy
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Result
from mlipguide.report.figures.parity_panels import ParityPanel, energy_panels, force_panels
from mlipguide.report.pages.evaluate_page import (
    LEGEND,
    PARTS,
    gpa,
    headline,
    labels_rows,
    largest_words,
    part_rows,
    runner_up,
    shift_words,
    significance,
    softness,
    what_next,
)
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.series import settings_words
from mlipguide.report.web.parts import (
    NARROW_HEIGHT,
    ends,
    intervals,
    linear,
    noticed,
    palette,
    plain_cell,
    what_failed,
)
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values
from mlipguide.report.words.error_words import gap_words
from mlipguide.report.words.formatting import error_with_interval, with_interval
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import MEV, between, mev

MOST_DRAWN = 6
"""Models in the charts; the tables have all of them."""
MOST_POINTS = 6000
"""Points of all parity charts of one quantity together: a browser draws them at once, and the file stays small."""
RESOLUTION = 4
"""Decimals of the length of an axis that a point is written with."""
COLOUR = "#3A9BDC"
"""Seen on a light page and on a dark one, where points are small."""
INTERVALS = "Lines: 90 % intervals. Without one: too few independent frames for it."
SIZES = {"force": 14, "energy": 40}
FEW = 500
"""Up to as many points each is drawn full, more of them let each other be seen."""


def evaluate_web(
    result: Result[Evaluation], points: ParityPoints, given: str, *, seed: int, machine: Machine
) -> WebPage:
    """Return the page.

    Args:
        result: What was found, and what was said beside it.
        points: Of each model.
        given: The labels as they were given, for the next commands.
        seed: Of the choice of frames.
        machine: That evaluated.
    """
    data = result.data
    lead, *rest = (*headline(data), *(one.message for one in data.findings if one.spoils))
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide evaluate: {data.labels.source}",
        lead=lead,
        rest=" ".join(rest),
        tone=_tone(data),
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=(*labels_rows(data.labels, details=True), *_left_out(data)),
        charts=(*_parity(data, points), *_part_charts(data)),
        tables=(_models(data.results), *_ranking(data), *_parts(data)),
        cautions=(
            *((one.kind.value, one.message, ()) for one in data.findings if not one.spoils),
            *what_failed(result),
        ),
        provenance=tuple(_provenance(result, seed, machine)),
    )


def _tone(data: Evaluation) -> str:
    if any(one.spoils for one in data.findings):
        return "bad"
    follows = runner_up(data)
    leads = len(data.results) == 1 or (follows is not None and follows.significant is True)
    return "good" if leads and data.results[0].force_gap is None else "unsure"


def _drawn(data: Evaluation) -> tuple[ModelAccuracy, ...]:
    return data.results[:MOST_DRAWN]


def _left_out(data: Evaluation) -> Iterator[tuple[str, str]]:
    if len(data.results) > MOST_DRAWN:
        yield "Drawn", f"the best {MOST_DRAWN} of {len(data.results)} models; the tables have all of them"


def _parity(data: Evaluation, points: ParityPoints) -> Iterator[WebChart]:
    drawn = _drawn(data)
    for panels in (force_panels(drawn, points), energy_panels(drawn, points)):
        for panel in panels:
            if len(panel.pairs):
                yield _parity_chart(panel, MOST_POINTS // len(panels), points.seed)


def _parity_chart(panel: ParityPanel, most: int, seed: int) -> WebChart:
    pairs = panel.pairs
    if len(pairs) > most:
        kept = np.random.default_rng(seed).choice(len(pairs), most, replace=False)
        pairs = pairs[np.sort(kept)]
    low, high = panel.limits
    decimals = max(0, RESOLUTION - math.floor(math.log10(high - low)))
    rows = [{"x": round(x, decimals), "y": round(y, decimals)} for x, y in pairs.tolist()]
    domain: dict[str, Any] = {"domain": [low, high], "zero": False, "nice": False}
    x, y = linear("x", panel.reference_axis, **domain), linear("y", panel.predicted_axis, **domain)
    tooltip = [{"field": one["field"], "title": one["title"]} for one in (x, y)]
    corners = [{"x": end, "y": end} for end in panel.limits]
    spec = {
        "height": NARROW_HEIGHT,
        "layer": [
            {
                "data": values(corners),
                "mark": {"type": "line", "color": "#888888", "strokeWidth": 1},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": values(rows),
                "mark": {
                    "type": "circle",
                    "clip": True,
                    "size": SIZES[panel.quantity],
                    "color": COLOUR,
                    "opacity": 0.9 if len(rows) <= FEW else 0.5,
                },
                "encoding": {"x": x, "y": y, "tooltip": tooltip},
            },
        ],
    }
    what = "force components" if panel.quantity == "force" else "frames"
    thinned = len(rows) < panel.of
    count = f"{len(rows):,} of {panel.of:,} {what}, thinned at random" if thinned else f"all {panel.of:,} {what}"
    outside = f"; {panel.outside:,} of {len(panel.pairs):,} lie outside of the axes" if panel.outside else ""
    note = " ".join(filter(None, (f"{', '.join(panel.words)}." if panel.words else "", f"Shown: {count}{outside}.")))
    words = f"{panel.predicted_axis} against {panel.reference_axis.lower()} of {panel.model}. {note}"
    title = f"{'Forces' if panel.quantity == 'force' else 'Energies'}: {panel.model}"
    return WebChart(title=title, words=words, spec=spec, note=note, beside=panel.quantity)


def _part_charts(data: Evaluation) -> Iterator[WebChart]:
    drawn = _drawn(data)
    colours = palette([one.model for one in drawn])
    for title in PARTS:
        rows: list[dict[str, Any]] = [
            {"name": row.name, "series": one.model, "told": f"{between(error)} meV/Å", **ends(error, 1 / MEV)}
            for row in part_rows(title, drawn)
            for one, part in zip(drawn, row.parts, strict=True)
            if part is not None
            for error in [part.force_mae_ev_per_angstrom]
        ]
        if not rows:
            continue
        worst = max(rows, key=lambda one: float(one["value"]))
        words = f"The largest is that of {worst['series']} on {worst['name']}: {worst['told']}."
        spec = intervals(rows, "Force MAE (meV/Å)", colours)
        yield WebChart(title=_part_title(title), words=words, spec=spec, note=INTERVALS)


def _part_title(title: str) -> str:
    return f"Force MAE {title[0].lower()}{title[1:]}"


def _models(results: Sequence[ModelAccuracy]) -> WebTable:
    titles = (
        "Model",
        "Force MAE (meV/Å)",
        "Force RMSE",
        "Slope",
        "Softness",
        "Cosine",
        "Energy MAE (meV/atom)",
        "Energy RMSE",
        "Energy as it stands",
        "Stress MAE (GPa)",
        "Stress RMSE",
        "Frames",
        "Independent",
        "Largest force error",
        "Shift of the energies (E0)",
    )
    unshifted = partial(error_with_interval, formatter=mev)
    stress = partial(error_with_interval, formatter=gpa)
    slope = partial(error_with_interval, formatter="{:.2f}".format)
    cosine = partial(error_with_interval, formatter="{:.3f}".format)
    rows = tuple(
        (
            Cell(text=one.model, order=place),
            _error(one.force_mae_ev_per_angstrom, between, gap_words(one.force_gap)),
            _error(one.force_rmse_ev_per_angstrom, between),
            _error(one.force_slope, slope),
            Cell(text="–")
            if one.force_slope is None
            else Cell(text=softness(one.force_slope), order=one.force_slope.value),
            _error(one.force_cosine, cosine),
            _error(one.energy_mae_ev_per_atom, between, gap_words(one.energy_gap)),
            plain_cell(one.energy_rmse_ev_per_atom, mev),
            _error(one.energy_mae_unshifted_ev_per_atom, unshifted),
            _error(one.stress_mae_ev_per_angstrom3, stress),
            plain_cell(one.stress_rmse_ev_per_angstrom3, gpa),
            Cell(text=f"{one.frames:,}", order=one.frames),
            Cell(text=f"{one.independent_frames:,.0f}", order=one.independent_frames),
            Cell(text=largest_words(one), order=one.force_largest.ev_per_angstrom),
            Cell(text=shift_words(one) if one.energy_shifts_ev else "–"),
        )
        for place, one in enumerate(results)
    )
    legend = f"In brackets: 90 % intervals. {LEGEND} {explained('frames', 'labels', 'E0')}"
    return WebTable(caption="All models", titles=titles, rows=rows, legend=legend)


def _error(estimate: Estimate | None, told: Callable[[Estimate], str], why: str = "") -> Cell:
    """Return the cell of an error with its interval, and why it has none."""
    return Cell(text=f"–{why}") if estimate is None else Cell(text=told(estimate) + why, order=estimate.value)


def _ranking(data: Evaluation) -> Iterator[WebTable]:
    if not data.ranking:
        return
    titles = ("Better", "Worse", "By (meV/Å)", "Frames in common", "Is it chance?")
    rows = tuple(
        (
            Cell(text=pair.better, order=pair.better),
            Cell(text=pair.worse, order=pair.worse),
            Cell(text=with_interval(pair.difference_ev_per_angstrom, mev), order=pair.difference_ev_per_angstrom.value),
            Cell(text=f"{pair.frames:,}", order=pair.frames),
            Cell(text=significance(pair), order=significance(pair)),
        )
        for pair in data.ranking
    )
    legend = "Force MAE of the worse minus that of the better, frame by frame, with the 90 % interval."
    yield WebTable(caption="Ranking", titles=titles, rows=rows, legend=legend)


def _parts(data: Evaluation) -> Iterator[WebTable]:
    titles = ("Part", "Frames", *(one.model for one in data.results))
    for title in PARTS:
        rows = tuple(
            (
                Cell(text=row.name, order=place),
                Cell(text=f"{row.frames:,}", order=row.frames),
                *(_error(None if one is None else one.force_mae_ev_per_angstrom, between) for one in row.parts),
            )
            for place, row in enumerate(part_rows(title, data.results))
        )
        if rows:
            yield WebTable(caption=f"{_part_title(title)}, meV/Å", titles=titles, rows=rows)


def _provenance(result: Result[Evaluation], seed: int, machine: Machine) -> Iterator[tuple[str, str]]:
    labels = result.data.labels
    yield "Labels", f"{labels.source}, SHA-256 {labels.sha256}"
    yield "Choice of frames", f"{labels.chosen_frames:,} of {labels.frames:,}, seed {seed}"
    yield "Machine", machine_line(machine)
    for one in result.data.results:
        versions = ", ".join(f"{name} {version}" for name, version in one.versions.items()) or one.backend
        yield one.model, f"{one.name}; {versions}; {settings_words(one.settings)}; {one.evaluated_at}"
    yield from noticed(result)
