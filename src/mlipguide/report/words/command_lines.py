"""Commands on a page: never broken, so that they can be copied."""

from __future__ import annotations

from rich.text import Text


def command_line(command: str) -> Text:
    """Return a command on a line of its own, which stays one line however wide the page is."""
    return Text(f"  {command}", style="cyan", no_wrap=True, overflow="ignore")
