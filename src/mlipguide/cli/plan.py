"""``mlipguide plan``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from mlipguide.cli import options


def plan(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Id or alias of a model.")],
    *,
    structure: Annotated[
        str | None, typer.Option("--structure", metavar="FILE", help="Your structure [a bulk of medium density].")
    ] = None,
    atoms: Annotated[str | None, typer.Option(metavar="N", help="Atoms to simulate [as in the structure].")] = None,
    time: Annotated[str | None, typer.Option(metavar="1ns", help="Simulated time [100ps].")] = None,
    timestep: Annotated[
        str | None, typer.Option(metavar="1fs", help="Integration step [by the lightest atom].")
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="24h", help="Wall time the run may take [24h].")] = None,
    hardware: options.Hardware = None,
    max_devices: Annotated[
        int, typer.Option("--max-devices", min=1, max=64, help="Largest number of devices to consider.")
    ] = 8,
    index: options.Index = None,
    preset: options.Preset = None,
    charge: options.Charge = None,
    spin: options.Spin = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Say what hardware a run of one model needs: which devices and how many, and what would change it.

    Nothing is measured. Earlier measurements on this machine and published timings are used, as 'recommend --hardware'
    uses them.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands.plan import Options, plan
    from mlipguide.report.pages.plan_page import plan_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words
    from mlipguide.tasks.requests import TaskRequest

    request = TaskRequest(
        structure=structure,
        index=index,
        preset=preset,
        charge=charge,
        spin=spin,
        atoms=atoms,
        time=time,
        timestep=timestep,
        budget=budget,
        hardware=hardware,
    )
    given = structure_words(structure, preset=preset, index=index, charge=charge, spin=spin)
    with progress() as report:
        result = plan(model, request, Options(most_devices=max_devices, on_progress=report))
    return emit("plan", result, partial(plan_page, given=given, details=details), as_json=as_json)
