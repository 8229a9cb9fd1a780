"""Notices and errors on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from mlipguide.core.errors import MlipguideError
from mlipguide.records.notice import Notice, Problem
from mlipguide.report.console import message_console


def show_error(error: MlipguideError) -> None:
    """Print what happened and what to do."""
    _show("Error:", error.message, error.hint)


def show_problems(problems: Sequence[Problem]) -> None:
    """Print the parts that failed while the rest went on."""
    for problem in problems:
        _show("Failed:", problem.message, problem.hint)


def show_notices(notices: Sequence[Notice]) -> None:
    """Print what is worth knowing beside the result."""
    console = message_console()
    for notice in notices:
        console.print(f"[yellow]Note:[/] {escape(notice.message)}")


def _show(label: str, message: str, hint: str) -> None:
    console = message_console()
    console.print(f"[bold red]{label}[/] {escape(message)}")
    if hint:
        console.print(f"  {escape(hint)}")
