"""Learning curves as a PNG or SVG file: fits, curve and band of each model, pretrained models as horizontal lines.

The band is the 90 % interval of the mean error; beyond the data it is dashed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.readable import duration
from mlipguide.records.training.pilot import PilotCurve, PilotData
from mlipguide.report.figures.learning_series import (
    BAND_WORDS,
    ERROR_TITLE,
    FRAMES_TITLE,
    LearningSeries,
    frames_title,
    learning_series,
    parts_of,
    pretrained_beside,
    target_words,
)
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
from mlipguide.report.words.pilot_words import MEV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = ((0, (1, 1.5)), (0, (6, 2)), (0, (3, 1, 1, 1)), (0, (1, 4)))
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
    axes.set(xscale="log", yscale="log", xlabel=FRAMES_TITLE, ylabel=ERROR_TITLE)
    for position, series in enumerate(learning_series(data)):
        colour, marker = COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]
        _draw_points(axes, series, colour, marker)
        if series.curve is not None:
            _draw_curve(axes, series.curve, colour)
    _draw_pretrained(axes, data)
    if data.target_ev_per_angstrom is not None:
        axes.axhline(data.target_ev_per_angstrom * MEV, color="#B00020", linewidth=1.2, zorder=1)
        axes.annotate(
            target_words(data.target_ev_per_angstrom),
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
    explain_legend(axes, BAND_WORDS, loc="upper right")
    return figure


def _draw_points(axes: Axes, series: LearningSeries, colour: str, marker: str) -> None:
    axes.plot(
        [frames for frames, _ in series.points],
        [error.value * MEV for _, error in series.points],
        linestyle="none",
        marker=marker,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.8,
        color=colour,
        label=series.label,
        zorder=3,
    )


def _draw_curve(axes: Axes, curve: PilotCurve, colour: str) -> None:
    for part, line in zip(parts_of(curve), ("-", (0, (5, 3))), strict=True):
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
    for (words, error), line in zip(pretrained_beside(data), LINES, strict=False):
        axes.axhline(error.value * MEV, linestyle=line, color="0.45", linewidth=1.3, zorder=1, label=words)


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
    write_caption(axes, frames_title(data), lines, linespacing=1.4)


def save_plot(data: PilotData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    write_picture(path, partial(rendered, data))
