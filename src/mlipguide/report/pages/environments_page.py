"""Environments in the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.models.listings import EnvironmentList, RemovalReport

STYLES = {EnvironmentState.READY: "green", EnvironmentState.MISSING: "yellow", EnvironmentState.BROKEN: "red"}


def environments_page(data: EnvironmentList) -> RenderableType:
    """Return the table of environments, and what is wrong with broken ones."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("Backend", "State", "Kind", "Python"):
        table.add_column(title, no_wrap=True)
    table.add_column("Versions", overflow="fold")
    for item in data.environments:
        missing = item.state is EnvironmentState.MISSING
        table.add_row(
            item.backend,
            Text(item.state.value, style=STYLES[item.state]),
            "–" if missing else item.kind.value,
            item.python_version or "–",
            ", ".join(f"{name} {version}" for name, version in item.versions.items())
            or (f"mlipguide env build {item.backend}" if missing else "–"),
        )
    problems = [Text(f"{item.backend}: {item.problem}", style="red") for item in data.environments if item.problem]
    return Group(table, *problems)


def removal_page(data: RemovalReport) -> RenderableType:
    """Return what was removed."""
    lines = [f"Deleted {folder}" for folder in data.removed]
    if data.forgotten is not None:
        lines.append(f"Forgot the adopted interpreter {data.forgotten}; it was left alone.")
    return Text("\n".join(lines) or f"{data.backend}: nothing to remove.")
