"""``mlipguide explain``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion


class Format(StrEnum):
    """How the answer is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"


def explain(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPIC",
            help="For example softening, d3, or all [the list].",
            show_default=False,
            autocompletion=completer(Completion.TOPICS),
        ),
    ] = None,
    *,
    output: Annotated[Format, typer.Option("--format", help="What is printed.")] = Format.TERMINAL,
    as_json: options.Json = False,
) -> int:
    """Explain a topic in plain words, with sources and with the commands that act on it."""
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.commands.know.explain import explain
    from mlipguide.report.pages.explain_page import as_markdown, explain_page

    result = explain(topic)
    if output is Format.MARKDOWN and not as_json:
        return emit_text(result, as_markdown(result.data))
    return emit("explain", result, explain_page, as_json=as_json)
