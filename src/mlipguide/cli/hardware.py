"""``mlipguide hardware``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion

app = typer.Typer(
    help="This machine, as far as it changes speed or what fits, and known devices that are not here.",
    no_args_is_help=True,
)


@app.command("show")
def show(*, as_json: options.Json = False) -> int:
    """Show what was found: cores, memory, devices, limits, and what could not be found out."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.hardware import show_machine
    from mlipguide.report.pages.machine_page import machine_page

    return emit("hardware show", show_machine(), machine_page, as_json=as_json)


@app.command("list")
def list_devices(
    *,
    kind: Annotated[str | None, typer.Option("--kind", metavar="gpu|cpu", help="Only devices of this kind.")] = None,
    vendor: Annotated[str | None, typer.Option("--vendor", metavar="NAME", help="Only devices of this maker.")] = None,
    min_memory: Annotated[
        str | None, typer.Option("--min-memory", metavar="40GiB", help="Only devices with at least this memory.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option("--sort", metavar="KEY", help="name, memory, bandwidth, float64, float32, power or year."),
    ] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """List the devices that are known from published figures, and your saved profiles."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.hardware import list_devices
    from mlipguide.report.pages.devices_page import devices_page

    result = list_devices(kind=kind, vendor=vendor, min_memory=min_memory, order=order)
    page = partial(devices_page, ordered=order is not None, details=details)
    return emit("hardware list", result, page, as_json=as_json)


@app.command("explain")
def explain(
    device: Annotated[
        str,
        typer.Argument(
            help="Name of a known device, for example A100-80GB.",
            autocompletion=completer(Completion.HARDWARE),
        ),
    ],
    *,
    as_json: options.Json = False,
) -> int:
    """Show every figure of a device with its sources, and what it means for interatomic potentials."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.hardware import explain_device
    from mlipguide.report.pages.devices_page import device_page

    return emit("hardware explain", explain_device(device), lambda data, _console: device_page(data), as_json=as_json)


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(help="What the profile is to be called.")],
    file: Annotated[Path, typer.Argument(help="A YAML file of profiles; configs/hardware has examples.")],
    *,
    as_json: options.Json = False,
) -> int:
    """Check a file of hardware profiles and keep it under a name."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.know.hardware import save_hardware
    from mlipguide.report.pages.devices_page import saved_page

    return emit("hardware save", save_hardware(name, file), lambda data, _console: saved_page(data), as_json=as_json)
