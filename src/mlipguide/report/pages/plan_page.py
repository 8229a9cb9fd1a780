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
CHANGES, PUBLISHED = "What would change it", "Published for this model"
SCALING_NOTE = "Scaling: efficiency against one device in the same code, with all atoms and with its share of them."


def plan_page(data: HardwarePlan, console: Console, *, given: str = STRUCTURE, details: bool = False) -> RenderableType:
    """Return the page: what would do, the task, a row for each device, what would change it.

    Args:
        data: The answer.
        console: Its width decides on the columns.
        given: The structure as it was given, for the next commands.
        details: More devices, what others published, every change.
    """
    options = data.options[: SHOWN if details else SHOWN_SHORT]
    table, dropped = fitted_table(hardware_columns(options), console.width)
    style = "bold green" if doing(data) else "bold red"
    parts: list[RenderableType] = [
        conclusion(*sentences(data), style=style),
        Text(""),
        Text(f"{data.model}: {asked(data)}"),
    ]
    parts += [Text(""), table, *notes(_legend(data, dropped, shown=len(options), details=details))]
    if data.published and details:
        parts += [Text(""), *_published(data.published[:SHOWN], console)]
    parts += section(CHANGES, data.changes if details else data.changes[:MOST_CHANGES])
    published = f", {len(data.published)} published timings of this model" if data.published else ""
    hidden = f"more devices, all changes{published}"
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def asked(data: HardwarePlan) -> str:
    """Return the run in a line."""
    task = data.task
    return (
        f"{task.atoms:,} atoms of {task.structure.reduced_formula}, {run_words(task)}, within {duration(task.budget_s)}"
    )


def hardware_columns(options: Sequence[HardwareOption]) -> list[Column]:
    """Return a row for each piece of hardware: what the run takes there, what limits it, and the verdict."""
    candidates = [option.candidate for option in options]
    scaling = tuple(map(_efficiency, options))
    orders = tuple(option.efficiency for option in options)
    return [
        Column(title="Hardware", cells=tuple(option.profile.name for option in options), rank=0),
        *cost_columns(candidates),
        *([Column(title="Scaling", cells=scaling, rank=6, right=True, orders=orders)] if any(scaling) else []),
        Column(title="Limit", cells=tuple(map(_limit, options)), rank=3),
        Column(title="Verdict", cells=tuple(map(verdict_words, candidates)), rank=0),
    ]


def what_next(data: HardwarePlan, given: str) -> list[Step]:
    """Return how to ask which model to run there; nothing where no time is simulated."""
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
    table, _ = fitted_table(published_columns(timings), console.width)
    return Text(PUBLISHED, style="bold"), table


def published_columns(timings: Sequence[PublishedTiming]) -> list[Column]:
    """Return what others measured, as it was published: their structure may be another one."""
    atoms, steps = tuple(one.atoms for one in timings), tuple(one.step_time_s or 0.0 for one in timings)
    cells = tuple("" if one is None else f"{one:,}" for one in atoms)
    return [
        Column(title="Hardware", cells=tuple(_hardware(one) for one in timings), rank=0),
        Column(title="Atoms", cells=cells, rank=0, right=True, orders=atoms),
        Column(title="Step", cells=tuple(map(duration, steps)), rank=0, right=True, orders=steps),
        Column(title="Through", cells=tuple(one.code for one in timings), rank=0),
        Column(title="Structure", cells=tuple(one.system or "not stated" for one in timings), rank=1),
        Column(title="Source", cells=tuple(one.source for one in timings), rank=2),
    ]


def _hardware(one: PublishedTiming) -> str:
    return str(one.device) if one.devices == 1 else f"{one.devices}x{one.device}"


def _efficiency(option: HardwareOption) -> str:
    if option.efficiency is None or option.weak_efficiency is None:
        return ""
    return f"{option.efficiency:.0%}, {option.weak_efficiency:.0%}"


def _limit(option: HardwareOption) -> str:
    return "–" if option.bottleneck is None else option.bottleneck.value


def doing(data: HardwarePlan) -> list[HardwareOption]:
    """Return the hardware that is sure to do."""
    return [option for option in data.options if option.candidate.verdict is Verdict.FEASIBLE]


def sentences(data: HardwarePlan) -> tuple[str, ...]:
    """Return what is sure to be enough, and what takes the fewest device-hours; else what comes nearest."""
    sure = doing(data)
    if not sure:
        sentence = f"Of the {len(data.options)} kinds of hardware considered, none is sure to do."
        nearest = next((one for one in data.options if one.candidate.run_time_s is not None), None)
        if nearest is not None and nearest.candidate.run_time_s is not None:
            run_time = with_interval(nearest.candidate.run_time_s, duration)
            return sentence, f"First in the table: {nearest.profile.name}, {run_time} for the run."
        return (sentence,)
    cheapest = sure[0]
    cost, run_time_s = cheapest.candidate.run_cost, cheapest.candidate.run_time_s
    words = [] if run_time_s is None else [f"{with_interval(run_time_s, duration)} for the run"]
    words += [] if cost is None else [f"{with_interval(cost.device_hours, number)} device-hours"]
    few = f"Fewest device-hours: {', '.join([cheapest.profile.name, *words])}."
    return f"Sure to be enough: {', '.join(data.smallest)}.", few


def table_notes(options: Sequence[HardwareOption]) -> list[str]:
    """Return what marks and columns of the table of hardware mean."""
    lines = [f"{elsewhere_legend(option.candidate for option in options)} {NOTE}"]
    return [*lines, SCALING_NOTE] if any(map(_efficiency, options)) else lines


def _legend(data: HardwarePlan, dropped: tuple[str, ...], *, shown: int, details: bool) -> list[str]:
    lines = table_notes(data.options)
    if not any(map(_efficiency, data.options[:shown])) or "Scaling" in dropped:
        lines = [line for line in lines if line != SCALING_NOTE]
    left_out, where = len(data.options) - shown, "--json" if details else DETAILS
    more = [f"{left_out} more: {where}."] if left_out > 0 else []
    if dropped:
        more.append(f"Left out for want of width: {', '.join(dropped)}.")
    return [*lines, " ".join(more)]
