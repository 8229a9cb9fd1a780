"""``mlipguide jobs``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(
    help="Runs on clusters, which '--on cluster.yaml' submits: what became of them, and what came of them.",
    no_args_is_help=True,
)

Run = Annotated[str | None, typer.Argument(metavar="RUN", help="Name of a run; the newest by default.")]


@app.command("list")
def list_jobs(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Name of a run; the newest ones by default.")] = None,
    *,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Show what became of runs and their tasks."""
    from functools import partial

    from mlipguide.cli.output import emit
    from mlipguide.commands.on_cluster.jobs import list_jobs
    from mlipguide.report.pages.jobs_page import jobs_page

    return emit("jobs list", list_jobs(run), partial(jobs_page, details=details), as_json=as_json)


@app.command("watch")
def watch(
    run: Run = None,
    *,
    every: Annotated[str, typer.Option("--every", metavar="30s", help="How often SLURM is asked.")] = "30s",
    as_json: options.Json = False,
) -> int:
    """Wait until nothing of a run waits or runs any more; 5 is the exit status where not all of it is done."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.on_cluster.jobs import watch
    from mlipguide.core.units import WALL_TIME
    from mlipguide.report.pages.jobs_page import jobs_page
    from mlipguide.report.progress import progress

    every_s = WALL_TIME.parse(every, option="--every")
    with progress() as report:
        result = watch(run, every_s=every_s, on_progress=report)
    return emit("jobs watch", result, jobs_page, as_json=as_json)


@app.command("cancel")
def cancel(run: Run = None, *, as_json: options.Json = False) -> int:
    """End what waits or runs of a run."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.on_cluster.jobs import cancel
    from mlipguide.report.pages.jobs_page import jobs_page

    return emit("jobs cancel", cancel(run), jobs_page, as_json=as_json)


@app.command("resume")
def resume(
    run: Run = None,
    *,
    time_limit: Annotated[
        str | None, typer.Option("--time-limit", metavar="1h", help="Another one than the cluster's file says.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Also what ran to its end and failed.")] = False,
    as_json: options.Json = False,
) -> int:
    """Submit again what was killed, ran out of time or lost its node; what is done stays."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.on_cluster.jobs import resume
    from mlipguide.report.pages.jobs_page import jobs_page

    return emit("jobs resume", resume(run, time_limit=time_limit, failed=failed), jobs_page, as_json=as_json)


@app.command("collect")
def collect(run: Run = None, *, as_json: options.Json = False) -> int:
    """Bring what nodes measured, evaluated and fitted home, every record once."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.on_cluster.jobs import collect
    from mlipguide.report.pages.jobs_page import collected_page

    return emit("jobs collect", collect(run), collected_page, as_json=as_json)
