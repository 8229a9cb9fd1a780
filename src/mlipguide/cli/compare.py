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
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Put answers of several machines side by side: speed, cost, largest system."""
    from functools import partial

    from mlipguide.cli.output import emit
    from mlipguide.commands.compare import compare
    from mlipguide.report.pages.compare_page import compare_page

    result = compare(answers)
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.compare_web import compare_web

        web_page.save(compare_web(result), html)
    return emit("compare", result, partial(compare_page, details=details), as_json=as_json)
