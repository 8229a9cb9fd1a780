"""Print a result as a page or as JSON, and return the command's exit status; what becomes of a lost stdout."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlipguide.core.errors import StorageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mlipguide.records.notice import Result

OUTPUT_LOST = "output"
"""Kind of the error that the answer could not be written; nothing more is then printed on stdout."""


def emit(command: str, result: Result[Any], page: Callable[[Any, Console], RenderableType], *, as_json: bool) -> int:
    """Print ``result`` on stdout, and beside a page its notices and failures on stderr.

    Args:
        command: Name of the command, for the JSON document.
        result: What the workflow returned.
        page: Lays the data out for a console.
        as_json: Print the JSON document instead.

    Raises:
        StorageError: Kind ``output``: stdout cannot be written.
        BrokenPipeError: Nobody reads stdout any more.
    """
    return _emit(lambda: _print(command, result, page, as_json=as_json), result, as_json=as_json)


def emit_text(result: Result[Any], text: str) -> int:
    """Print a text on stdout, and the notices and failures of its result on stderr; see :func:`emit`."""
    return _emit(lambda: sys.stdout.write(text.rstrip("\n") + "\n"), result)


def _emit(write: Callable[[], object], result: Result[Any], *, as_json: bool = False) -> int:
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise StorageError(
            f"The answer cannot be written to stdout: {error.strerror}.",
            hint="Free the disk, or send the answer elsewhere; what was measured is kept.",
            kind=OUTPUT_LOST,
        ) from error
    if not as_json:
        from mlipguide.report.words.messages import show_notices, show_problems

        show_notices(result.notices)
        show_problems(result.errors)
    return int(result.exit_code)


def drop_output() -> None:
    """Send what is left for stdout nowhere, so that it does not fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def make_printable() -> None:
    """Let characters that the terminal's encoding lacks be replaced rather than end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _print(command: str, result: Result[Any], page: Callable[[Any, Console], RenderableType], *, as_json: bool) -> None:
    if as_json:
        from mlipguide.report.exports.envelope import render_result

        sys.stdout.write(render_result(command, result) + "\n")
        return
    from mlipguide.report.console import output_console

    console = output_console()
    console.print(page(result.data, console), crop=False)  # a long command is not cut: terminals wrap it
