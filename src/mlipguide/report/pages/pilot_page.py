"""The answer of ``mlipguide train pilot`` in the terminal."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from statistics import fmean

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.training.pilot import PilotCurve, PilotData, PretrainedErrors, TrainedPotential
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.page_parts import (
    Step,
    conclusion,
    facts_grid,
    next_steps,
    notes,
    plain_table,
    section,
)
from mlipguide.report.tables.fitted_table import Column
from mlipguide.report.tables.hardware_table import order_of
from mlipguide.report.words.command_words import LABELLED
from mlipguide.report.words.formatting import cut
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import (
    Model,
    between,
    energy_words,
    errors_words,
    force_words,
    label,
    mean_words,
    mev,
    models_of,
    points_at,
    reach_words,
    time_words,
)

MOST_PRETRAINED = 4
"""Rows without ``--details``."""
PRETRAINED_LEGEND = "Energies after a shift for each element (E0). µs/atom: of one call, on the frames as they are."
MORE_FRAMES = "What more frames would bring"
FORECASTS = (2, 4)
"""Times the data, for which the curve's error is shown."""


def pilot_page(
    data: PilotData, console: Console, *, given: str = LABELLED, again: str = "", details: bool = False
) -> RenderableType:
    """Return the page.

    Args:
        data: What was found.
        console: Where it is printed.
        given: The labels and test frames as they were given, for the next commands.
        again: The other options that were given, for the same call with more time.
        details: The machine, the potential with its errors by group, and the fits that were left out.
    """
    style = "bold red" if data.potential is None else "bold"
    parts: list[RenderableType] = [
        conclusion(*sentences(data), style=style),
        Text(""),
        facts_grid(facts(data, details=details)),
        Text(""),
        Text(errors_title(data)),
        _errors_table(data),
        *notes(errors_legend(data)),
    ]
    if data.pretrained:
        parts += [Text(""), Text("Pretrained models on the same frames", style="bold")]
        parts.append(_pretrained_table(data, None if details else MOST_PRETRAINED))
        parts += notes([PRETRAINED_LEGEND])
    parts += section(MORE_FRAMES, [f"{name}: {words}" for name, words in curve_lines(data)])
    if details:
        parts += section("Potential", _potential_lines(data))
        if data.potential is not None and data.potential.groups:
            parts.append(groups_table(data.potential))
        parts += section("Left out", left_out_lines(data))
    left_out = sum(one.fits for one in data.left_out)
    hidden = "errors by group, the potential" + (f", {left_out} fits that were left out" if left_out else "")
    return Group(*parts, *next_steps(what_next(data, given, again), console, hidden=hidden, details=details))


def facts(data: PilotData, *, details: bool) -> list[tuple[str, str]]:
    """Return labels, held-out frames and time; with ``details`` the machine too."""
    known = data.data
    tested = "stretches of the same file" if known.test_source == known.source else known.test_source
    rows = [
        ("Labels", f"{', '.join(known.elements)}: {known.train_frames} frames to train on ({known.source})"),
        ("Held-out", f"{known.test_frames} frames ({tested})"),
        ("Time", f"{duration(data.spent_s)} of {duration(data.budget_s)}, {len(data.points)} fits"),
    ]
    return [("Machine", machine_line(data.machine)), *rows] if details else rows


def sentences(data: PilotData) -> tuple[str, ...]:
    """Return the potential to take with its error, whether the target is met, and what stands beside it."""
    one = data.potential
    if one is None:
        return ("No fit was better than no forces at all: see --details.",)
    name = label(one.recipe.engine, one.recipe.size)
    first = (
        f"Take {name}, of {len(models_of(data))} potentials: force MAE {force_words(one.errors)} on held-out frames."
    )
    return (first, _rival_words(data, one), _target_words(data, one), _beaten(data, one))


