"""``mlipguide models add`` and ``remove``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def add(
    checkpoint: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint file of your own; it stays there.")],
    *,
    base: Annotated[str, typer.Option("--from", metavar="MODEL", help="The model that it was trained further from.")],
    model_id: Annotated[
        str | None, typer.Option("--id", metavar="NAME", help="What it is called from now on [after the file].")
    ] = None,
    elements: Annotated[
        str | None, typer.Option(metavar="Li,O", help="The elements that it is for, where these are fewer.")
    ] = None,
    level_of_theory: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Level of theory of your data, where it is another one.")
    ] = None,
    cards: options.Cards = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Take a file that runs code when it is loaded, without asking.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Register a checkpoint that you trained further; every command knows it then."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.own_models import add_model
    from mlipguide.report.pages.models_page import added_page

    result = add_model(
        checkpoint,
        base,
        model_id=model_id,
        elements=elements,
        level_of_theory=level_of_theory,
        consent=options.consent(yes=yes, as_json=as_json),
        folders=cards or (),
    )
    return emit("models add", result, lambda data, _console: added_page(data), as_json=as_json)


def remove(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Id of a model that was added.")],
    *,
    as_json: options.Json = False,
) -> int:
    """Forget a checkpoint that was added; the file itself is left alone."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.own_models import remove_model
    from mlipguide.report.pages.models_page import removed_page

    return emit("models remove", remove_model(model), lambda data, _console: removed_page(data), as_json=as_json)
