"""Print a result as a page or as JSON, and return the command's exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mlipguide.records.notice import Result


def emit(command: str, result: Result[Any], page: Callable[[Any, Console], RenderableType], *, as_json: bool) -> int:
    """Print ``result`` on stdout, and beside a page its notices and failures on stderr.

    Args:
        command: Name of the command, for the JSON document.
        result: What the workflow returned.
        page: Lays the data out for a console.
        as_json: Print the JSON document instead.
    """
    if as_json:
        from mlipguide.report.envelope import render_result

        sys.stdout.write(render_result(command, result) + "\n")
        return int(result.exit_code)
    from mlipguide.report.console import output_console
    from mlipguide.report.messages import show_notices, show_problems

    console = output_console()
    console.print(page(result.data, console))
    sys.stdout.flush()
    show_notices(result.notices)
    show_problems(result.errors)
    return int(result.exit_code)
