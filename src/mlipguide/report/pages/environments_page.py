"""Environments in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.hardware.environment import Environment, EnvironmentState
from mlipguide.records.models.listings import EnvironmentList, RemovalReport
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps

FEW_VERSIONS = 2
"""Versions without ``--details``: the backend's own, and that of what it computes with."""
STYLES = {EnvironmentState.READY: "green", EnvironmentState.MISSING: "yellow", EnvironmentState.BROKEN: "red"}


def environments_page(data: EnvironmentList, console: Console, *, details: bool = False) -> RenderableType:
    """Return how many backends are ready, the table of their environments, and how to get the others.

    Args:
        data: The environments.
        console: Where it is printed.
        details: Every version, not only those of the backend and of what it computes with.
    """
    hidden = "all versions" if any(len(one.versions) > FEW_VERSIONS for one in data.environments) else ""
    steps = next_steps(environment_steps(data), console, hidden=hidden, details=details)
    return Group(readiness(data), Text(""), environments_table(data, details=details), *steps)


def readiness(data: EnvironmentList) -> Text:
    """Return how many backends are ready, and which are not."""
    known = data.environments
    named = {
        state: [item.backend for item in known if item.state is state]
        for state in (EnvironmentState.BROKEN, EnvironmentState.MISSING)
    }
    ready = sum(item.state is EnvironmentState.READY for item in known)
    if ready == len(known):
        words = "is ready" if ready == 1 else "are all ready"
        return conclusion(f"{', '.join(item.backend for item in known)} {words} to use.", style="bold green")
    parts = [f"{state.value}: {', '.join(backends)}" for state, backends in named.items() if backends]
    style = STYLES[EnvironmentState.BROKEN if named[EnvironmentState.BROKEN] else EnvironmentState.MISSING]
    return conclusion(f"{ready} of {len(known)} backends are ready to use; {'; '.join(parts)}.", style=f"bold {style}")


def environments_table(data: EnvironmentList, *, details: bool) -> RenderableType:
    """Return the table of environments, and what is wrong with broken ones."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("Backend", "State", "Kind", "Python"):
        table.add_column(title, no_wrap=True)
    if data.sizes_bytes:
        table.add_column("Disk", no_wrap=True, justify="right")
    table.add_column("Versions", overflow="fold")
    for item in data.environments:
        versions = list(item.versions.items())[: None if details else FEW_VERSIONS]
        table.add_row(
            item.backend,
            Text(item.state.value, style=STYLES[item.state]),
            _kind(item),
            item.python_version or "–",
            *([_disk(data.sizes_bytes.get(item.backend))] if data.sizes_bytes else []),
            ", ".join(f"{name} {version}" for name, version in versions) or "–",
        )
    if len(data.sizes_bytes) > 1:
        table.add_row("all", "", "", "", _disk(sum(data.sizes_bytes.values())), "files that they share count in each")
    problems = [Text(f"{item.backend}: {item.problem}", style="red") for item in data.environments if item.problem]
    return Group(table, *problems)


def environment_steps(data: EnvironmentList) -> list[Step]:
    """Return how to build what is missing, and anew what is broken."""
    missing = [item.backend for item in data.environments if item.state is EnvironmentState.MISSING]
    broken = [item.backend for item in data.environments if item.state is EnvironmentState.BROKEN]
    steps = [Step(f"mlipguide env build {' '.join(broken)} --force", "builds what is broken anew")] if broken else []
    if missing:
        steps.append(Step(f"mlipguide env build {' '.join(missing)}", "builds what is missing"))
    if data.unused_bytes:
        steps.append(Step("mlipguide env remove --unused", f"frees {_disk(data.unused_bytes)}: nothing starts them"))
    return steps


def removal_page(data: RemovalReport) -> RenderableType:
    """Return what was removed."""
    lines = [f"Deleted {folder}" for folder in data.removed]
    if data.forgotten is not None:
        lines.append(f"Forgot the adopted interpreter {data.forgotten}; it was left alone.")
    if data.freed_bytes:
        lines.append(f"{_disk(data.freed_bytes)} less on the disk, but for files that others share.")
    return Text("\n".join(lines) or f"{data.backend or 'unused'}: nothing to remove.")


def _kind(item: Environment) -> str:
    """Return whose an environment is, and what it stands on."""
    if item.state is EnvironmentState.MISSING:
        return "–"
    words = item.kind.value if item.owner is None else f"{item.kind.value} by {item.owner}"
    return words if item.on_top_of is None else f"{words}, site's torch"


def _disk(size_bytes: int | None) -> str:
    return "–" if size_bytes is None else f"{size_bytes / 1e9:.2f} GB"
