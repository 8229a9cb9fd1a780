"""What every page is made of: the conclusion first, then sections, then the commands to type, whole on their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

INDENT = "  "
DETAILS = "--details"


@dataclass(frozen=True)
class Step:
    """A command to type, and what it is for."""

    command: str
    purpose: str = ""


def conclusion(*sentences: str, style: str = "bold") -> Text:
    """Return what a reader acts on; it stands first on its page."""
    return Text(" ".join(filter(None, sentences)), style=style)


def section(title: str, lines: Sequence[str | Text], *, mark: str = "·") -> list[RenderableType]:
    """Return a title with lines below it, wrapped under themselves; nothing where there are none."""
    return [Text(""), Text(title, style="bold"), marked_lines(lines, mark=mark)] if lines else []


def marked_lines(lines: Sequence[str | Text], *, mark: str = "·") -> Table:
    """Return lines with a mark before each, wrapped under themselves."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row(mark, Text(line) if isinstance(line, str) else line)
    return grid


def facts_grid(rows: Sequence[tuple[str, str]]) -> Table:
    """Return names in bold, each with what is known of it, wrapped beside it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, Text(value))
    return grid


def plain_table(first: str, *others: str, gap: int = 2) -> Table:
    """Return a table without lines: the first column words, the others figures, none of them broken."""
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def notes(lines: Sequence[str]) -> list[RenderableType]:
    """Return what stands in small print below a table."""
    return [Text(line, style="dim") for line in lines if line]


def next_steps(steps: Sequence[Step], console: Console, *, hidden: str = "", details: bool = False) -> list[Text]:
    """Return the commands to type, and where the rest is.

    Args:
        steps: In the order in which they make sense.
        console: Purposes stand above their commands where one does not fit beside its.
        hidden: What ``--details`` would add; empty where it adds nothing.
        details: Whether it was asked for already.
    """
    lines = [Text("")]
    if steps:
        lines.append(Text("Next", style="bold"))
    longest = max((cell_len(step.command) for step in steps), default=0)
    beside = all(cell_len(INDENT + _remark(step)) + longest <= console.width for step in steps)
    for step in steps:
        lines += _step_lines(step, longest if beside else None)
    if hidden and not details:
        lines.append(Text(f"More: {DETAILS} ({hidden}), --json.", style="dim"))
    return lines if len(lines) > 1 else []


def command_line(command: str) -> Text:
    """Return a command on one line, however long: a terminal wraps it, and copies it whole."""
    return Text(f"{INDENT}{command}", style="cyan", no_wrap=True, overflow="ignore")


def _remark(step: Step) -> str:
    return f"{INDENT}# {step.purpose}" if step.purpose else ""


def _step_lines(step: Step, width: int | None) -> list[Text]:
    """Return a command with its purpose: beside it from column ``width`` on, or on a line above."""
    line, remark = command_line(step.command), _remark(step)
    if not remark:
        return [line]
    if width is None:
        return [Text(remark, style="dim"), line]
    return [line.append(" " * (width - cell_len(step.command))).append(remark, style="dim")]
