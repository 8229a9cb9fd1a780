"""``mlipguide cite``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion


def cite(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL…|ANSWER.json",
            help="Models, or what recommend --json printed: the model that it chose, with its settings.",
            show_default=False,
            autocompletion=completer(Completion.MODELS),
        ),
    ],
    *,
    add: Annotated[
        str | None,
        typer.Option(
            "--add",
            metavar="d3",
            help="What is added to every model: d3, d4, zbl.",
            autocompletion=completer(Completion.ADDITIONS),
        ),
    ] = None,
    cards: options.Cards = None,
    as_json: options.Json = False,
) -> int:
    """Print BibTeX of models, of their training data and of the codes that run them, each work once."""
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.commands.know.cite import cite
    from mlipguide.report.exports.bibtex import render_bibtex

    result = cite(models, add=add, folders=cards or ())
    if as_json:
        return emit("cite", result, lambda data, _console: render_bibtex(data), as_json=True)
    return emit_text(result, render_bibtex(result.data))
