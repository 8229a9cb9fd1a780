"""``mlipguide disagree``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def disagree(
    structure: options.Structure = None,
    *,
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="Models to compare, two at least.")
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Model that makes the run [the first of --models].")
    ] = None,
    temperature: Annotated[str | None, typer.Option(metavar="300K", help="Temperature of the run [300K].")] = None,
    timestep: Annotated[
        str | None, typer.Option(metavar="1fs", help="Integration step of the run [by the lightest atom].")
    ] = None,
    atoms: Annotated[
        str | None, typer.Option(metavar="N", help="Atoms of the supercell [64; a larger cell stays as it is].")
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="3m", help="Wall time, loading included [3m].")] = None,
    force_mae: Annotated[
        str | None,
        typer.Option("--force-mae", metavar="100meV/A", help="Force error that you can bear: what is judged against."),
    ] = None,
    select: Annotated[int, typer.Option("--select", metavar="N", min=1, help="Number of frames to label.")] = 20,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write the frames to label here [STRUCTURE-to-label.extxyz]."),
    ] = None,
    index: options.Index = None,
    preset: options.Preset = None,
    charge: options.Charge = None,
    spin: options.Spin = None,
    weights: options.Weights = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the disagreement over time as .png or .svg.")
    ] = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare models with each other on your structure, without labels, and say what to label where they disagree.

    One model makes a short run at the temperature; all models evaluate its frames and distorted copies.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands.disagree import Options, disagree
    from mlipguide.report.figures.disagree_plot import save_disagreement
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.pages.disagree_page import disagree_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words
    from mlipguide.tasks.requests import TaskRequest

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = disagree(
            TaskRequest(structure=structure, index=index, preset=preset, models=models, charge=charge, spin=spin),
            Options(
                sampler=sampler,
                atoms=atoms,
                budget=budget,
                temperature=temperature,
                timestep=timestep,
                force_mae=force_mae,
                select=select,
                output=None if output is None else output.expanduser(),
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    if plot is not None:
        save_disagreement(result.data, plot)
    given = structure_words(structure, preset=preset, index=index, charge=charge, spin=spin)
    return emit("disagree", result, partial(disagree_page, given=given, details=details), as_json=as_json)
