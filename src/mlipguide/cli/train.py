"""``mlipguide train``: pilots, final fits, distillation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.grouped_help import GroupedCommand
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
    as_json: options.Json = False,
) -> int:
    """Fit small and large models to parts of the data: what training gives, and what more data would."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.figures.pilot_plot import save_plot
    from mlipguide.report.pages.pilot_page import pilot_page
    from mlipguide.report.progress import progress

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = calls.train_pilot(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_plot(result.data, plot)
    return emit("train pilot", result, pilot_page, as_json=as_json)


@app.command("fit", cls=GroupedCommand, epilog="A fit that a pilot in the same folder made is not made again.")
@options.asks(FitRequest)
def fit(asked: FitRequest, *, as_json: options.Json = False) -> int:
    """Fit a model to everything but the test frames, and hand over a potential that runs."""
    return _fit(asked, as_json=as_json)


@app.command("finetune", cls=GroupedCommand, epilog="The same as 'train fit --engine fine-tune'.")
@options.asks(FinetuneRequest)
def finetune(asked: FinetuneRequest, *, as_json: options.Json = False) -> int:
    """Train a pretrained model further on labelled frames."""
    return _fit(asked.fit, as_json=as_json)


def _fit(asked: FitRequest, *, as_json: bool) -> int:
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.fit_page import fit_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.train_fit(asked, options.way(report, yes=asked.yes, as_json=as_json))
    return emit("train fit", result, fit_page, as_json=as_json)


@app.command(
    "distil",
    cls=GroupedCommand,
    epilog="Interrupted and called again it goes on; with a longer --budget it does more rounds.",
)
@options.asks(DistilRequest)
def distil(asked: DistilRequest, *, as_json: options.Json = False) -> int:
    """Teach a fast potential by a slow model: label, fit, let it run, label where it is weak, fit again."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.distil_page import distil_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.train_distil(asked, options.way(report, yes=asked.yes, as_json=as_json))
    return emit("train distil", result, distil_page, as_json=as_json)
