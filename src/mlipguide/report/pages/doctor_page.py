"""The diagnosis in the terminal, plain enough to paste."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.models.listings import Diagnosis, EnvironmentList
from mlipguide.report.pages.environments_page import environment_steps, environments_table, readiness
from mlipguide.report.pages.machine_page import machine_table
from mlipguide.report.pages.page_parts import next_steps, section


def doctor_page(data: Diagnosis, console: Console, *, details: bool = False) -> RenderableType:
    """Return whether the backends are ready, versions, folders, machine and environments.

    Args:
        data: The diagnosis.
        console: Where it is printed.
        details: What could not be found out of the machine as well.
    """
    environments = EnvironmentList(data.environments)
    versions = ", ".join(f"{name} {version}" for name, version in data.versions.items())
    unknown = section("Not found out of the machine", data.machine.facts) if details else []
    return Group(
        readiness(environments),
        Text(""),
        Text(f"mlipguide {data.mlipguide}, Python {data.python}, {data.platform}"),
        Text(versions),
        Text(f"cache {data.cache_folder}"),
        Text(f"data  {data.data_folder} ({data.stored_measurements} measurements)"),
        Text(""),
        machine_table(data.machine),
        *unknown,
        Text(""),
        environments_table(environments, details=True),
        *next_steps(environment_steps(environments), console, hidden="what was not found out", details=details),
    )
