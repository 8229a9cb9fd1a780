"""Step time against atoms, both logarithmic: in the terminal, or as a PNG or SVG file.

The terminal's plot is drawn by plotext 5, which is plain Python; its version 6 brings a compiled part.
"""

from __future__ import annotations

import itertools
import math
import string
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from mlipguide.core.readable import duration
from mlipguide.records.timing.bench import BenchData
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.scaling_axes import round_values, time_title
from mlipguide.report.tables.series import series_of

MARKERS = "●▲■◆▼★○△□◇▽☆" + string.ascii_lowercase
CURVE_DOT = "·"


def terminal_plot(data: BenchData, *, width: int, height: int) -> str:
    """Return the plot in characters, without colours: a heading, the axes, and a legend.

    Args:
        data: What was measured and fitted.
        width: Columns; no line is longer.
        height: Lines of the plot, its heading and axes included; the legend comes on top of that.
    """
    import plotext

    series = series_of(data)
    curves = [one.curve for one in series]
    points = [(item.atoms, item.step_time_s.value) for one in series for item in one.measurements]
    points += [(point.atoms, point.step_time_s.value) for curve in curves for point in curve]
    atoms, times_s = [float(count) for count, _ in points], [time_s for _, time_s in points]
    plotext.clear_figure()  # the package has but one
    plotext.limit_size(False, False)  # the caller knows the width, and a pipe has none
    plotext.plot_size(width, height - 1)
    plotext.theme("clear")
    for curve in curves:  # the dots first, so that no marker is hidden by another model's
        plotext.scatter(*_logarithms((point.atoms, point.step_time_s.value) for point in curve), marker=CURVE_DOT)
    for one, marker in zip(series, _markers(), strict=False):
        plotext.scatter(*_logarithms((item.atoms, item.step_time_s.value) for item in one.measurements), marker=marker)
    ticks, time_ticks = round_values(min(atoms), max(atoms)), round_values(min(times_s), max(times_s))
    plotext.xticks([math.log10(tick) for tick in ticks], [f"{tick:,.0f}" for tick in ticks])
    plotext.yticks([math.log10(tick) for tick in time_ticks], [duration(tick) for tick in time_ticks])
    plotext.xlabel("Atoms")
    drawn: str = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    legend = [f"{marker} {one.label}" for one, marker in zip(series, _markers(), strict=False)]
    if any(curves):
        legend.append(f"{CURVE_DOT} fitted")
    return "\n".join([time_title(data), *(line.rstrip() for line in drawn.splitlines()), *_wrapped(legend, width)])


def save_plot(data: BenchData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    from mlipguide.report.figures.scaling_figure import rendered

    write_picture(path, partial(rendered, data))


def _markers() -> Iterator[str]:
    return itertools.cycle(MARKERS)


def _logarithms(points: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    known = list(points)
    return [math.log10(first) for first, _ in known], [math.log10(second) for _, second in known]


def _wrapped(entries: Sequence[str], width: int) -> list[str]:
    """Return the entries of a legend in lines of at most ``width``, none broken that fits a line."""
    joined = "   ".join(entry.replace(" ", "\N{NO-BREAK SPACE}") for entry in entries)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(joined, width)]
