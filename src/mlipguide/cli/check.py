"""``mlipguide check``."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlipguide.cli import options

if TYPE_CHECKING:
    from mlipguide.records.notice import Result
    from mlipguide.records.timing.comparison import Comparison

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file that GitHub Actions shows as the summary of a job."""


class Format(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    GITHUB = "github"


def check(
    baseline: Annotated[
        str,
        typer.Argument(
            metavar="BASELINE", help="Name or .json file of a baseline; with --against-env also a structure file."
        ),
    ],
    current: Annotated[
        str | None, typer.Argument(metavar="CURRENT", help="Another baseline [measured now].", show_default=False)
    ] = None,
    *,
    max_slowdown: Annotated[
        str | None, typer.Option(metavar="10%", help="How much longer a step may take [10%].")
    ] = None,
    normalise: Annotated[
        bool, typer.Option("--normalise", help="Compare different machines: divide by a kernel timed beside each run.")
    ] = False,
    against_env: Annotated[
        str | None,
        typer.Option(metavar="OLD", help="Interpreter of the old environment: measure it and the present one in turn."),
    ] = None,
    models: options.Models = None,
    sizes: Annotated[str | None, typer.Option(metavar="64,256", help="Only these numbers of atoms.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="5m", help="Wall time for all measurements [5m].")] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="'github' writes annotations and the summary of the job.")
    ] = Format.TEXT,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit XML report.")] = None,
    benchmark_json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what github-action-benchmark reads.")
    ] = None,
    weights: options.Weights = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare with a baseline; ends with status 6 when a model became slower."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.check import CheckRequest, Options, check
    from mlipguide.report.pages.comparison_page import comparison_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = check(
            CheckRequest(
                baseline=baseline,
                current=current,
                against_env=against_env,
                models=models,
                sizes=sizes,
                max_slowdown=max_slowdown,
                normalise=normalise,
            ),
            Options(
                budget=budget,
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    _write_files(result, junit=junit, benchmark_json=benchmark_json)
    if output_format is Format.GITHUB:
        _tell_github(result, as_json=as_json)
    return emit("check", result, partial(comparison_page, details=details), as_json=as_json)


def _write_files(result: Result[Comparison], *, junit: Path | None, benchmark_json: Path | None) -> None:
    from mlipguide.core.serialisation import write_atomically

    if junit is not None:
        from mlipguide.report.exports.junit import junit_xml

        write_atomically(junit.expanduser().absolute(), junit_xml(result.data))
    if benchmark_json is not None:
        from mlipguide.report.exports.benchmark_action import benchmark_json as entries

        write_atomically(benchmark_json.expanduser().absolute(), entries(result.data))


def _tell_github(result: Result[Comparison], *, as_json: bool) -> None:
    """Print the annotations, beside a JSON document on stderr, and append the summary to the job's."""
    from mlipguide.report.exports.github import annotation_commands, append_summary

    stream = sys.stderr if as_json else sys.stdout
    stream.writelines(f"{line}\n" for line in annotation_commands(result.data))
    named = os.environ.get(SUMMARY_VARIABLE)
    if named:
        append_summary(result.data, Path(named))
