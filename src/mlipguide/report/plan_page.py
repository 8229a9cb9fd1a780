"""The answer of ``mlipguide plan`` in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number, simulated_time
from mlipguide.records.advice import Verdict
from mlipguide.records.plan import HardwareOption, HardwarePlan
from mlipguide.report.formatting import estimated, spread
from mlipguide.report.hardware_table import ELSEWHERE_LEGEND, VERDICT_STYLES, cost_words

SHOWN = 30


def plan_page(data: HardwarePlan, _console: Console) -> RenderableType:
    """Return the page: the task, a row for each device, what would do, what would change it."""
    task = data.task
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("Hardware", "Step", "", "Run", "", "Memory", "", "Efficiency", "Cost", "Limit", "Verdict"):
        table.add_column(title, no_wrap=True, justify="left" if title in ("Hardware", "Verdict", "") else "right")
    for option in data.options[:SHOWN]:
        candidate = option.candidate
        table.add_row(
            option.profile.name,
            estimated(candidate.step_time_s, duration),
            Text(spread(candidate.step_time_s), style="dim"),
            estimated(candidate.run_time_s, duration),
            Text(spread(candidate.run_time_s), style="dim"),
            estimated(candidate.peak_memory_bytes, memory),
            Text(spread(candidate.peak_memory_bytes), style="dim"),
            "" if option.efficiency is None else f"{option.efficiency:.0%}",
            cost_words(candidate),
            "–" if option.bottleneck is None else option.bottleneck.value,
            Text(candidate.verdict.value, style=VERDICT_STYLES[candidate.verdict]),
        )
    head = Text.assemble(
        (data.model, "bold"),
        f": {task.atoms:,} atoms of {task.structure.reduced_formula}, {simulated_time(task.simulated_time_s)} in steps "
        f"of {simulated_time(task.timestep_s)} ({task.steps:,} steps), within {duration(task.budget_s)}",
    )
    parts: list[RenderableType] = [head, Text(""), table, Text(_legend(data), style="dim"), Text(""), _headline(data)]
    if data.changes:
        parts += [Text(""), Text("What would change it", style="bold"), *(Text(f"· {line}") for line in data.changes)]
    return Group(*parts)


def _headline(data: HardwarePlan) -> Text:
    doing = [option for option in data.options if option.candidate.verdict is Verdict.FEASIBLE]
    if not doing:
        return Text(f"Of the {len(data.options)} kinds of hardware considered, none surely would do.", style="bold red")
    cheapest = doing[0]
    names = ", ".join(data.smallest)
    hours = cheapest.candidate.run_cost
    words = "" if hours is None else f", {number(hours.device_hours.value)} device-hours"
    return Text.assemble(
        (f"It would do: {names}. ", "bold green"), f"Fewest device-hours: {cheapest.profile.name}{words}."
    )


def _legend(data: HardwarePlan) -> str:
    lines = [ELSEWHERE_LEGEND, "Memory is that of one device; Limit: what is nearer to its limit, or further beyond."]
    if len(data.options) > SHOWN:
        lines.append(f"{len(data.options) - SHOWN} more in --json.")
    if any(_has_interval(option) for option in data.options):
        lines.append("Feasible: the whole interval is within budget and memory.")
    return "\n".join(lines)


def _has_interval(option: HardwareOption) -> bool:
    estimate = option.candidate.step_time_s
    return estimate is not None and estimate.high is not None
