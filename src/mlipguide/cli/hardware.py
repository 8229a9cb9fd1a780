"""``mlipguide hardware``."""

from __future__ import annotations

import typer

from mlipguide.cli import options

app = typer.Typer(
    help="This machine, as far as it changes speed or what fits.", rich_markup_mode=None, no_args_is_help=True
)


@app.command("show")
def show(*, as_json: options.Json = False) -> int:
    """Show what was found: cores, memory, devices, limits, and what could not be found out."""
    from mlipguide.cli.output import emit
    from mlipguide.hardware.probe import probe_machine
    from mlipguide.records.notice import Result
    from mlipguide.report.machine_page import machine_page

    return emit("hardware show", Result(probe_machine()), lambda data, _console: machine_page(data), as_json=as_json)
