"""``mlipguide stability``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def stability(
    structure: options.Structure = None,
    *,
    models: Annotated[str | None, typer.Option("--models", metavar="A,B", help="Models to test.")] = None,
    timestep: Annotated[
        str | None, typer.Option(metavar="1fs", help="Integration step [from the lightest atom].")
    ] = None,
    temperature: Annotated[str | None, typer.Option(metavar="300K", help="Temperature of the runs [300K].")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="3m", help="Wall time for testing all models together [3m].")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads of each model [all usable cores].")
    ] = None,
    index: options.Index = None,
    preset: options.Preset = None,
    charge: options.Charge = None,
    spin: options.Spin = None,
    weights: options.Weights = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw drift, equation of state and scan as .png or .svg.")
    ] = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Test whether models make a stable run: energy drift, longest time step, smoothness, symmetry."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.stability import Options, stability
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.figures.stability_plot import save_stability
    from mlipguide.report.pages.stability_page import stability_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words
    from mlipguide.tasks.requests import TaskRequest

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = stability(
            TaskRequest(
                structure=structure,
                index=index,
                preset=preset,
                charge=charge,
                spin=spin,
                models=models,
                timestep=timestep,
                temperature=temperature,
            ),
            Options(
                budget=budget,
                threads=threads,
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    if plot is not None:
        save_stability(result.data, plot)
    given = structure_words(structure, preset=preset, index=index, charge=charge, spin=spin)
    return emit("stability", result, partial(stability_page, given=given, details=details), as_json=as_json)
