"""Notices and errors on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from mlipguide.core.errors import MlipguideError
from mlipguide.records.notice import Notice, Problem
from mlipguide.report.console import message_console


def show_error(error: MlipguideError) -> None:
    """Print what happened and what to do."""
    console = message_console()
    console.print(f"[bold red]Error:[/] {escape(error.message)}")
    if error.hint:
        console.print(f"  {escape(error.hint)}")


def show_problems(problems: Sequence[Problem]) -> None:
    """Print the parts that failed while the rest went on."""
    console = message_console()
    for problem in problems:
        console.print(f"[bold red]Failed:[/] {escape(problem.message)}")
        if problem.hint:
            console.print(f"  {escape(problem.hint)}")


def show_notices(notices: Sequence[Notice]) -> None:
    """Print what is worth knowing beside the result."""
    console = message_console()
    for notice in notices:
        console.print(f"[yellow]Note:[/] {escape(notice.message)}")
