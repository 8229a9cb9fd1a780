"""The typer app: every command from a file of its own, loaded when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from mlipguide import __version__
from mlipguide.cli.lazy_commands import LazyCommands
from mlipguide.cli.welcome import WELCOME

app = typer.Typer(
    name="mlipguide",
    cls=LazyCommands,
    help="Which machine-learning interatomic potential to run on your structure and your machine, with measured "
    "numbers.",
    invoke_without_command=True,
    rich_markup_mode=None,  # rich's help costs more than the rest of the start-up together
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlipguide {__version__}")
        raise typer.Exit


@app.callback()
def callback(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    """Give advice on machine-learning interatomic potentials, from measurements on this machine."""
    del version
    if context.invoked_subcommand is None:
        typer.echo(WELCOME)
