"""Step time against atoms, both logarithmic: in the terminal, or as a PNG or SVG file.

Measured points carry their 90 % intervals; the law's line is solid within the measured sizes and dashed beyond, with
its 90 % band.
"""

from __future__ import annotations

import math
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.costmodel.costs import SECONDS_PER_DAY
from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.figures.character_plot import CharacterSeries, character_plot
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import (
    CAPTION_WIDTH,
    COLOURS,
    MARKERS,
    as_image,
    dress_logarithmic,
    empty_figure,
    explain_legend,
    round_values,
    structure_title,
    write_caption,
)
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.series import SYNTHETIC_MARK, Series, agreeing, series_of, settings_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_SPAN = 2.0
"""What both axes span at least, as a factor."""


def terminal_plot(data: BenchData, *, width: int, height: int) -> str:
    """Return the plot in characters, without colours: a heading, the axes, and a legend.

    Args:
        data: What was measured and fitted.
        width: Columns; no line is longer.
        height: Lines of the plot, its heading and axes included; the legend comes on top of that.
    """
    series = [
        CharacterSeries(
            label=one.label,
            points=[(item.atoms, item.step_time_s.value) for item in one.measurements],
            curve=[(point.atoms, point.step_time_s.value) for point in one.curve],
        )
        for one in series_of(data)
    ]
    return character_plot(time_title(data), series, width=width, height=height)


def save_plot(data: BenchData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    write_picture(path, partial(rendered, data))


def rendered(data: BenchData, form: str) -> bytes:
    """Return the picture of a run.

    Args:
        data: What was measured and fitted.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(data), form)


def time_title(data: BenchData) -> str:
    """Return what the time of a step is the time of."""
    words = {Scenario.SINGLE_STREAM: "MD step", Scenario.OFFLINE: "evaluation" if data.batches else "structure"}
    found = sorted({words[item.scenario] for item in data.measurements})
    return f"Time per {' or '.join(found)}"


def _figure(data: BenchData) -> Figure:
    figure = empty_figure()
    axes = figure.subplots()
    series = series_of(data)
    slowest_first = sorted(enumerate(series), key=lambda entry: -_height(entry[1]))
    for position, one in slowest_first:
        _draw_series(axes, one, COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)])
    axes.set(xscale="log", yscale="log", xlabel="Atoms", ylabel=f"{time_title(data)} (s)")
    _dress(axes)
    _second_axis(axes, data)
    _caption(axes, data)
    note = "90 % intervals; dashed beyond the sizes measured"
    if any(one.model.endswith(SYNTHETIC_MARK) for one in series):
        note += "\n* random weights in the published architecture"
    explain_legend(axes, note, loc="best")
    return figure


def _caption(axes: Axes, data: BenchData) -> None:
    """Write above the plot what was run, where and how."""
    common = agreeing(item.settings for item in data.measurements)
    lines = [
        *textwrap.wrap(machine_line(data.machine), CAPTION_WIDTH),
        settings_words(data.measurements[0].settings, common),
    ]
    write_caption(axes, structure_title(data.structure), lines, linespacing=1.4)


def _draw_series(axes: Axes, one: Series, colour: str, marker: str) -> None:
    times = [item.step_time_s for item in one.measurements]
    axes.errorbar(
        [item.atoms for item in one.measurements],
        [time.value for time in times],
        yerr=[
            [0.0 if time.low is None else time.value - time.low for time in times],
            [0.0 if time.high is None else time.high - time.value for time in times],
        ],
        fmt=marker,
        color=colour,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.8,
        elinewidth=1.4,
        capsize=3.5,
        label=one.label,
        zorder=3,
    )
    largest = max(item.atoms for item in one.measurements)
    curve = one.curve
    inside = [point for point in curve if point.atoms <= largest]
    beyond = curve[max(0, len(inside) - 1) :]
    for points, line in ((inside, "-"), (beyond, (0, (5, 3)))):
        axes.plot(
            [point.atoms for point in points],
            [point.step_time_s.value for point in points],
            linestyle=line,
            color=colour,
            linewidth=1.6,
            zorder=2,
        )
    band = [point for point in curve if point.step_time_s.low and point.step_time_s.high]
    axes.fill_between(
        [point.atoms for point in band],
        [point.step_time_s.low or math.nan for point in band],
        [point.step_time_s.high or math.nan for point in band],
        color=colour,
        alpha=0.14,
        linewidth=0,
        zorder=1,
    )


def _dress(axes: Axes) -> None:
    """Put round numbers on both axes, and a grid behind."""
    axes.autoscale_view()
    axes.set(xlim=_widened(*axes.get_xlim()), ylim=_widened(*axes.get_ylim()))
    dress_logarithmic(axes)


def _widened(low: float, high: float) -> tuple[float, float]:
    """Return limits that leave room for some labels, about the same middle."""
    factor = math.sqrt(max(1.0, LEAST_SPAN * low / high))
    return low / factor, high * factor


def _second_axis(axes: Axes, data: BenchData) -> None:
    """Show on the right how much that is: ns/day of one run, or structures a second."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    scenarios = {item.scenario for item in data.measurements}
    if scenarios == {Scenario.SINGLE_STREAM}:
        numerator, title = (
            SECONDS_PER_DAY * data.timestep_s * 1e9,
            f"ns/day with steps of {data.timestep_s * 1e15:g} fs",
        )
    elif scenarios == {Scenario.OFFLINE} and not data.batches:
        numerator, title = 1.0, "Structures per second"
    else:
        return
    right = axes.twinx()
    slowest, fastest = (numerator / time_s for time_s in reversed(axes.get_ylim()))
    right.set(yscale="log", ylim=(fastest, slowest), ylabel=title)
    right.yaxis.set_major_locator(FixedLocator(round_values(slowest, fastest)))
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    right.yaxis.set_minor_formatter(NullFormatter())
    right.yaxis.label.set_fontsize(12)
    right.tick_params(labelsize=10, which="both", color="0.7")
    for spine in right.spines.values():
        spine.set_visible(False)


def _height(one: Series) -> float:
    """Return where on the plot a series ends."""
    curve = one.curve
    return curve[-1].step_time_s.value if curve else one.measurements[-1].step_time_s.value
