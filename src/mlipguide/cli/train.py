"""``mlipguide train``: pilots and final fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(help="Train a potential on labelled frames: a pilot, then the final fit.", no_args_is_help=True)

Labelled = Annotated[Path, typer.Argument(metavar="LABELLED", help="Frames with energies and forces: extxyz, ...")]
Test = Annotated[
    Path | None, typer.Option("--test", metavar="FILE", help="Frames to test on; some of LABELLED by default.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Where everything is kept [<name of LABELLED>-training here]."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of the test frames, the subsets and the fits.", min=0)]


@app.command("pilot", epilog="Interrupted and called again it goes on; with a longer --budget it does more fits.")
def pilot(
    labelled: Labelled,
    *,
    engines: Annotated[
        str | None, typer.Option("--engines", metavar="A,B", help="pod, nep, fine-tune [all that are ready].")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target-force-mae", metavar="70meV/A", help="Error to reach on the test frames.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="10m", help="Wall time for everything [10m].")
    ] = None,
    test: Test = None,
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="A,B", help="Pretrained models to compare with, ready or none [ready]."),
    ] = None,
    folder: Folder = None,
    seed: Seed = 0,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the learning curves as .png or .svg.")
    ] = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> int:
    """Fit small and large models to parts of the data: what training gives, and what more data would."""
    from mlipguide.cli.output import emit
    from mlipguide.report.pilot_page import pilot_page
    from mlipguide.report.pilot_plot import save_plot
    from mlipguide.report.progress import progress
    from mlipguide.report.scaling_plot import require_plottable
    from mlipguide.workflows.train_pilot import Options, PilotRequest, train_pilot

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = train_pilot(
            PilotRequest(
                labelled=labelled.expanduser(),
                test=None if test is None else test.expanduser(),
                engines=engines,
                target=target,
                budget=budget,
                models=models,
                folder=folder,
                seed=seed,
            ),
            Options(consent=options.consent(yes=yes, as_json=as_json), on_progress=report),
        )
    if plot is not None:
        save_plot(result.data, plot)
    return emit("train pilot", result, pilot_page, as_json=as_json)
