"""``mlipguide check``."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mlipguide.cli import options
from mlipguide.records.requests.measuring import CheckRequest

if TYPE_CHECKING:
    from mlipguide.records.notice import Result
    from mlipguide.records.timing.comparison import Comparison

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file that GitHub Actions shows as the summary of a job."""


class Format(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    GITHUB = "github"


@options.asks(CheckRequest)
def check(
    asked: CheckRequest,
    *,
    output_format: Annotated[
        Format, options.shown("--format", help="'github' writes annotations and the summary of the job.")
    ] = Format.TEXT,
    junit: Annotated[Path | None, options.shown("--junit", metavar="FILE", help="Write a JUnit XML report.")] = None,
    benchmark_json: Annotated[
        Path | None,
        options.shown("--benchmark-json", metavar="FILE", help="Write what github-action-benchmark reads."),
    ] = None,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare with a baseline; ends with status 6 when a model became slower."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.comparison_page import comparison_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.check(asked, options.way(report, yes=asked.yes, as_json=as_json))
    _write_files(result, junit=junit, benchmark_json=benchmark_json)
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.comparison_web import comparison_web

        web_page.save(comparison_web(result, "check", asked.baseline), html)
    if output_format is Format.GITHUB:
        _tell_github(result, as_json=as_json)
    return emit("check", result, partial(comparison_page, given=asked.baseline, details=details), as_json=as_json)


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
