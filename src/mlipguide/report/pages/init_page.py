"""The answer of ``mlipguide init``: what was written, and the command that reads it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from mlipguide.records.task.task_file import TaskFile
from mlipguide.report.pages.page_parts import conclusion
from mlipguide.report.words.command_lines import command_line


def init_page(data: TaskFile) -> RenderableType:
    """Return the page."""
    keys = f"It explains {len(data.keys)} keys; all but the structure are comments."
    return Group(
        conclusion(f"{data.path} holds a task for {data.formula}, {data.atoms:,} atoms.", keys),
        Text(""),
        command_line(data.command),
    )
