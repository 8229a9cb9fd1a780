"""``mlipguide init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The task file [task.yaml].", show_default=False)] = Path(
        "task.yaml"
    ),
    *,
    structure: Annotated[
        Path | None, typer.Option("--structure", metavar="FILE", help="Your structure [a built-in one].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: options.Json = False,
) -> int:
    """Write a task file for recommend --config, in which every key is explained by a comment."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.init import init
    from mlipguide.report.pages.init_page import init_page

    result = init(file, structure=structure, force=force)
    return emit("init", result, lambda data, _console: init_page(data), as_json=as_json)
