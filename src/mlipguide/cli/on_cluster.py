"""What commands have in common that ``--on`` spreads over a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.cli import options
from mlipguide.core.errors import InputError

if TYPE_CHECKING:
    from mlipguide.commands.calls import Way
    from mlipguide.records.cluster.jobs import JobList, JobScripts
    from mlipguide.records.notice import Result


def require_on(given: Mapping[str, object]) -> None:
    """Refuse options that say something of a cluster where none was named.

    Args:
        given: What was given, by the word of the option.

    Raises:
        InputError: One of them was given.
    """
    for flag, value in given.items():
        if value:
            raise InputError(f"{flag} goes with --on.", hint="Add --on cluster.yaml, or leave it out.", option=flag)


def refuse_beside_on(given: Mapping[str, object]) -> None:
    """Refuse options that show a result, since there is none when jobs are submitted.

    Args:
        given: What was given, by the word of the option.

    Raises:
        InputError: One of them was given.
    """
    for flag, value in given.items():
        if value is not None:
            raise InputError(
                f"{flag} shows a result, and with --on there is none yet: it has no place beside it.",
                hint="Leave it out here, and give it without --on when the jobs are collected.",
                option=flag,
            )


def submitted(
    submit: Callable[[Way], Result[JobList] | Result[JobScripts]],
    *,
    yes: bool,
    dry_run: bool,
    details: bool,
    as_json: bool,
) -> int:
    """Submit, and print what became of it: the tasks, or the scripts that would be submitted."""
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.records.cluster.jobs import JobScripts
    from mlipguide.report.pages.jobs_page import jobs_page, scripts_text
    from mlipguide.report.progress import progress

    with progress() as report:
        result = submit(options.way(report, yes=yes, as_json=as_json))
    if isinstance(result.data, JobScripts) and not as_json:
        return emit_text(result, scripts_text(result.data))
    page = partial(jobs_page, details=details)
    return emit("jobs scripts" if dry_run else "jobs list", result, page, as_json=as_json)
