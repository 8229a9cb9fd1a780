"""Time against atoms in characters, both logarithmic: points with a marker for each series, their laws as dots.

It is drawn by plotext 5, which is plain Python; its version 6 brings a compiled part.
"""

from __future__ import annotations

import itertools
import math
import string
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlipguide.core.readable import duration
from mlipguide.report.figures.style import round_values

TERMINAL_MARKERS = "●▲■◆▼★○△□◇▽☆" + string.ascii_lowercase
CURVE_DOT = "·"
FRAME = 2
"""Columns of the two lines beside the points."""
Points = Sequence[tuple[int, float]]
"""Pairs of atoms and seconds."""


@dataclass(frozen=True, kw_only=True)
class CharacterSeries:
    """What is drawn with one marker.

    Attributes:
        label: Its name in the legend.
        points: Drawn with its marker.
        curve: Drawn as dots.
    """

    label: str
    points: Points
    curve: Points = ()


def character_plot(
    title: str, series: Sequence[CharacterSeries], *, width: int, height: int, dots: str = "fitted"
) -> str:
    """Return the plot in characters, without colours: a heading, the axes, and a legend.

    Args:
        title: The heading.
        series: At least one point or dot in all.
        width: Columns; no line is longer.
        height: Lines of the plot, its heading and axes included; the legend comes on top of that.
        dots: What a dot is.
    """
    import plotext

    drawn = [point for one in series for point in (*one.points, *one.curve)]
    atoms, times_s = [float(count) for count, _ in drawn], [time_s for _, time_s in drawn]
    plotext.clear_figure()  # the package has but one
    plotext.limit_size(False, False)  # the caller knows the width, and a pipe has none
    plotext.plot_size(width, height - 1)
    plotext.theme("clear")
    for one in series:  # the dots first, so that no marker is hidden by another model's
        plotext.scatter(*_logarithms(one.curve), marker=CURVE_DOT)
    for one, marker in zip(series, _markers(), strict=False):
        plotext.scatter(*_logarithms(one.points), marker=marker)
    ticks, time_ticks = round_values(min(atoms), max(atoms)), round_values(min(times_s), max(times_s))
    columns = width - max(len(duration(tick)) for tick in time_ticks) - FRAME
    ticks = _apart(ticks, (min(atoms), max(atoms)), columns)
    plotext.xticks([math.log10(tick) for tick in ticks], [f"{tick:,.0f}" for tick in ticks])
    plotext.yticks([math.log10(tick) for tick in time_ticks], [duration(tick) for tick in time_ticks])
    plotext.xlabel("Atoms")
    lines: list[str] = plotext.uncolorize(plotext.build()).splitlines()
    plotext.clear_figure()
    legend = [f"{marker} {one.label}" for one, marker in zip(series, _markers(), strict=False)]
    if any(one.curve for one in series):
        legend.append(f"{CURVE_DOT} {dots}")
    return "\n".join([title, *(line.rstrip() for line in lines), *_wrapped(legend, width)])


def _apart(ticks: Sequence[float], ends: tuple[float, float], columns: int) -> list[float]:
    """Return the ticks without those whose labels would touch: which of two is left out, plotext leaves to chance."""
    low, high = map(math.log10, ends)
    kept: list[float] = []
    free = -math.inf
    for tick in ticks:
        half = len(f"{tick:,.0f}") / 2
        place = columns * (math.log10(tick) - low) / (high - low) if high > low else 0.0
        if place - half > free:
            kept.append(tick)
            free = place + half + 1
    return kept


def _markers() -> Iterator[str]:
    return itertools.cycle(TERMINAL_MARKERS)


def _logarithms(points: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    known = list(points)
    return [math.log10(first) for first, _ in known], [math.log10(second) for _, second in known]


def _wrapped(entries: Sequence[str], width: int) -> list[str]:
    """Return the entries of a legend in lines of at most ``width``, none broken that fits a line."""
    joined = "   ".join(entry.replace(" ", "\N{NO-BREAK SPACE}") for entry in entries)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(joined, width)]
