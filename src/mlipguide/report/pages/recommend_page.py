"""The answer of ``mlipguide recommend`` on one screen: what to do first, then the commands, then what it rests on.

Everything else stands on the page of ``--details``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.advice.assumptions import assumed_options
from mlipguide.advice.caveats import most_important
from mlipguide.core.readable import memory
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.notice import Notice
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.tables.choice_rows import MOST_ROWS, choice_rows, strategy_row
from mlipguide.report.tables.choice_table import choice_table, table_legend
from mlipguide.report.tables.series import settings_words
from mlipguide.report.words.answer_words import DISTURBED, answer_line, disturbance_words, is_open
from mlipguide.report.words.caution_lines import caution_line
from mlipguide.report.words.command_lines import command_line
from mlipguide.report.words.engine_words import engine_words
from mlipguide.report.words.task_words import task_summary

MOST_LINES = 30
MOST_COMMANDS = 3
MOST_CAUTIONS = 3
FEWEST_ROWS = 2
ON_THE_PAGE = frozenset({"assumed", "derived_needs"})
"""Kinds of notices that the page tells itself."""


def recommend_page(answer: Recommendation, console: Console, notices: Sequence[Notice] = ()) -> RenderableType:
    """Return the page, laid out for the width of ``console``; at most 30 lines where that is 100 characters or more.

    Args:
        answer: The answer.
        console: For its width.
        notices: That came with it; those of a disturbed machine become one line.
    """
    sizes = [(rows, MOST_CAUTIONS) for rows in range(MOST_ROWS, FEWEST_ROWS, -1)]
    sizes += [(FEWEST_ROWS, cautions) for cautions in range(MOST_CAUTIONS, -1, -1)]
    for rows, cautions in sizes:
        page = Group(*_parts(answer, console, notices, rows=rows, cautions=cautions))
        if len(console.render_lines(page, pad=False)) <= MOST_LINES:
            break
    return page


def told_beside(answer: Recommendation, notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the notices to print beside the page: without those it tells, and one of a disturbed machine."""
    words = disturbance_words(answer, notices)
    message = f"The machine was disturbed while models were timed; {words}."
    disturbed = () if words is None else (Notice("noisy_machine", message),)
    others = (one for one in notices if one.kind not in ON_THE_PAGE and one.kind not in DISTURBED)
    return (*others, *disturbed)


def commands_now(answer: Recommendation) -> tuple[str, ...]:
    """Return the commands to type now, in order: the script's, those of the plan, else what to ask or to build next."""
    if answer.script is not None:
        return (answer.script.command,)
    planned = [step.command for step in answer.plan if step.command is not None and not is_open(answer)]
    return tuple(planned or answer.next_commands)[:MOST_COMMANDS]


def _parts(
    answer: Recommendation, console: Console, notices: Sequence[Notice], *, rows: int, cautions: int
) -> Iterator[RenderableType]:
    yield answer_line(answer)
    commands = commands_now(answer)
    if commands:
        yield Text("")
        yield from map(command_line, commands)
    yield Text("")
    yield _grid(facts(answer, notices))
    shown = choice_rows(answer, rows - (strategy_row(answer) is not None))
    if shown:
        yield Text("")
        yield choice_table(answer, shown, console)
        yield Text(table_legend(answer, shown), style="dim")
    chosen = most_important(answer.caveats, answer.task, cautions)
    if chosen:
        yield Text("")
        yield _grid([("" if position else "Caution", caution_line(one)) for position, one in enumerate(chosen)])
    yield Text("")
    yield Text("More: --details, --why MODEL, mlipguide explain TOPIC", style="dim")


def facts(answer: Recommendation, notices: Sequence[Notice]) -> Iterator[tuple[str, str]]:
    """Yield task, machine and what was assumed, each with its label."""
    if answer.script is not None:
        yield "Written", f"{', '.join(answer.script.files)}. {answer.script.remark}"
    yield "Task", task_summary(answer.task)
    if answer.hardware:
        names = [_hardware(one.profile) if len(answer.hardware) == 1 else one.profile.name for one in answer.hardware]
        yield "Hardware", f"{', '.join(names)}; not timed: carried over from other timings"
        chosen = next((one for one in answer.hardware[0].candidates if one.model == answer.hardware[0].choice), None)
        engine = None if chosen is None else engine_words(chosen)
        if engine is not None:
            yield "Engine", engine
    else:
        yield "Machine", "; ".join((machine_line(answer.machine), *_timed_with(answer)))
    assumed = [" ".join(assumed_options(answer.task))] if answer.task.assumed else []
    if answer.task.derived_needs:
        needs = ", ".join(one.need.value for one in answer.task.derived_needs)
        assumed.append(f"suggested by the structure: {needs}")
    if assumed:
        yield "Assumed", "; ".join(assumed)
    disturbed = disturbance_words(answer, notices)
    if disturbed is not None:
        yield "Timing", f"on a disturbed machine; {disturbed}"


def _timed_with(answer: Recommendation) -> list[str]:
    """Return the settings of the choice, else those that most models were timed with."""
    known = {one.model: one.settings for one in answer.candidates if one.settings is not None}
    if not known:
        return []
    ((usual, _),) = Counter(known.values()).most_common(1)
    settings = known.get(answer.choice or "", usual)
    return [f"timed with {settings_words(settings, ('threads', 'dtype'))}"]


def _hardware(profile: HardwareProfile) -> str:
    size = profile.usable_memory_bytes
    each = "" if size is None else f", {memory(size.value)} usable{' each' if profile.count > 1 else ''}"
    return f"{profile.name} ({profile.device.name}{each})"


def _grid(rows: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, words in rows:
        grid.add_row(label, Text(words))
    return grid
