"""``mlipguide evaluate``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def evaluate(
    labels: options.LabelFile,
    *,
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="A,B", help="Models to evaluate [those that can run here]."),
    ] = None,
    energy_key: options.EnergyKey = None,
    forces_key: options.ForcesKey = None,
    stress_key: options.StressKey = None,
    max_frames: Annotated[
        str | None,
        typer.Option("--max-frames", metavar="N", help="Frames to evaluate at most, or 'all' [1000]."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of the choice of frames.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw predictions against references as .png or .svg.")
    ] = None,
    worst: Annotated[
        tuple[int, Path] | None,
        typer.Option(
            "--worst", metavar="N FILE.extxyz", help="Write the N worst frames of the best model, with forces."
        ),
    ] = None,
    reevaluate: Annotated[
        bool, typer.Option("--reevaluate", help="Evaluate again what was evaluated on these labels before.")
    ] = False,
    weights: options.Weights = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare models with your own reference calculations: energies, forces and stresses of labelled frames.

    Every evaluation is kept, and used by 'recommend' for the same system.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands.evaluate import EvaluateRequest, Options, evaluate
    from mlipguide.evidence.accuracy.parity import ParityPoints
    from mlipguide.report.figures.parity_plot import save_parity
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.pages.evaluate_page import evaluate_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import typed

    if plot is not None:
        require_plottable(plot)
    points = None if plot is None else ParityPoints()
    with progress() as report:
        result = evaluate(
            EvaluateRequest(
                labels=str(labels),
                models=models,
                energy_key=energy_key,
                forces_key=forces_key,
                stress_key=stress_key,
                max_frames=max_frames,
                seed=seed,
            ),
            Options(
                reevaluate=reevaluate,
                worst=0 if worst is None else options.positive(worst[0], "--worst"),
                worst_file=None if worst is None else worst[1].expanduser(),
                points=points,
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    if plot is not None and points is not None:
        save_parity(result.data, points, plot)
    keys = {"--energy-key": energy_key, "--forces-key": forces_key, "--stress-key": stress_key}
    page = partial(evaluate_page, given=typed(labels, keys), details=details)
    return emit("evaluate", result, page, as_json=as_json)
