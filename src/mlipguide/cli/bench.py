"""``mlipguide bench``, and ``mlipguide bench compare``."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mlipguide.cli import options

MEASURE = "measure"
"""The command that a structure's name stands for; it is not typed."""


class MeasureByDefault(TyperGroup):
    """Takes everything that is not the name of one of its commands for a structure to measure."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command that measures where there is none."""
        if not args or args[0] not in self.commands:
            args = [MEASURE, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Leave that name out of what is shown."""
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == MEASURE else name, command, rest


class Format(StrEnum):
    """What is printed on stdout."""

    PAGE = "page"
    CSV = "csv"
    MARKDOWN = "markdown"


app = typer.Typer(
    cls=MeasureByDefault, help="Time models on a structure over several sizes; compare two runs.", no_args_is_help=False
)


@app.command(MEASURE, epilog="mlipguide bench compare A B compares two runs that were saved with --save.")
def bench(
    structure: options.Structure = None,
    *,
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="Models to time, or 'available', or 'all'.")
    ] = None,
    sizes: Annotated[
        str | None, typer.Option(metavar="64,256", help="Numbers of atoms, all timed; auto chooses them [auto].")
    ] = None,
    max_atoms: Annotated[
        str | None,
        typer.Option(metavar="N", help="Largest size to time [1000]; probe finds the largest that fits in memory."),
    ] = None,
    threads: Annotated[str | None, typer.Option(metavar="1,2", help="Numbers of threads to compare.")] = None,
    ranks: Annotated[
        str | None, typer.Option(metavar="1,2", help="Numbers of MPI ranks to compare, for models that run in LAMMPS.")
    ] = None,
    dtype: Annotated[str | None, typer.Option(metavar="float32,float64", help="Dtypes to compare.")] = None,
    device: Annotated[str | None, typer.Option(metavar="cpu,cuda:0", help="Devices to compare.")] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="single-stream: steps of one run; offline: many small structures [single-stream]."
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="2m", help="Wall time for loading and timing all models together [2m].")
    ] = None,
    timestep: Annotated[str | None, typer.Option(metavar="1fs", help="Integration step [1fs].")] = None,
    temperature: Annotated[
        str | None, typer.Option(metavar="300K", help="Temperature of the velocities [300K].")
    ] = None,
    index: options.Index = None,
    preset: options.Preset = None,
    charge: options.Charge = None,
    spin: options.Spin = None,
    each: options.Each = False,
    weights: options.Weights = None,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep the run as a baseline for 'mlipguide check'.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a baseline of that name.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the scaling curve as .png or .svg.")] = None,
    output: Annotated[Format, typer.Option("--format", help="What is printed.")] = Format.PAGE,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Time models on a structure over several sizes and settings; every measurement is kept."""
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.commands.bench import Options, bench
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.figures.scaling_plot import save_plot
    from mlipguide.report.pages.bench_page import bench_page
    from mlipguide.report.progress import progress
    from mlipguide.report.tables.bench_table import as_csv, as_markdown
    from mlipguide.report.words.command_words import structure_words
    from mlipguide.tasks.requests import TaskRequest

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = bench(
            TaskRequest(structure=structure, index=index, preset=preset, models=models, charge=charge, spin=spin),
            Options(
                largest_atoms=max_atoms,
                sizes=sizes,
                threads=threads,
                ranks=ranks,
                dtypes=dtype,
                devices=device,
                scenario=scenario,
                budget=budget,
                timestep=timestep,
                temperature=temperature,
                save=save,
                replace=replace,
                each=each,
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    if plot is not None:
        save_plot(result.data, plot)
    if output is Format.PAGE or as_json:
        given = structure_words(structure, preset=preset, index=index, charge=charge, spin=spin)
        return emit("bench", result, partial(bench_page, given=given, details=details), as_json=as_json)
    return emit_text(result, as_csv(result.data) if output is Format.CSV else as_markdown(result.data))


@app.command("compare")
def compare(
    baseline: Annotated[str, typer.Argument(metavar="A", help="A baseline: its name or file.")],
    current: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    *,
    max_slowdown: Annotated[
        str | None, typer.Option(metavar="10%", help="Changes up to this are not worth a word [10%].")
    ] = None,
    normalise: Annotated[
        bool, typer.Option("--normalise", help="Divide each run by its own times of a reference kernel.")
    ] = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Show the ratios of two runs with their intervals."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.check import CheckRequest, compare
    from mlipguide.report.pages.comparison_page import comparison_page

    request = CheckRequest(baseline=baseline, current=current, max_slowdown=max_slowdown, normalise=normalise)
    result = compare(request)
    return emit("bench compare", result, partial(comparison_page, details=details), as_json=as_json)
