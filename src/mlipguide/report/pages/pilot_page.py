"""The answer of ``mlipguide train pilot`` in the terminal."""

from __future__ import annotations

import math

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.training.pilot import PilotCurve, PilotData, PretrainedErrors, TrainedPotential
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.words.pilot_words import (
    Model,
    between,
    energy_words,
    errors_words,
    force_words,
    label,
    mev,
    models_of,
    points_at,
    reach_words,
    time_words,
)

FORECASTS = (2, 4)
"""Times the data, for which the curve's error is shown."""


def pilot_page(data: PilotData, console: Console) -> RenderableType:
    """Return the page, laid out for the width of ``console``."""
    del console
    known = data.data
    same = known.test_source == known.source
    tested = "whole stretches of the same file" if same else known.test_source
    parts: list[RenderableType] = [
        Text(f"Machine  {machine_line(data.machine)}"),
        _line("Labels", f"{', '.join(known.elements)}: {known.train_frames} frames to learn from ({known.source})"),
        _line("Test", f"{known.test_frames} frames ({tested})"),
        _line("Time", f"{duration(data.spent_s)} of {duration(data.budget_s)}, {len(data.points)} fits"),
        Text(""),
        Text(f"Force MAE on the {known.test_frames} test frames in meV/Å, by frames learned from", style="bold"),
        _errors_table(data),
        *(Text(line, style="dim") for line in _legend(data)),
    ]
    if data.pretrained:
        parts += [Text(""), Text("Pretrained models on the same frames", style="bold"), _pretrained_table(data)]
        shifted = (
            "Energies after a shift by one number for each element. µs/atom: of one call, test frames as they are."
        )
        parts.append(Text(shifted, style="dim"))
    for title, lines in (("What more frames would bring", _curve_lines(data)), ("Potential", _potential_lines(data))):
        if lines:
            parts += [Text(""), Text(title, style="bold"), *lines]
    if data.potential is not None and data.potential.groups:
        parts.append(groups_table(data.potential))
    if data.left_out:
        parts += [Text(""), Text("Left out", style="bold"), *_left_out_lines(data)]
    return Group(*parts)


def _line(title: str, words: str) -> Text:
    return Text(f"{title:<9}{words}")


def _errors_table(data: PilotData) -> Table:
    counts = sorted({point.frames for point in data.points})
    curves = {(curve.engine, curve.size): curve for curve in data.learning_curve}
    speeds = {(speed.engine, speed.size): speed for speed in data.speeds}
    best = {(one.frames, one.engine, one.size): one.clearly for one in data.best}
    forecasts = [factor * max(counts) for factor in FORECASTS] if curves else []
    table = _table("Model", *(f"{count:,}" for count in (*counts, *forecasts)), "Fit", "µs/atom")
    for model in models_of(data):
        engine, size = model
        cells = []
        for count in counts:
            found = points_at(data.points, model, count)
            mark = "" if (count, engine, size) not in best else "◆" if best[(count, engine, size)] else "◇"
            cells.append(f"{mark}{mev(sum(found) / len(found))}" if found else "–")
        cells += [_forecast(curves.get(model), count) for count in forecasts]
        train_s = [point.train_s for point in data.points if (point.engine, point.size) == model]
        speed = speeds.get(model)
        cells += [
            time_words(max(train_s, default=None)),
            "–" if speed is None else number(speed.time_per_atom_s.value * 1e6),
        ]
        table.add_row(label(engine, size), *cells)
    return table


def _forecast(curve: PilotCurve | None, frames: int) -> str:
    at = None if curve is None else next((one for one in curve.curve if one.frames == frames), None)
    return "–" if at is None else f"≈{mev(at.force_mae_ev_per_angstrom.value)}"


def _legend(data: PilotData) -> list[str]:
    lines = ["◆ best at this number of frames; ◇ best, but within the interval of another."]
    if data.learning_curve:
        lines.append("≈ from the learning curve; the last is as far as it is believed.")
    if data.speeds:
        drivers = " or ".join(sorted({speed.driver.upper() for speed in data.speeds}))
        lines.append(f"Fit: the longest. µs/atom: time of a step over {data.speeds[0].atoms} atoms ({drivers}).")
    return lines


def _pretrained_table(data: PilotData) -> Table:
    table = _table("Model", "Force MAE", "Energy MAE", "µs/atom")
    for one in sorted(data.pretrained, key=_force_error):
        table.add_row(
            one.model,
            force_words(one.errors),
            energy_words(one.errors),
            number(one.call_time_per_atom_s * 1e6),
        )
    return table


def _force_error(one: PretrainedErrors) -> float:
    error = one.errors.force_mae_ev_per_angstrom
    return math.inf if error is None else error.value


def _curve_lines(data: PilotData) -> list[Text]:
    lines = []
    for curve in data.learning_curve:
        name = label(curve.engine, curve.size)
        at = curve.curve[-1]
        words = (
            reach_words(curve, data.target_ev_per_angstrom)
            if data.target_ev_per_angstrom is not None
            else f"{between(at.force_mae_ev_per_angstrom)} meV/Å with {at.frames:,} frames, four times the data."
        )
        lines.append(Text(f"· {name}: {words}"))
    return lines


def _potential_lines(data: PilotData) -> list[Text]:
    one = data.potential
    if one is None:
        return [Text("None that is better than no forces at all; see the failures below.")]
    name = label(one.recipe.engine, one.recipe.size)
    lines = [
        f"{name}, {one.parameters:,} parameters, on {one.frames} frames in {duration(one.train_s)}:",
        f"  {errors_words(one.errors)}",
    ]
    if one.time_per_atom_s is not None:
        lines.append(f"  {number(one.time_per_atom_s.value * 1e6)} µs for an atom and a step")
    tried = len(models_of(data))
    if tried > 1:
        lines.append(
            f"  chosen of {tried} models by these same test frames: frames of their own would show a little more"
        )
    fastest = _beaten(data, one)
    if fastest:
        lines.append(f"  {fastest}")
    lines += [f"  {one.folder}"]
    return [Text(line, overflow="fold") for line in lines]


def _beaten(data: PilotData, one: TrainedPotential) -> str:
    mine = one.errors.force_mae_ev_per_angstrom
    known = [item for item in data.pretrained if item.errors.force_mae_ev_per_angstrom is not None]
    if mine is None or not known:
        return ""
    best = min(known, key=_force_error)
    theirs = best.errors.force_mae_ev_per_angstrom
    assert theirs is not None
    ratio = theirs.value / mine.value
    words = f"{ratio:.2g} times as accurate as" if ratio >= 1 else f"{1 / ratio:.2g} times the error of"
    return f"{words} {best.model}, the best pretrained model here"


def groups_table(one: TrainedPotential) -> Table:
    """Return the errors of each group of test frames."""
    table = _table("Group", "Frames", "Force MAE", "Energy MAE")
    for group in one.groups:
        table.add_row(group.group, f"{group.errors.frames}", force_words(group.errors), energy_words(group.errors))
    return table


def _left_out_lines(data: PilotData) -> list[Text]:
    lines: list[str] = []
    models: dict[tuple[Model, str], list[str]] = {}
    for one in data.left_out:
        each = "" if one.expected_s is None else f" of {duration(one.expected_s)}"
        fits = "1 fit" if one.fits == 1 else f"{one.fits} fits"
        models.setdefault(((one.engine, one.size), one.reason), []).append(f"{one.frames} frames ({fits}{each})")
    for (model, reason), counts in models.items():
        lines.append(f"· {label(*model)}: {', '.join(counts)}: {reason}.")
    return [Text(line) for line in lines]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify="right", no_wrap=True)
    return table
