"""``mlipguide env``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(help="The isolated Python environments of the backends.", no_args_is_help=True)

Backend = Annotated[str, typer.Argument(help="sevenn, chgnet, mace-torch, ...")]


@app.command("list")
def list_environments(*, details: options.Details = False, as_json: options.Json = False) -> int:
    """List the backends and the environments that serve them."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import list_environments
    from mlipguide.report.pages.environments_page import environments_page

    return emit("env list", list_environments(), partial(environments_page, details=details), as_json=as_json)


@app.command("build")
def build(
    backends: Annotated[list[str] | None, typer.Argument(metavar="BACKEND", help="All of them by default.")] = None,
    *,
    python: Annotated[
        str | None, typer.Option(metavar="3.12|PATH", help="Python to use [this one, where it fits].")
    ] = None,
    torch: Annotated[str, typer.Option(metavar="auto|cpu|cu128|index", help="Build of torch.")] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Build anew even when it is there.")] = False,
    as_json: options.Json = False,
) -> int:
    """Build the environments of backends from their tested, pinned recipes."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import build_environments
    from mlipguide.report.pages.environments_page import environments_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = build_environments(
            backends or [],
            python=python,
            torch_build=torch,
            force=force,
            on_progress=lambda message: report(message, 0.0),
        )
    return emit("env build", result, partial(environments_page, details=True), as_json=as_json)


@app.command("adopt")
def adopt(
    backend: Backend,
    python: Annotated[Path, typer.Argument(help="Interpreter of an environment that has the backend.")],
    *,
    as_json: options.Json = False,
) -> int:
    """Use an interpreter of your own for a backend."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import adopt_environment
    from mlipguide.report.pages.environments_page import environments_page

    result = adopt_environment(backend, python)
    return emit("env adopt", result, partial(environments_page, details=True), as_json=as_json)


@app.command("check")
def check(
    backends: Annotated[list[str] | None, typer.Argument(metavar="BACKEND", help="All of them by default.")] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Import each backend in its environment and say whether it works."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import check_environments
    from mlipguide.report.pages.environments_page import environments_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = check_environments(backends or [], on_progress=lambda message: report(message, 0.0))
    return emit("env check", result, partial(environments_page, details=True), as_json=as_json)


@app.command("verify")
def verify(
    backends: Annotated[
        list[str] | None, typer.Argument(metavar="BACKEND", help="Those that are built, by default.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All of them; what is missing is built.")] = False,
    as_json: options.Json = False,
) -> int:
    """Run the models of each backend and keep what was seen to work: energies, forces, stress, time of a step."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import verify_environments
    from mlipguide.report.pages.support_page import support_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = verify_environments(backends or [], every=every, on_progress=lambda message: report(message, 0.0))
    return emit("env verify", result, lambda data, _console: support_page(data), as_json=as_json)


@app.command("remove")
def remove(
    backend: Annotated[str | None, typer.Argument(help="sevenn, chgnet, mace-torch, ...")] = None,
    *,
    unused: Annotated[
        bool, typer.Option("--unused", help="Those of any backend that nothing here starts any more.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Delete the managed environments of a backend, or forget the adopted one."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.environments import remove
    from mlipguide.report.pages.environments_page import removal_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = remove(backend, unused=unused, on_progress=lambda message: report(message, 0.0))
    return emit("env remove", result, lambda data, _console: removal_page(data), as_json=as_json)
