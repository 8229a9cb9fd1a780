"""The answer of ``mlipguide plan`` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.plan import HardwareOption, HardwarePlan
from mlipguide.records.timing.published import PublishedTiming
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.tables.hardware_table import ELSEWHERE_LEGEND, cost_columns, verdict_words
from mlipguide.report.words.task_words import run_words

SHOWN = 25
NOTE = (
    "Memory is that of one device. Limit: what is nearer to its limit, or further beyond. Scaling: efficiency against "
    "one device in the same code, with all atoms (strong) and with its share of them (weak). Feasible: the whole "
    "interval is within budget and memory."
)


def plan_page(data: HardwarePlan, console: Console) -> RenderableType:
    """Return the page: the task, a row for each device, what would do, what would change it."""
    task, options = data.task, data.options[:SHOWN]
    candidates = [option.candidate for option in options]
    columns = [
        Column(title="Hardware", cells=tuple(option.profile.name for option in options), rank=0),
        *cost_columns(candidates),
        Column(title="Scaling", cells=tuple(map(_efficiency, options)), rank=6, right=True),
        Column(title="Limit", cells=tuple(map(_limit, options)), rank=3),
        Column(title="Verdict", cells=tuple(map(verdict_words, candidates)), rank=0),
    ]
    table, dropped = fitted_table(columns, console.width)
    head = Text.assemble(
        (data.model, "bold"),
        f": {task.atoms:,} atoms of {task.structure.reduced_formula}, {run_words(task)}, within "
        f"{duration(task.budget_s)}",
    )
    legend = Text("\n".join(_legend(data, dropped)), style="dim")
    parts: list[RenderableType] = [head, Text(""), table, legend, Text(""), _headline(data)]
    if data.published:
        parts += [Text(""), *_published(data.published[:SHOWN], console)]
    if data.changes:
        parts += [Text(""), Text("What would change it", style="bold"), *(Text(f"· {line}") for line in data.changes)]
    return Group(*parts)


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
        return Text(f"Of the {len(data.options)} kinds of hardware considered, none surely would do.", style="bold red")
    cheapest = doing[0]
    cost = cheapest.candidate.run_cost
    words = "" if cost is None else f", {cost.device_hours.told(number)} device-hours"
    return Text.assemble(
        (f"Surely enough: {', '.join(data.smallest)}. ", "bold green"),
        f"Fewest device-hours: {cheapest.profile.name}{words}.",
    )


def _legend(data: HardwarePlan, dropped: tuple[str, ...]) -> list[str]:
    lines = [
        ELSEWHERE_LEGEND,
        NOTE,
    ]
    if len(data.options) > SHOWN:
        lines.append(f"{len(data.options) - SHOWN} more in --json.")
    if dropped:
        lines.append(f"Left out for want of width: {', '.join(dropped)}.")
    return lines
