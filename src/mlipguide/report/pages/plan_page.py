"""The answer of ``mlipguide plan`` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.plan import HardwareOption, HardwarePlan
from mlipguide.records.timing.published import PublishedTiming
from mlipguide.report.pages.page_parts import DETAILS, Step, conclusion, next_steps, notes, section
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.tables.hardware_table import cost_columns, elsewhere_legend, verdict_words
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import with_interval
from mlipguide.report.words.task_words import run_words

SHOWN, SHOWN_SHORT = 25, 10
"""Rows with ``--details``, and without."""
MOST_CHANGES = 3
NOTE = (
    "Memory: of one device. Limit: what is nearer to its limit, or further beyond. Feasible: the whole interval is "
    "within budget and memory."
)
SCALING_NOTE = "Scaling: efficiency against one device in the same code, with all atoms and with its share of them."


def plan_page(data: HardwarePlan, console: Console, *, given: str = STRUCTURE, details: bool = False) -> RenderableType:
    """Return the page: what would do, the task, a row for each device, what would change it.

    Args:
        data: The answer.
        console: Its width decides on the columns.
        given: The structure as it was given, for the next commands.
        details: More devices, what others published, every change.
    """
    task, options = data.task, data.options[: SHOWN if details else SHOWN_SHORT]
    candidates = [option.candidate for option in options]
    scaling = tuple(map(_efficiency, options))
    columns = [
        Column(title="Hardware", cells=tuple(option.profile.name for option in options), rank=0),
        *cost_columns(candidates),
        *([Column(title="Scaling", cells=scaling, rank=6, right=True)] if any(scaling) else []),
        Column(title="Limit", cells=tuple(map(_limit, options)), rank=3),
        Column(title="Verdict", cells=tuple(map(verdict_words, candidates)), rank=0),
    ]
    table, dropped = fitted_table(columns, console.width)
    head = (
        f"{data.model}: {task.atoms:,} atoms of {task.structure.reduced_formula}, {run_words(task)}, within "
        f"{duration(task.budget_s)}"
    )
    parts: list[RenderableType] = [_headline(data), Text(""), Text(head), Text(""), table]
    parts += notes(_legend(data, dropped, shown=len(options), details=details))
    if data.published and details:
        parts += [Text(""), *_published(data.published[:SHOWN], console)]
    parts += section("What would change it", data.changes if details else data.changes[:MOST_CHANGES])
    published = f", {len(data.published)} published timings of this model" if data.published else ""
    hidden = f"more devices, all changes{published}"
    return Group(*parts, *next_steps(_next(data, given), console, hidden=hidden, details=details))


def _next(data: HardwarePlan, given: str) -> list[Step]:
    task = data.task
    named = data.smallest or tuple(option.profile.name for option in data.options[:1])
    if task.simulated_time_s is None or not named:
        return []
    length = simulated_time(task.simulated_time_s).replace(" ", "")
    words = f"--atoms {task.atoms} --time {length} --budget {task.budget_s / 3600:g}h"
    return [
        Step(
            f"mlipguide recommend {given} {words} --hardware {','.join(named[:2])}",
            "which model to run there, this one or another",
        )
    ]


def _published(timings: Sequence[PublishedTiming], console: Console) -> tuple[RenderableType, ...]:
    """Return what others measured, as it was published: their structure may be another one."""
    columns = [
        Column(title="Hardware", cells=tuple(_hardware(one) for one in timings), rank=0),
        Column(
            title="Atoms",
            cells=tuple("" if one.atoms is None else f"{one.atoms:,}" for one in timings),
            rank=0,
            right=True,
        ),
        Column(title="Step", cells=tuple(duration(one.step_time_s or 0.0) for one in timings), rank=0, right=True),
        Column(title="Through", cells=tuple(one.code for one in timings), rank=0),
        Column(title="Structure", cells=tuple(one.system or "not stated" for one in timings), rank=1),
        Column(title="Source", cells=tuple(one.source for one in timings), rank=2),
    ]
    table, _ = fitted_table(columns, console.width)
    return Text("Published for this model", style="bold"), table


def _hardware(one: PublishedTiming) -> str:
    return str(one.device) if one.devices == 1 else f"{one.devices}x{one.device}"


def _efficiency(option: HardwareOption) -> str:
    if option.efficiency is None or option.weak_efficiency is None:
        return ""
    return f"{option.efficiency:.0%}, {option.weak_efficiency:.0%}"


def _limit(option: HardwareOption) -> str:
    return "–" if option.bottleneck is None else option.bottleneck.value


def _headline(data: HardwarePlan) -> Text:
    doing = [option for option in data.options if option.candidate.verdict is Verdict.FEASIBLE]
    if not doing:
        sentence = f"Of the {len(data.options)} kinds of hardware considered, none is sure to do."
        nearest = next((one for one in data.options if one.candidate.run_time_s is not None), None)
        if nearest is not None and nearest.candidate.run_time_s is not None:
            run_time = with_interval(nearest.candidate.run_time_s, duration)
            sentence += f" First in the table: {nearest.profile.name}, {run_time} for the run."
        return conclusion(sentence, style="bold red")
    cheapest = doing[0]
    cost, run_time_s = cheapest.candidate.run_cost, cheapest.candidate.run_time_s
    words = [] if run_time_s is None else [f"{with_interval(run_time_s, duration)} for the run"]
    words += [] if cost is None else [f"{with_interval(cost.device_hours, number)} device-hours"]
    few = f"Fewest device-hours: {', '.join([cheapest.profile.name, *words])}."
    return conclusion(f"Sure to be enough: {', '.join(data.smallest)}.", few, style="bold green")


def _legend(data: HardwarePlan, dropped: tuple[str, ...], *, shown: int, details: bool) -> list[str]:
    lines = [f"{elsewhere_legend(option.candidate for option in data.options)} {NOTE}"]
    if any(map(_efficiency, data.options[:shown])) and "Scaling" not in dropped:
        lines.append(SCALING_NOTE)
    left_out, where = len(data.options) - shown, "--json" if details else DETAILS
    more = [f"{left_out} more: {where}."] if left_out > 0 else []
    if dropped:
        more.append(f"Left out for want of width: {', '.join(dropped)}.")
    return [*lines, " ".join(more)]
