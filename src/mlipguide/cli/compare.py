"""``mlipguide compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def compare(
    answers: Annotated[
        list[Path],
        typer.Argument(
            metavar="ANSWER.json…", help="What recommend --json printed, on several machines.", show_default=False
        ),
    ],
    *,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Put answers of several machines side by side: speed, cost, largest system."""
    from functools import partial

    from mlipguide.cli.output import emit
    from mlipguide.commands.compare import compare
    from mlipguide.report.pages.compare_page import compare_page

    return emit("compare", compare(answers), partial(compare_page, details=details), as_json=as_json)
