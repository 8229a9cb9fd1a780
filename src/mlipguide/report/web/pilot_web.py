"""The answer of ``train pilot`` as an HTML page: learning curves with the goal, labels that it takes, every fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.records.training.pilot import PilotCurve, PilotData
from mlipguide.report.figures.learning_series import frames_title, learning_series, pretrained_beside
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.pilot_page import (
    MORE_FRAMES,
    PRETRAINED_LEGEND,
    curve_lines,
    errors_columns,
    errors_legend,
    errors_title,
    facts,
    force_error,
    left_out_lines,
    sentences,
    what_next,
)
from mlipguide.report.web.columns_table import columns_table
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.learning_chart import learning_chart
from mlipguide.report.web.parts import cell, logarithmic, noticed, palette, what_failed
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable
from mlipguide.report.words.command_words import LABELLED
from mlipguide.report.words.formatting import interval
from mlipguide.report.words.pilot_words import energy_words, force_words, frames_words, label, mev

NOTE = "Dashed: the frames at hand. Intervals of 90 %, as far as the curves are believed."


def pilot_web(result: Result[PilotData], *, given: str = LABELLED, again: str = "") -> WebPage:
    """Return the page.

    Args:
        result: What was found.
        given: The labels and test frames as they were given, for the next commands.
        again: The other options that were given, for the same call with more time.
    """
    data = result.data
    lead, *rest = sentences(data)
    steps = what_next(data, given, again)
    return WebPage(
        title=f"mlipguide train pilot: {frames_title(data)}",
        lead=lead,
        rest=" ".join(filter(None, rest)),
        tone="bad" if data.potential is None else "good",
        commands=tuple(step.command for step in steps),
        facts=(*facts(data, details=False), *_more_frames(data)),
        charts=tuple(_charts(data)),
        tables=tuple(_tables(data)),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
        purposes=tuple(step.purpose for step in steps),
    )


def _more_frames(data: PilotData) -> list[tuple[str, str]]:
    lines = [f"{name}: {words}" for name, words in curve_lines(data)]
    return [(MORE_FRAMES, " ".join(lines))] if lines else []


def _charts(data: PilotData) -> Iterator[WebChart]:
    series = learning_series(data)
    if any(one.points for one in series):
        words = [f"{errors_title(data)}.", *(f"{name}: {told}" for name, told in curve_lines(data))]
        beside = pretrained_beside(data)
        yield learning_chart(series, target=data.target_ev_per_angstrom, beside=beside, words=words)
    needed = [(curve, curve.frames_for_target) for curve in data.learning_curve]
    known = [(curve, frames) for curve, frames in needed if frames is not None]
    if known and data.target_ev_per_angstrom is not None:
        yield _labels_chart(data, known, data.target_ev_per_angstrom)


def _labels_chart(data: PilotData, known: Sequence[tuple[PilotCurve, Estimate]], target: float) -> WebChart:
    """Return the labels that the goal takes; an interval ends where nothing more is predicted."""
    dots = [
        Dot(
            name=label(curve.engine, curve.size),
            kind="",
            estimate=_within(frames, curve),
            told=frames_words(curve),
        )
        for curve, frames in known
    ]
    at_hand = data.data.train_frames
    spec = dots_spec(
        dots,
        logarithmic("value", "frames to train on"),
        palette([""]),
        limits=[at_hand],
    )
    told = "; ".join(f"{one.name} {one.told}" for one in dots)
    words = f"Frames for {mev(target)} meV/Å: {told}. At hand: {at_hand:,}."
    return WebChart(title=_labels_title(target), words=words, spec=spec, note=NOTE)


def _labels_title(target: float) -> str:
    return f"Frames for {mev(target)} meV/Å"


def _within(frames: Estimate, curve: PilotCurve) -> Estimate:
    most = float(curve.curve[-1].frames)
    least = curve.fewest_frames_for_target if frames.low is None else frames.low
    low = frames.value if least is None else min(max(1.0, least), frames.value)
    return replace(frames, low=low, high=most if frames.high is None else min(frames.high, most))


def _tables(data: PilotData) -> Iterator[WebTable]:
    yield columns_table(errors_title(data), errors_columns(data), " ".join(errors_legend(data)))
    if data.target_ev_per_angstrom is not None and data.learning_curve:
        yield _price(data, data.target_ev_per_angstrom)
    if data.pretrained:
        yield _pretrained(data)
    rows = tuple(
        (
            Cell(text=label(one.engine, one.size), order=label(one.engine, one.size)),
            Cell(text=f"{one.frames:,}", order=one.frames),
            Cell(text=f"{one.repeat + 1}", order=one.repeat),
            _error_cell(force_words(one.errors), one.errors.force_mae_ev_per_angstrom),
            _error_cell(energy_words(one.errors), one.errors.energy_mae_ev_per_atom),
            Cell(text=f"{one.parameters:,}", order=one.parameters),
            Cell(text=duration(one.train_s), order=one.train_s),
        )
        for one in data.points
    )
    titles = ("Model", "Frames", "Choice of frames", "Force MAE", "Energy MAE", "Parameters", "Fit")
    yield WebTable(caption="Every fit", titles=titles, rows=rows)


def _error_cell(words: str, estimate: Estimate | None) -> Cell:
    return Cell(text=words, order=None if estimate is None else estimate.value)


def _price(data: PilotData, target: float) -> WebTable:
    """Return what the goal takes of each model: frames, those that are not at hand yet, and the time of a fit."""
    rows = []
    for curve in data.learning_curve:
        model, frames = (curve.engine, curve.size), curve.frames_for_target
        further = None if frames is None else frames.less(data.data.train_frames)
        fits = [one for one in data.points if (one.engine, one.size) == model]
        longest = max(fits, key=lambda one: one.train_s)
        speed = next((one.time_per_atom_s for one in data.speeds if (one.engine, one.size) == model), None)
        chance = curve.probability_of_target
        rows.append(
            (
                Cell(text=label(*model), order=label(*model)),
                Cell(text="–") if frames is None else Cell(text=frames_words(curve), order=frames.value),
                cell(further, lambda count: f"{count:,.0f}", ends=True),
                Cell(text="–" if chance is None else f"{chance:.0%}", order=chance),
                Cell(text=f"{duration(longest.train_s)} ({longest.frames:,} frames)", order=longest.train_s),
                cell(None if speed is None else speed.scaled(1e6), number),
            )
        )
    most = max(curve.curve[-1].frames for curve in data.learning_curve)
    titles = ("Model", "Frames", "Beyond those at hand", "Chance", "Longest fit", "µs/atom")
    legend = f"At hand: {data.data.train_frames:,} frames. Chance: within {most:,} frames, four times the data."
    return WebTable(caption=f"{_labels_title(target)}, and a fit", titles=titles, rows=tuple(rows), legend=legend)


def _pretrained(data: PilotData) -> WebTable:
    rows = tuple(
        (
            Cell(text=one.model, order=one.model),
            _error_cell(force_words(one.errors), one.errors.force_mae_ev_per_angstrom),
            _error_cell(energy_words(one.errors), one.errors.energy_mae_ev_per_atom),
            Cell(text=number(one.call_time_per_atom_s * 1e6), order=one.call_time_per_atom_s),
        )
        for one in sorted(data.pretrained, key=force_error)
    )
    titles = ("Model", "Force MAE", "Energy MAE", "µs/atom")
    return WebTable(caption="Pretrained models on the same frames", titles=titles, rows=rows, legend=PRETRAINED_LEGEND)


def _provenance(result: Result[PilotData]) -> Iterator[tuple[str, str]]:
    data = result.data
    yield "Machine", machine_line(data.machine)
    yield "Folder", data.folder
    yield "Seed", f"{data.seed}"
    if data.potential is not None and data.potential.time_per_atom_s is not None:
        micro = data.potential.time_per_atom_s.scaled(1e6)
        yield "Step", f"{interval(micro, number)} µs/atom: {micro.source}"
    for line in left_out_lines(data):
        yield "Left out", line
    yield from noticed(result)