def _rival_words(data: PilotData, one: TrainedPotential) -> str:
    """Return which model has a smaller error with the most frames, where that is another one."""
    best = max(data.best, key=lambda item: item.frames, default=None)
    taken = one.errors.force_mae_ev_per_angstrom
    if best is None or (best.engine, best.size) == (one.recipe.engine, one.recipe.size):
        return ""
    if taken is not None and taken.value <= best.force_mae_ev_per_angstrom:
        return ""  # the potential was fitted to fewer frames, and is no worse
    error = cut(best.force_mae_ev_per_angstrom, mev, _digits(one))
    told = "clearly" if best.clearly else "within the interval"
    return f"{label(best.engine, best.size)} has {error} meV/Å, {told}."


def _digits(one: TrainedPotential) -> int:
    error = one.errors.force_mae_ev_per_angstrom
    return 3 if error is None else error.digits


def _target_words(data: PilotData, one: TrainedPotential) -> str:
    target, error = data.target_ev_per_angstrom, one.errors.force_mae_ev_per_angstrom
    if target is None or error is None:
        return ""
    wanted = f"The target of {mev(target)} meV/Å"
    if error.at_most <= target:
        return f"{wanted} is met."
    return f"{wanted} is not met." if error.at_least > target else f"{wanted} lies within its interval."


def what_next(data: PilotData, given: str, again: str) -> list[Step]:
    """Return the final fit, and the same pilot with more time."""
    one, folder = data.potential, f"--folder {shlex.quote(data.folder)}"
    words = " ".join(filter(None, ["mlipguide train pilot", given, again, folder, "--budget 1h"]))
    more = Step(words, "goes on with more fits: a narrower answer")
    if one is None:
        return [more]
    recipe = one.recipe
    base = "" if recipe.base_model is None else f" --base {recipe.base_model}"
    words = f"mlipguide train fit {given} --engine {recipe.engine.value} --size {recipe.size}{base} {folder}"
    return [Step(words, "fits it, checks it in dynamics, registers it"), more]


def _errors_table(data: PilotData) -> Table:
    columns = errors_columns(data)
    table = plain_table(*(column.title for column in columns))
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table


def errors_title(data: PilotData) -> str:
    """Return what the table of errors shows."""
    return f"Force MAE on the {data.data.test_frames} held-out frames in meV/Å, by number of frames trained on"


def errors_columns(data: PilotData) -> list[Column]:
    """Return the errors of each model, measured and forecast, the longest of its fits and its speed."""
    counts = sorted({point.frames for point in data.points})
    curves = {(curve.engine, curve.size): curve for curve in data.learning_curve}
    speeds = {(speed.engine, speed.size): speed for speed in data.speeds}
    best = {(one.frames, one.engine, one.size): one.clearly for one in data.best}
    forecasts = [factor * max(counts) for factor in FORECASTS] if curves else []
    models = models_of(data)
    columns = [Column(title="Model", cells=tuple(label(*model) for model in models), rank=0)]
    for count in counts:
        cells, orders = [], []
        for model in models:
            found = points_at(data.points, model, count)
            mark = "" if (count, *model) not in best else "◆" if best[(count, *model)] else "◇"
            cells.append(f"{mark}{mean_words(found)}" if found else "–")
            orders.append(fmean(one.value for one in found) if found else None)
        columns.append(_figures(f"{count:,}", cells, orders))
    for count in forecasts:
        expected = [_forecast(curves.get(model), count) for model in models]
        words = ["–" if one is None else f"≈{one.told(mev)}" for one in expected]
        columns.append(_figures(f"{count:,}", words, [order_of(one) for one in expected]))
    longest = [
        max((point.train_s for point in data.points if (point.engine, point.size) == model), default=None)
        for model in models
    ]
    times = [speeds[model].time_per_atom_s.scaled(1e6) if model in speeds else None for model in models]
    speed_cells = ["–" if one is None else one.told(number) for one in times]
    columns.append(_figures("Fit", [time_words(one) for one in longest], longest))
    columns.append(_figures("µs/atom", speed_cells, [order_of(one) for one in times]))
    return columns


def _figures(title: str, cells: Sequence[str], orders: Sequence[float | None]) -> Column:
    return Column(title=title, cells=tuple(cells), rank=0, right=True, orders=tuple(orders))


def _forecast(curve: PilotCurve | None, frames: int) -> Estimate | None:
    at = None if curve is None else next((one for one in curve.curve if one.frames == frames), None)
    return None if at is None else at.force_mae_ev_per_angstrom


