"""``mlipguide models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(help="The catalogue of models.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_models(*, as_json: options.Json = False) -> int:
    """List the models with what decides about them."""
    from mlipguide.cli.output import emit
    from mlipguide.report.models_page import models_page
    from mlipguide.workflows.models import list_models

    return emit("models list", list_models(), lambda data, _console: models_page(data), as_json=as_json)


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="Id or alias of a model.")], *, as_json: options.Json = False
) -> int:
    """Show everything on one card, with its sources."""
    from mlipguide.cli.output import emit
    from mlipguide.report.models_page import model_page
    from mlipguide.workflows.models import show_model

    return emit("models show", show_model(model), lambda data, _console: model_page(data), as_json=as_json)


@app.command("validate")
def validate(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder of cards [the built-in ones].")] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Check cards against the schema and against each other; every violation is listed."""
    from mlipguide.cli.output import emit
    from mlipguide.report.models_page import validation_page
    from mlipguide.workflows.models import validate_models

    return emit(
        "models validate",
        validate_models(folder),
        lambda data, _console: validation_page(data),
        as_json=as_json,
    )
