"""``mlipguide recommend --details``: answer, machine, task, all models, why, plan, strategies, caveats, commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.advice.advice import Candidate, Caveat, PlanStep, Recommendation
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.hardware_table import answers_table, shown_models
from mlipguide.report.tables.series import differing, settings_words
from mlipguide.report.tables.strategies_table import strategies_table
from mlipguide.report.words.answer_words import answer_line
from mlipguide.report.words.axis_words import axis_cell, axis_legend, axis_title
from mlipguide.report.words.command_lines import command_line
from mlipguide.report.words.formatting import LEGEND, VERDICT_STYLES, estimated, spread
from mlipguide.report.words.rejection_lines import rulings
from mlipguide.report.words.task_words import task_line

UNBOUNDED = 10_000
UNTIMED_SHOWN = 12
"""Rows where nothing was timed."""


def recommend_details(answer: Recommendation, console: Console) -> RenderableType:
    """Return the page, laid out for the width of ``console``."""
    parts: list[RenderableType] = [
        answer_line(answer),
        Text(""),
        _facts(answer),
        Text(""),
        answers_table(answer.hardware, answer.accuracy_axis, console)
        if answer.hardware
        else candidates_table(answer, console),
        _legend(answer),
    ]
    considered = answer.candidates
    if answer.hardware:
        considered = tuple(shown_models(answer.hardware[0]))
    parts += _section("Why", answer.reasons)
    parts += _plan(answer)
    if answer.strategies is not None:
        parts += [Text(""), Text("Strategies", style="bold"), strategies_table(answer.strategies, console)]
    parts += _section("Ruled out or in doubt", rulings(considered, answer.task))
    parts += _section("Keep in mind", [_caveat(caveat) for caveat in answer.caveats])
    if answer.next_commands:
        parts += [Text(""), Text("Next", style="bold")]
        parts += map(command_line, answer.next_commands)
    return Group(*parts)


def candidates_table(answer: Recommendation, console: Console) -> Table:
    """Return the table of candidates, best first: with all columns where they fit, else with those that decide."""
    full = _table(answer, wide=True)
    unbounded = console.options.update(max_width=UNBOUNDED)
    fits = console.measure(full, options=unbounded).maximum <= console.width
    return full if fits else _table(answer, wide=False)


def _table(answer: Recommendation, *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1) if wide else (0, 1, 0, 0), header_style="bold")
    table.add_column("Model", no_wrap=True)
    table.add_column("Step", justify="right", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True, style="dim")
    if wide:
        table.add_column("ns/day", justify="right", no_wrap=True)
    table.add_column("Run", justify="right", no_wrap=True)
    table.add_column("Memory", justify="right", no_wrap=True)
    if wide:
        table.add_column("Fits up to", justify="right", no_wrap=True)
        table.add_column("In time up to", justify="right", no_wrap=True)
    table.add_column(axis_title(answer.accuracy_axis), justify="right", no_wrap=True)
    if wide:
        table.add_column("Commercial", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    timed = [candidate for candidate in answer.candidates if candidate.step_time_s is not None]
    startable = [candidate for candidate in answer.candidates if candidate.environment is not None]
    for candidate in timed or (startable or answer.candidates)[:UNTIMED_SHOWN]:
        table.add_row(*_row(candidate, answer, wide=wide))
    return table


def _row(candidate: Candidate, answer: Recommendation, *, wide: bool) -> list[str | Text]:
    chosen = candidate.model == answer.choice
    name = Text(("▸ " if chosen else "  ") + candidate.model, style="bold" if chosen else "")
    if candidate.weights is Weights.SYNTHETIC:
        name.append(" *", style="magenta")
    cells: list[str | Text] = [
        name,
        estimated(candidate.step_time_s, duration),
        spread(candidate.step_time_s),
    ]
    if wide:
        cells.append(estimated(candidate.ns_per_day, number))
    cells += [estimated(candidate.run_time_s, duration), estimated(candidate.peak_memory_bytes, memory)]
    if wide:
        cells.append(estimated(candidate.max_atoms, lambda atoms: f"{atoms:,.0f}"))
        cells.append(estimated(candidate.affordable_atoms, lambda atoms: f"{atoms:,.0f}"))
    cells.append(axis_cell(candidate, answer.accuracy_axis))
    if wide:
        cells.append(candidate.license.commercial.value)
    cells.append(Text(_verdict_words(candidate, wide=wide), style=VERDICT_STYLES[candidate.verdict]))
    return cells


def _verdict_words(candidate: Candidate, *, wide: bool) -> str:
    if not candidate.rejections:
        return candidate.verdict.value
    if not wide:
        return "no"
    return "no: " + ", ".join(rejection.constraint for rejection in candidate.rejections)


def _facts(answer: Recommendation) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    if answer.hardware:
        table.add_row("Hardware", ", ".join(one.profile.name for one in answer.hardware))
        table.add_row("Measured on", machine_line(answer.machine))
    else:
        table.add_row("Machine", machine_line(answer.machine))
    table.add_row("Task", task_line(answer.task))
    if not answer.hardware and (words := _settings(answer.candidates)):
        table.add_row("Settings", words)
    return table


def _settings(candidates: Sequence[Candidate]) -> str:
    """Return the settings that most models ran with, and of the others in what they differ; empty without any."""
    known = {one.model: one.settings for one in candidates if one.settings is not None}
    if not known:
        return ""
    ((usual, _),) = Counter(known.values()).most_common(1)
    others = (
        f"{model}: {settings_words(settings, differing([usual, settings]))}"
        for model, settings in known.items()
        if settings != usual
    )
    return "; ".join([settings_words(usual), *others])


def _plan(answer: Recommendation) -> list[RenderableType]:
    """Return the steps, each with its time and the command that it takes, and what there is to know of the script."""
    parts: list[RenderableType] = [Text(""), Text("Plan", style="bold")] if answer.plan or answer.script else []
    for position, step in enumerate(answer.plan, start=1):
        parts.append(_item(f"{position}.", step.action + _time_words(step)))
        if step.command is not None:
            parts.append(command_line(step.command))
    if answer.script is not None:
        script = answer.script
        written = f"Written: {', '.join(script.files)}. {script.remark}"
        parts.append(_item(f"{len(answer.plan) + 1}.", written))
    return parts


def _time_words(step: PlanStep) -> str:
    if step.wall_time_s is None:
        return ""
    return f" [{' '.join(filter(None, (estimated(step.wall_time_s, duration), spread(step.wall_time_s))))}]"


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    """Return a titled list; nothing where it is empty."""
    return [Text(""), Text(title, style="bold"), *(_item("·", line) for line in lines)] if lines else []


def _caveat(caveat: Caveat) -> str:
    """Return what to keep in mind, what it stands on, and the command that says more."""
    return f"{caveat.message} ({caveat.source}; mlipguide explain {caveat.topic})"


def _legend(answer: Recommendation) -> Text:
    lines = [*([] if answer.hardware else [LEGEND]), axis_legend(answer.accuracy_axis)]
    if not answer.task.workload.is_exact:
        lines.append("? rests on a number of evaluations that is assumed from practice.")
    if any(candidate.weights is Weights.SYNTHETIC for candidate in answer.candidates):
        lines.append("* timed with random weights in the published architecture.")
    return Text("\n".join(lines), style="dim")


def _item(mark: str, text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=len(mark))
    grid.add_column(overflow="fold")
    grid.add_row(mark, Text(text))
    return Padding(grid, (0, 0, 0, 0))
