"""``mlipguide bench``, ``mlipguide bench compare`` and ``mlipguide bench --compare-with``."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mlipguide.cli import options
from mlipguide.cli.grouped_help import GroupedCommand
from mlipguide.cli.names import asks_speed
from mlipguide.cli.on_cluster import require_on, submitted
from mlipguide.records.requests.measuring import BenchRequest, CompareRequest
from mlipguide.records.requests.speed import SpeedRequest

MEASURE = "measure"
"""The command that a structure's name stands for; it is not typed."""
SPEED = "speed"
"""The command that an option stands for."""


class MeasureByDefault(TyperGroup):
    """Takes everything that is not the name of one of its commands for a structure to measure, or a speed to judge."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command that measures where there is none."""
        if not args or args[0] not in self.commands:
            args = [SPEED if asks_speed(args) else MEASURE, *args]
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
    cls=MeasureByDefault,
    help="Time models on a structure over several sizes; compare two runs; judge a speed that you saw.",
    no_args_is_help=False,
)


@app.command(
    MEASURE,
    cls=GroupedCommand,
    epilog="mlipguide bench compare A B compares two runs that were saved with --save. mlipguide bench --compare-with "
    "0.69steps/s --atoms 500 --model MODEL --device A100-80GB says whether a speed is normal; its options: "
    "mlipguide bench speed --help.",
)
@options.asks(BenchRequest)
def bench(
    asked: BenchRequest,
    *,
    plot: Annotated[Path | None, options.plot("Draw the scaling curve")] = None,
    html: Annotated[Path | None, options.html()] = None,
    output: Annotated[Format, options.shown("--format", help="What is printed.")] = Format.PAGE,
    on: options.On = None,
    dry_run: options.DryRun = False,
    try_node: options.TryNode = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Time models on a structure over several sizes and settings; every measurement is kept."""
    if on is not None:
        from mlipguide.commands import calls
        from mlipguide.commands.on_cluster.starting import OnCluster

        where = OnCluster(file=on, dry_run=dry_run, try_node=try_node)
        return submitted(
            partial(calls.bench_on, asked, where), yes=asked.yes, dry_run=dry_run, details=details, as_json=as_json
        )
    require_on({"--dry-run": dry_run, "--try-node": try_node})
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.commands import calls
    from mlipguide.report.figures.scaling_plot import save_plot
    from mlipguide.report.pages.bench_page import bench_page
    from mlipguide.report.progress import progress
    from mlipguide.report.tables.bench_table import as_csv, as_markdown
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.bench(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_plot(result.data, plot)
    given = structure_words(
        asked.structure,
        preset=asked.preset,
        index=asked.index,
        charge=asked.charge,
        spin=asked.spin,
        add=asked.add,
    )
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.bench_web import bench_web

        web_page.save(bench_web(result.data, given, result.notices), html)
    if output is Format.PAGE or as_json:
        return emit("bench", result, partial(bench_page, given=given, details=details), as_json=as_json)
    return emit_text(result, as_csv(result.data) if output is Format.CSV else as_markdown(result.data))


@app.command("compare", cls=GroupedCommand)
@options.asks(CompareRequest)
def compare(
    asked: CompareRequest,
    *,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Show the ratios of two runs with their intervals."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.comparison_page import comparison_page

    result = calls.compare(asked)
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.comparison_web import comparison_web

        web_page.save(comparison_web(result, "bench compare"), html)
    return emit("bench compare", result, partial(comparison_page, details=details), as_json=as_json)


@app.command(SPEED, cls=GroupedCommand)
@options.asks(SpeedRequest)
def speed(asked: SpeedRequest, *, details: options.Details = False, as_json: options.Json = False) -> int:
    """Say whether a speed that you saw is normal, and if it is not, which reasons fit; nothing is measured."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.speed_page import speed_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.speed(asked, options.way(report, yes=False, as_json=as_json))
    return emit("bench speed", result, partial(speed_page, details=details), as_json=as_json)
