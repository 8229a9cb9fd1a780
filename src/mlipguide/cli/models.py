"""``mlipguide models``: the commands on one or a few models, and on folders of cards."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import model_list, options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion

app = typer.Typer(help="The catalogue of models.", no_args_is_help=True)
MODELS = completer(Completion.MODELS)

app.command("list")(model_list.list_models)


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Id or alias of a model.", autocompletion=MODELS)],
    *,
    cards: options.Cards = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Show everything on one model: its card with sources, and what is measured on this machine."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.models import show_model
    from mlipguide.report.pages.model_page import model_page

    result = show_model(model, cards or ())
    return emit("models show", result, partial(model_page, details=details), as_json=as_json)


@app.command("compare")
def compare(
    models: Annotated[
        list[str],
        typer.Argument(metavar="A B [C...]", help="Ids or aliases of two or more models.", autocompletion=MODELS),
    ],
    *,
    cards: options.Cards = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Show models side by side, and what their differences mean for choosing."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.models import compare_models
    from mlipguide.report.pages.model_comparison_page import model_comparison_page

    result = compare_models(models, cards or ())
    return emit("models compare", result, partial(model_comparison_page, details=details), as_json=as_json)


@app.command("families")
def families(
    family: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Everything on this one [a table of all].",
            autocompletion=completer(Completion.FAMILIES),
        ),
    ] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Show the families of potentials that are trained for one system: POD, NEP, ACE, ..."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.model_list import list_families, show_family
    from mlipguide.report.pages.families_page import families_page, family_page

    if family is None:
        return emit("models families", list_families(), families_page, as_json=as_json)
    return emit("models families", show_family(family), lambda data, _console: family_page(data), as_json=as_json)


@app.command("add")
def add(
    checkpoint: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A checkpoint file of your own; it stays there.")
    ] = None,
    *,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="The model that it was trained further from.",
            autocompletion=MODELS,
        ),
    ] = None,
    calculator: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|FUNCTION",
            help="Instead: my_model.py, package.module:function, or a model's file, of whatever origin.",
        ),
    ] = None,
    model_id: Annotated[
        str | None, typer.Option("--id", metavar="NAME", help="What it is called from now on [after the file].")
    ] = None,
    elements: Annotated[
        str | None, typer.Option(metavar="Li,O", help="The elements that it is for, where these are fewer.")
    ] = None,
    level_of_theory: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Level of theory of your data, where it is another one.")
    ] = None,
    provides: Annotated[
        str | None, typer.Option(metavar="A,B", help="What a calculator gives: stress, conservative, ...")
    ] = None,
    cards: options.Cards = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Take a file that runs code when it is loaded, without asking.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Register a checkpoint that you trained further, or any calculator; every command knows it then."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.models import add
    from mlipguide.report.pages.models_page import added_page

    result = add(
        checkpoint,
        base,
        calculator=calculator,
        provides=provides,
        model_id=model_id,
        elements=elements,
        level_of_theory=level_of_theory,
        consent=options.consent(yes=yes, as_json=as_json),
        folders=cards or (),
    )
    return emit("models add", result, lambda data, _console: added_page(data), as_json=as_json)


@app.command("remove")
def remove(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Id of a model that was added.", autocompletion=completer(Completion.OWN_MODELS)
        ),
    ],
    *,
    as_json: options.Json = False,
) -> int:
    """Forget a checkpoint that was added; the file itself is left alone."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.models import remove_model
    from mlipguide.report.pages.models_page import removed_page

    return emit("models remove", remove_model(model), lambda data, _console: removed_page(data), as_json=as_json)


@app.command("validate")
def validate(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder of cards [the built-in ones].")] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Check cards against the schema and against each other; every violation is listed."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.models import validate_models
    from mlipguide.report.pages.models_page import validation_page

    return emit(
        "models validate",
        validate_models(folder),
        lambda data, _console: validation_page(data),
        as_json=as_json,
    )
