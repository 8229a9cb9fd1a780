"""``mlipguide models list``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion


def list_models(
    *,
    elements: Annotated[
        str | None, typer.Option(metavar="Li,Fe,P,O", help="All of them occur in the training data.")
    ] = None,
    needs: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="What a model gives beside energies and forces, as for recommend: stress, ...",
            autocompletion=completer(Completion.NEEDS),
        ),
    ] = None,
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial", help="Both licences allow commercial use (yes, or with conditions, which are named)."
        ),
    ] = False,
    conservative: Annotated[bool, typer.Option("--conservative", help="Forces are gradients of the energy.")] = False,
    domain: Annotated[
        str | None, typer.Option(metavar="A,B", help="The training data cover them: crystals, surfaces, liquids, ...")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="One of these backends.", autocompletion=completer(Completion.BACKENDS)),
    ] = None,
    family: Annotated[str | None, typer.Option(metavar="A,B", help="One of these families: MACE, ...")] = None,
    level_of_theory: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Words in the level of theory, e.g. r2SCAN.")
    ] = None,
    training_set: Annotated[
        str | None, typer.Option(metavar="A,B", help="Trained on all of these data sets: MPtrj, ...")
    ] = None,
    available: Annotated[
        bool, typer.Option("--available", help="The environment of the backend is ready on this machine.")
    ] = False,
    every_life_cycle: Annotated[bool, typer.Option("--all", help="Superseded and deprecated models as well.")] = False,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="name, cps, f1, kappa, md-force-rmse, run-time, cutoff or parameters; the best or smallest first "
            "[name].",
        ),
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The worst or largest first.")] = False,
    why: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Say instead which criteria leave this model out.",
            autocompletion=completer(Completion.MODELS),
        ),
    ] = None,
    cards: options.Cards = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """List the models that meet all criteria; what was left out is counted."""
    from mlipguide.advice.model_criteria import ListRequest
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.model_list import list_models
    from mlipguide.report.pages.models_page import models_page

    request = ListRequest(
        elements=elements,
        needs=needs,
        commercial=commercial,
        conservative=conservative,
        domain=domain,
        backend=backend,
        family=family,
        level_of_theory=level_of_theory,
        training_set=training_set,
        every_life_cycle=every_life_cycle,
        available=available,
        sort=sort,
        reverse=reverse,
        why=why,
        folders=tuple(cards or ()),
    )
    return emit("models list", list_models(request), partial(models_page, details=details), as_json=as_json)
