"""``mlipguide share``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(
    help="Measurements that you give away without names, and those of others with the same hardware.",
    no_args_is_help=True,
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="As share export writes them.")]


@app.command("export")
def export(
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write: records.jsonl.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
    as_json: options.Json = False,
) -> int:
    """Write what was measured here, without names of users, machines, folders or structures."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up import share
    from mlipguide.report.pages.share_page import export_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = share.export(output, replace=replace, options=share.Options(on_progress=report))
    return emit("share export", result, export_page, as_json=as_json)


@app.command("import")
def import_files(files: Files, *, as_json: options.Json = False) -> int:
    """Check what others measured and keep it; a wrong line is told with its number, the others are kept."""
    return _read(files, store=True, as_json=as_json)


@app.command("check")
def check(files: Files, *, as_json: options.Json = False) -> int:
    """Check files of records without keeping anything; exit 2 when a line is wrong."""
    return _read(files, store=False, as_json=as_json)


def _read(files: list[Path], *, store: bool, as_json: bool) -> int:
    from mlipguide.cli.output import emit
    from mlipguide.commands.set_up import share
    from mlipguide.report.pages.share_page import import_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = share.import_files(files, store=store, options=share.Options(on_progress=report))
    return emit(f"share {'import' if store else 'check'}", result, import_page, as_json=as_json)
