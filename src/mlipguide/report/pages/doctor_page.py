"""The diagnosis in the terminal, plain enough to paste."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from mlipguide.records.models.listings import Diagnosis, EnvironmentList
from mlipguide.report.pages.environments_page import environments_page
from mlipguide.report.pages.machine_page import machine_page


def doctor_page(data: Diagnosis) -> RenderableType:
    """Return versions, folders, machine and environments."""
    versions = ", ".join(f"{name} {version}" for name, version in data.versions.items())
    return Group(
        Text(f"mlipguide {data.mlipguide}, Python {data.python}, {data.platform}"),
        Text(versions),
        Text(f"cache {data.cache_folder}"),
        Text(f"data  {data.data_folder} ({data.stored_measurements} measurements)"),
        Text(""),
        machine_page(data.machine),
        Text(""),
        environments_page(EnvironmentList(data.environments)),
    )
