"""``mlipguide env``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion

app = typer.Typer(help="The isolated Python environments of the backends.", no_args_is_help=True)

Bundle = Annotated[
    Path | None,
    typer.Option("--from", metavar="BUNDLE", help="What 'env pack' wrote where there is a network."),
]
BACKENDS = completer(Completion.BACKENDS)
Backend = Annotated[str, typer.Argument(help="sevenn, chgnet, mace-torch, ...", autocompletion=BACKENDS)]
Backends = Annotated[
    list[str] | None, typer.Argument(metavar="BACKEND", help="All of them by default.", autocompletion=BACKENDS)
]


@app.command("list")
def list_environments(*, details: options.Details = False, as_json: options.Json = False) -> int:
    """List the backends and the environments that serve them."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.environments import list_environments
    from mlipguide.report.pages.environments_page import environments_page

    return emit("env list", list_environments(), partial(environments_page, details=details), as_json=as_json)


@app.command("build")
def build(
    backends: Backends = None,
    *,
    python: Annotated[
        str | None, typer.Option(metavar="3.12|PATH", help="Python to use [this one, where it fits].")
    ] = None,
    torch: Annotated[str | None, typer.Option(metavar="auto|cpu|cu128|index", help="Build of torch [auto].")] = None,
    bundle: Bundle = None,
    force: Annotated[bool, typer.Option("--force", help="Build anew even when it is there.")] = False,
    as_json: options.Json = False,
) -> int:
    """Build the environments of backends from their tested, pinned recipes, or from a bundle without any network."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.bundles import build_from
    from mlipguide.commands.set_up.environments import build_environments, refuse_torch_build
    from mlipguide.report.pages.environments_page import environments_page
    from mlipguide.report.progress import progress

    with progress() as report:
        if bundle is None:
            result = build_environments(
                backends or [], python=python, torch_build=torch or "auto", force=force, on_progress=report
            )
        else:
            refuse_torch_build(torch, bundle)
            tell = partial(report, share=0.0)
            result = build_from(bundle, backends or [], python=python, force=force, on_progress=tell)
    return emit("env build", result, partial(environments_page, details=True), as_json=as_json)


@app.command("pack")
def pack(
    backends: Annotated[
        list[str],
        typer.Argument(metavar="BACKEND", help="sevenn, chgnet, mace-torch, ...", autocompletion=BACKENDS),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The bundle.")],
    python: Annotated[
        str | None, typer.Option(metavar="3.12", help="Python that it is for [the release of this one].")
    ] = None,
    platform: Annotated[
        str | None, typer.Option(metavar="linux-x86_64|linux-aarch64", help="Machine that it is for [this one].")
    ] = None,
    torch: Annotated[
        str, typer.Option(metavar="auto|cpu|cu128|index|none", help="Build of torch; none: the site's own.")
    ] = "auto",
    models: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Models whose weights are packed [all that can be had].",
            autocompletion=completer(Completion.MODELS),
        ),
    ] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Pack all that a machine without network needs to build environments: wheels, weights, recipes, checksums."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.bundles import pack_environments
    from mlipguide.report.pages.bundle_page import bundle_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = pack_environments(
            backends,
            output,
            python=python,
            target_platform=platform,
            torch_build=torch,
            models=[name.strip() for name in (models or "").split(",") if name.strip()],
            on_progress=partial(report, share=0.0),
        )
    return emit("env pack", result, partial(bundle_page, details=details), as_json=as_json)


@app.command("adopt")
def adopt(
    backend: Backend,
    python: Annotated[Path, typer.Argument(help="Interpreter of an environment that has the backend.")],
    *,
    bundle: Bundle = None,
    as_json: options.Json = False,
) -> int:
    """Use an interpreter of your own for a backend; with --from one that has torch, on top of which the rest is put."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.bundles import adopt_with
    from mlipguide.commands.set_up.environments import adopt_environment
    from mlipguide.report.pages.environments_page import environments_page
    from mlipguide.report.progress import progress

    if bundle is None:
        result = adopt_environment(backend, python)
    else:
        with progress() as report:
            result = adopt_with(bundle, backend, python, on_progress=partial(report, share=0.0))
    return emit("env adopt", result, partial(environments_page, details=True), as_json=as_json)


@app.command("check")
def check(
    backends: Backends = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Import each backend in its environment and say whether it works."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.environments import check_environments
    from mlipguide.report.pages.environments_page import environments_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = check_environments(backends or [], on_progress=lambda message: report(message, 0.0))
    return emit("env check", result, partial(environments_page, details=True), as_json=as_json)


@app.command("verify")
def verify(
    backends: Annotated[
        list[str] | None,
        typer.Argument(metavar="BACKEND", help="Those that are built, by default.", autocompletion=BACKENDS),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All of them; what is missing is built.")] = False,
    as_json: options.Json = False,
) -> int:
    """Run the models of each backend and keep what was seen to work: energies, forces, stress, time of a step."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.environments import verify_environments
    from mlipguide.report.pages.support_page import support_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = verify_environments(backends or [], every=every, on_progress=lambda message: report(message, 0.0))
    return emit("env verify", result, lambda data, _console: support_page(data), as_json=as_json)


@app.command("remove")
def remove(
    backend: Annotated[
        str | None, typer.Argument(help="sevenn, chgnet, mace-torch, ...", autocompletion=BACKENDS)
    ] = None,
    *,
    unused: Annotated[
        bool, typer.Option("--unused", help="Those of any backend that nothing here starts any more.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Delete the managed environments of a backend, or forget the adopted one."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up.environments import remove
    from mlipguide.report.pages.environments_page import removal_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = remove(backend, unused=unused, on_progress=lambda message: report(message, 0.0))
    return emit("env remove", result, lambda data, _console: removal_page(data), as_json=as_json)
