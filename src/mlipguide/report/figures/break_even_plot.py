"""Time to solution against simulated time as a PNG or SVG file: one line a strategy, with its 90 % band.

The upright line is the task, the level one its budget; dots are where a trained potential begins to pay.
"""

from __future__ import annotations

import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.advice.prices.break_even import total_s
from mlipguide.core.errors import InputError
from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.strategy import StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task
from mlipguide.report.figures.picture_files import require_plottable, write_picture
from mlipguide.report.figures.style import (
    CAPTION_WIDTH,
    as_image,
    empty_figure,
    explain_legend,
    structure_title,
    write_caption,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    Strategy.PRETRAINED: "#0072B2",
    Strategy.FINE_TUNE: "#E69F00",
    Strategy.DISTIL: "#009E73",
    Strategy.TRAIN_FROM_SCRATCH: "#D55E00",
}
STYLES = {
    Strategy.PRETRAINED: "-",
    Strategy.FINE_TUNE: (0, (1, 1)),
    Strategy.DISTIL: "-",
    Strategy.TRAIN_FROM_SCRATCH: (0, (5, 2)),
}
POINTS = 121
DECADES_BELOW, DECADES_ABOVE = 4, 2
"""How far the axis reaches to either side of the task's simulated time."""
ROUND_TIMES_S = (1.0, 60.0, 3600.0, 86400.0, 864000.0, 31557600.0, 315576000.0, 31557600000.0, 31557600e5)
TIME_WORDS = ("1 s", "1 min", "1 h", "1 day", "10 days", "1 year", "10 years", "1,000 years", "100,000 years")


def drawable(table: StrategyTable) -> bool:
    """Tell whether any strategy has a total time."""
    return any(one.total_wall_time_s is not None for one in table.prices)


def rendered(table: StrategyTable, task: Task, form: str) -> bytes:
    """Return the picture.

    Args:
        table: The prices.
        task: What they are for.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(table, task), form)


def _figure(table: StrategyTable, task: Task) -> Figure:
    figure = empty_figure()
    axes = figure.subplots()
    task_time_s = _time_of(task)
    times = simulated_times(task_time_s, POINTS)
    for price in table.prices:
        _draw(axes, price, table, task, times)
    axes.set(xscale="log", yscale="log", xlim=(times[0], times[-1]))
    axes.axvline(task_time_s, color="0.55", linewidth=1, zorder=1)
    axes.axhline(task.budget_s, color="0.55", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate(
        f"budget of the run {duration(task.budget_s)}",
        (times[-1], task.budget_s),
        xytext=(-4, -12),
        textcoords="offset points",
        horizontalalignment="right",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        zorder=6,
        fontsize=9,
        color="0.35",
    )
    _mark_break_evens(axes, table, task, times)
    _dress(axes, times)
    _caption(axes, task)
    explain_legend(axes, "time to solution, with 90 % bands; ● begins to pay", loc="upper left")
    return figure


def simulated_times(task_time_s: float, points: int) -> list[float]:
    """Return so many simulated times around the task's, seconds, each by the same factor longer than the last."""
    span = DECADES_BELOW + DECADES_ABOVE
    return [task_time_s * 10.0 ** (-DECADES_BELOW + span * point / (points - 1)) for point in range(points)]


def _time_of(task: Task) -> float:
    assert task.simulated_time_s is not None, "only molecular dynamics has a break-even"
    return task.simulated_time_s


def _draw(axes: Axes, price: StrategyPrice, table: StrategyTable, task: Task, times: list[float]) -> None:
    totals = [total_s(price, _time_of(task), time) for time in times]
    known = [(time, total) for time, total in zip(times, totals, strict=True) if total is not None]
    if not known:
        return
    colour, leads = COLOURS[price.strategy], price.strategy is table.leading
    axes.plot(
        [time for time, _ in known],
        [total.value for _, total in known],
        color=colour,
        linestyle=STYLES[price.strategy],
        linewidth=2.6 if leads else 1.6,
        label=strategy_label(price),
        zorder=3,
    )
    band = [(time, total) for time, total in known if total.low is not None and total.high is not None]
    axes.fill_between(
        [time for time, _ in band],
        [total.low or total.value for _, total in band],
        [total.high or total.value for _, total in band],
        color=colour,
        alpha=0.13,
        linewidth=0,
        zorder=2,
    )


def strategy_label(price: StrategyPrice) -> str:
    """Return the name of a way with its model: ``distil of sevennet-0: pod``."""
    words = price.strategy.value.replace("-", " ")
    through = f" of {price.base}" if price.strategy is Strategy.DISTIL else ""
    return f"{words}{through}: {price.model}"


def _mark_break_evens(axes: Axes, table: StrategyTable, task: Task, times: list[float]) -> None:
    for one in table.break_evens:
        price, at = table.price(one.strategy), one.simulated_time_s.value
        if one.against is not Strategy.PRETRAINED or price is None or not times[0] < at < times[-1]:
            continue
        total: Estimate | None = total_s(price, _time_of(task), at)
        if total is not None:
            axes.plot(
                [at], [total.value], "o", color=COLOURS[one.strategy], markeredgecolor="white", markersize=8, zorder=5
            )
            axes.annotate(
                simulated_time(at),
                (at, total.value),
                xytext=(7, -13),
                textcoords="offset points",
                fontsize=9,
                color=COLOURS[one.strategy],
                zorder=5,
            )


def _dress(axes: Axes, times: list[float]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    decades = times[:: (POINTS - 1) // (DECADES_BELOW + DECADES_ABOVE)]
    axes.xaxis.set_major_locator(FixedLocator(decades))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: simulated_time(value)))
    axes.yaxis.set_major_locator(FixedLocator(list(ROUND_TIMES_S)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: TIME_WORDS[_nearest(value)]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())
        axis.label.set_fontsize(12)
    axes.set(xlabel="Simulated time", ylabel="Time to solution: labels, training and run")
    axes.grid(which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _nearest(value: float) -> int:
    return min(range(len(ROUND_TIMES_S)), key=lambda place: abs(ROUND_TIMES_S[place] - value))


def _caption(axes: Axes, task: Task) -> None:
    """Write above the plot what the task is."""
    words = (
        f"{task.atoms:,} atoms at {task.temperature_k:g} K in steps of {simulated_time(task.timestep_s)}; the upright "
        f"line is the task, {simulated_time(_time_of(task))}"
    )
    lines = textwrap.wrap(words, CAPTION_WIDTH)
    write_caption(axes, structure_title(task.structure), lines)


def save_break_even(answer: Recommendation, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known, or no strategy has a price.
        StorageError: It cannot be written.
    """
    require_plottable(path)
    if answer.task.simulated_time_s is None:
        raise InputError(
            f"There is nothing to draw into {path.name}: only molecular dynamics has a simulated time.",
            hint="Leave --plot out.",
        )
    if answer.strategies is None or not drawable(answer.strategies):
        raise InputError(
            f"There is nothing to draw into {path.name}: no strategy has a total time.",
            hint="Let a model be timed, or name one that knows the elements.",
        )
    strategies, task = answer.strategies, answer.task
    write_picture(path, partial(rendered, strategies, task))
