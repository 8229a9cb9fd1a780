"""``mlipguide bench``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlipguide.cli import options


def bench(
    structure: options.Structure = None,
    *,
    models: options.Models = None,
    max_atoms: Annotated[str | None, typer.Option(metavar="N", help="Largest size to time [1000].")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="2m", help="Wall time for timing all models together [2m].")
    ] = None,
    timestep: Annotated[str | None, typer.Option(metavar="1fs", help="Integration step [1fs].")] = None,
    temperature: Annotated[
        str | None, typer.Option(metavar="300K", help="Temperature of the velocities [300K].")
    ] = None,
    index: options.Index = None,
    preset: options.Preset = None,
    weights: options.Weights = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> int:
    """Time models on a structure over several sizes; every measurement is kept."""
    from mlipguide.cli.output import emit
    from mlipguide.report.bench_page import bench_page
    from mlipguide.report.progress import progress
    from mlipguide.workflows.bench import Options, bench
    from mlipguide.workflows.task_request import TaskRequest

    with progress() as report:
        result = bench(
            TaskRequest(structure=structure, index=index, preset=preset, models=models),
            Options(
                largest_atoms=max_atoms,
                budget=budget,
                timestep=timestep,
                temperature=temperature,
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    return emit("bench", result, bench_page, as_json=as_json)