def errors_legend(data: PilotData) -> list[str]:
    """Return what the marks and columns of the table of errors mean."""
    words = ["◆ best at this number of frames; ◇ best, but within the interval of another."]
    if data.learning_curve:
        words.append("≈ from the learning curve; the last is as far as it is believed.")
    if data.speeds:
        drivers = " or ".join(sorted({speed.driver.upper() for speed in data.speeds}))
        words.append(f"Fit: the longest. µs/atom: time of a step over {data.speeds[0].atoms} atoms ({drivers}).")
    return [" ".join(words), explained("held-out", "E0")]


def _pretrained_table(data: PilotData, most: int | None) -> Table:
    table = plain_table("Model", "Force MAE", "Energy MAE", "µs/atom")
    for one in sorted(data.pretrained, key=force_error)[:most]:
        table.add_row(
            one.model,
            force_words(one.errors),
            energy_words(one.errors),
            number(one.call_time_per_atom_s * 1e6),
        )
    return table


def force_error(one: PretrainedErrors) -> float:
    """Return what pretrained models are sorted by: one without a force error comes last."""
    error = one.errors.force_mae_ev_per_angstrom
    return math.inf if error is None else error.value


def curve_lines(data: PilotData) -> list[tuple[str, str]]:
    """Return each model with a curve, and what more frames would bring it."""
    lines = []
    for curve in data.learning_curve:
        name = label(curve.engine, curve.size)
        at = curve.curve[-1]
        words = (
            reach_words(curve, data.target_ev_per_angstrom)
            if data.target_ev_per_angstrom is not None
            else f"{between(at.force_mae_ev_per_angstrom)} meV/Å with {at.frames:,} frames, four times the data."
        )
        lines.append((name, words))
    return lines


def _potential_lines(data: PilotData) -> list[str]:
    one = data.potential
    if one is None:
        return ["None that is better than no forces at all; see the failures below."]
    name = label(one.recipe.engine, one.recipe.size)
    lines = [
        f"{name}, {one.parameters:,} parameters, on {one.frames} frames in {duration(one.train_s)}",
        errors_words(one.errors),
    ]
    if one.time_per_atom_s is not None:
        lines.append(f"{one.time_per_atom_s.scaled(1e6).told(number)} µs for an atom and a step")
    tried = len(models_of(data))
    if tried > 1:
        words = f"chosen of {tried} models by these same test frames"
        lines.append(f"{words}: frames of their own would show a little more")
    return [*lines, one.folder]


def _beaten(data: PilotData, one: TrainedPotential) -> str:
    mine = one.errors.force_mae_ev_per_angstrom
    known = [item for item in data.pretrained if item.errors.force_mae_ev_per_angstrom is not None]
    if mine is None or not known:
        return ""
    best = min(known, key=force_error)
    theirs = best.errors.force_mae_ev_per_angstrom
    assert theirs is not None
    ratio = theirs.value / mine.value
    if ratio >= 1:
        return f"{best.model}, the best pretrained model here, has {ratio:.2g} times its error."
    return f"{best.model}, the best pretrained model here, is {1 / ratio:.2g} times as accurate."


def groups_table(one: TrainedPotential) -> Table:
    """Return the errors of each group of test frames."""
    table = plain_table("Group", "Frames", "Force MAE", "Energy MAE")
    for group in one.groups:
        table.add_row(group.group, f"{group.errors.frames}", force_words(group.errors), energy_words(group.errors))
    return table


def left_out_lines(data: PilotData) -> list[str]:
    """Return each model with the fits that were not done, and why."""
    lines: list[str] = []
    models: dict[tuple[Model, str], list[str]] = {}
    for one in data.left_out:
        each = "" if one.expected_s is None else f" of {duration(one.expected_s)}"
        fits = "1 fit" if one.fits == 1 else f"{one.fits} fits"
        models.setdefault(((one.engine, one.size), one.reason), []).append(f"{one.frames} frames ({fits}{each})")
    for (model, reason), counts in models.items():
        lines.append(f"{label(*model)}: {', '.join(counts)}: {reason}.")
    return lines
