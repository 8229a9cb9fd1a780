"""Learning curves as a PNG or SVG file: fits, curve and band of each model, pretrained models as horizontal lines.

The band is the 90 % interval of the mean error; beyond the data it is dashed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.readable import duration
from mlipguide.records.training.pilot import PilotCurve, PilotData
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import (
    COLOURS,
    MARKERS,
    as_image,
    dress_logarithmic,
    empty_figure,
    explain_legend,
    write_caption,
)
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.words.pilot_words import MEV, Model, label, mev, models_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = ((0, (1, 1.5)), (0, (6, 2)), (0, (3, 1, 1, 1)), (0, (1, 4)))
MOST_PRETRAINED = 4
"""Lines of pretrained models, the most accurate; more would hide the curves."""
ROOM = 1.05


def rendered(data: PilotData, form: str) -> bytes:
    """Return the picture of a pilot.

    Args:
        data: What it found.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(data), form)


def _figure(data: PilotData) -> Figure:
    figure = empty_figure()
    axes = figure.subplots()
    axes.set(xscale="log", yscale="log", xlabel="Frames learned from", ylabel="Force MAE on the test frames (meV/Å)")
    curves = {(curve.engine, curve.size): curve for curve in data.learning_curve}
    for position, model in enumerate(models_of(data)):
        colour, marker = COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]
        _draw_points(axes, data, model, colour, marker)
        if model in curves:
            _draw_curve(axes, curves[model], colour)
    _draw_pretrained(axes, data)
    if data.target_ev_per_angstrom is not None:
        axes.axhline(data.target_ev_per_angstrom * MEV, color="#B00020", linewidth=1.2, zorder=1)
        axes.annotate(
            f"target {mev(data.target_ev_per_angstrom)} meV/Å",
            (0.995, data.target_ev_per_angstrom * MEV),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color="#B00020",
        )
    _dress(axes)
    _caption(axes, data)
    explain_legend(axes, "bands: 90 % intervals of the mean; dashed beyond the data", loc="upper right")
    return figure


def _draw_points(axes: Axes, data: PilotData, model: Model, colour: str, marker: str) -> None:
    known = [
        (point.frames, point.errors.force_mae_ev_per_angstrom.value * MEV)
        for point in data.points
        if (point.engine, point.size) == model and point.errors.force_mae_ev_per_angstrom is not None
    ]
    speed = next((one for one in data.speeds if (one.engine, one.size) == model), None)
    words = label(*model) if speed is None else f"{label(*model)}, {speed.time_per_atom_s.value * 1e6:.3g} µs/atom"
    axes.plot(
        [frames for frames, _ in known],
        [error for _, error in known],
        linestyle="none",
        marker=marker,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.8,
        color=colour,
        label=words,
        zorder=3,
    )


def _draw_curve(axes: Axes, curve: PilotCurve, colour: str) -> None:
    inside = [one for one in curve.curve if one.frames <= curve.largest_frames]
    beyond = [one for one in curve.curve if one.frames >= curve.largest_frames]
    for part, line in ((inside, "-"), (beyond, (0, (5, 3)))):
        axes.plot(
            [one.frames for one in part],
            [one.force_mae_ev_per_angstrom.value * MEV for one in part],
            linestyle=line,
            color=colour,
            linewidth=1.6,
            zorder=2,
        )
    axes.fill_between(
        [one.frames for one in curve.curve],
        [one.force_mae_ev_per_angstrom.at_least * MEV for one in curve.curve],
        [one.force_mae_ev_per_angstrom.at_most * MEV for one in curve.curve],
        color=colour,
        alpha=0.14,
        linewidth=0,
        zorder=1,
    )


def _draw_pretrained(axes: Axes, data: PilotData) -> None:
    known = [
        (one.errors.force_mae_ev_per_angstrom.value * MEV, one.model)
        for one in data.pretrained
        if one.errors.force_mae_ev_per_angstrom is not None
    ]
    for (error, model), line in zip(sorted(known)[:MOST_PRETRAINED], LINES, strict=False):
        axes.axhline(error, linestyle=line, color="0.45", linewidth=1.3, zorder=1, label=f"{model}, pretrained")


def _dress(axes: Axes) -> None:
    """Put round numbers on both axes, and a grid behind."""
    axes.autoscale_view()
    low, high = axes.get_ylim()
    axes.set_ylim(low / ROOM, high * ROOM)
    dress_logarithmic(axes)


def _caption(axes: Axes, data: PilotData) -> None:
    known = data.data
    lines = [
        machine_line(data.machine),
        (
            f"{known.train_frames} frames to learn from, {known.test_frames} to test on; {len(data.points)} fits in "
            f"{duration(data.spent_s)}; seed {data.seed}"
        ),
    ]
    title = f"{' '.join(known.elements)} ({known.source.rpartition('/')[2]})"
    write_caption(axes, title, lines, linespacing=1.4)


def save_plot(data: PilotData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    write_picture(path, partial(rendered, data))
