"""``mlipguide train``: pilots, final fits, distillation."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.grouped_help import GroupedCommand
from mlipguide.cli.on_cluster import refuse_beside_on, require_on, submitted
from mlipguide.records.requests.training import DistilRequest, FinetuneRequest, FitRequest, PilotRequest

app = typer.Typer(
    help="Train a potential on labelled frames, or distil one from a model.",
    no_args_is_help=True,
)


@app.command(
    "pilot",
    cls=GroupedCommand,
    epilog="Interrupted and called again it goes on; with a longer --budget it does more fits.",
)
@options.asks(PilotRequest)
def pilot(
    asked: PilotRequest,
    *,
    plot: Annotated[Path | None, options.plot("Draw the learning curves")] = None,
    html: Annotated[Path | None, options.html()] = None,
    fit: Annotated[str | None, typer.Option("--fit", hidden=True, help="Do this fit of the schedule alone.")] = None,
    on: options.On = None,
    partition: options.OfPartition = None,
    dry_run: options.DryRun = False,
    try_node: options.TryNode = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Fit small and large models to parts of the data: what training gives, and what more data would."""
    from mlipguide.commands import calls

    if on is not None:
        from mlipguide.commands.on_cluster.starting import OnCluster

        where = OnCluster(file=on, dry_run=dry_run, try_node=try_node, partition=partition)
        refuse_beside_on({"--plot": plot, "--html": html})
        submit = partial(calls.pilot_on, asked, where)
        return submitted(submit, yes=asked.yes, dry_run=dry_run, details=details, as_json=as_json)
    require_on({"--partition": partition, "--dry-run": dry_run, "--try-node": try_node})
    from mlipguide.cli.output import emit
    from mlipguide.report.figures.pilot_plot import save_plot
    from mlipguide.report.pages.pilot_page import pilot_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import typed

    if fit is not None:
        from mlipguide.report.pages.one_fit_page import one_fit_page

        with progress() as report:
            one = calls.train_one(asked, fit, options.way(report, yes=asked.yes, as_json=as_json))
        return emit("train pilot fit", one, one_fit_page, as_json=as_json)
    with progress() as report:
        result = calls.train_pilot(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_plot(result.data, plot)
    keys = {"--energy-key": asked.energy_key, "--forces-key": asked.forces_key}
    given = typed(asked.labelled, {"--test": asked.test, "--seed": asked.seed or None, **keys})
    again = typed(
        None,
        {
            "--engines": asked.engines,
            "--target-force-mae": asked.target,
            "--models": asked.models,
            "--base": asked.base,
        },
    )
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.pilot_web import pilot_web

        web_page.save(pilot_web(result, given=given, again=again), html)
    return emit("train pilot", result, partial(pilot_page, given=given, again=again, details=details), as_json=as_json)


@app.command("fit", cls=GroupedCommand, epilog="A fit that a pilot in the same folder made is not made again.")
@options.asks(FitRequest)
def fit(
    asked: FitRequest,
    *,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Fit a model to everything but the test frames, and hand over a potential that runs."""
    return _fit(asked, html, details=details, as_json=as_json)


@app.command("finetune", cls=GroupedCommand, epilog="The same as 'train fit --engine fine-tune'.")
@options.asks(FinetuneRequest)
def finetune(
    asked: FinetuneRequest,
    *,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Train a pretrained model further on labelled frames."""
    return _fit(asked.fit, html, details=details, as_json=as_json)


def _fit(asked: FitRequest, html: Path | None, *, details: bool, as_json: bool) -> int:
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.fit_page import fit_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.train_fit(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.fit_web import fit_web

        web_page.save(fit_web(result), html)
    return emit("train fit", result, partial(fit_page, details=details), as_json=as_json)


@app.command(
    "distil",
    cls=GroupedCommand,
    epilog="Interrupted and called again it goes on; with a longer --budget it does more rounds.",
)
@options.asks(DistilRequest)
def distil(
    asked: DistilRequest,
    *,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Teach a fast potential by a slow model: label, fit, let it run, label where it is weak, fit again."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.distil_page import distil_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words, typed

    with progress() as report:
        result = calls.train_distil(asked, options.way(report, yes=asked.yes, as_json=as_json))
    given = structure_words(asked.structure, preset=asked.preset, index=asked.index)
    again = typed(
        None,
        {
            "--temperature": asked.temperature,
            "--timestep": asked.timestep,
            "--engine": asked.engine,
            "--size": asked.size,
            "--frames": asked.frames,
            "--id": asked.model_id,
            "--seed": asked.seed or None,
        },
    )
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.distil_web import distil_web

        web_page.save(distil_web(result, given=given, again=again), html)
    page = partial(distil_page, given=given, again=again, details=details)
    return emit("train distil", result, page, as_json=as_json)
