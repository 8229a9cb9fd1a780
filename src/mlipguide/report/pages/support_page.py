"""What ``env verify`` found, as a table: a line for each backend, and one for each model that failed."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.models.support import BackendSupport, Support, SupportTable

STYLES = {
    Support.VERIFIED: "green",
    Support.RUNS: "green",
    Support.TIMED: "cyan",
    Support.ADAPTER: "yellow",
    Support.CARD_ONLY: "dim",
    Support.FAILED: "red",
}
GIGABYTE = 1e9


def support_page(data: SupportTable) -> RenderableType:
    """Return the table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Backend", "Status", "Models", "Python", "Size", "ms/atom"):
        table.add_column(title, no_wrap=True)
    table.add_column("Version", no_wrap=True)
    for one in data.backends:
        size = "–" if one.disk_bytes is None else f"{one.disk_bytes / GIGABYTE:.1f} GB"
        table.add_row(
            one.backend,
            Text(one.support.value, style=STYLES[one.support]),
            _counted(one),
            one.python_version or "–",
            size,
            _times(one),
            one.versions.get(one.backend, "–"),
        )
    lines = [
        Text(f"{model.model}: {model.problem}", style=STYLES[Support.FAILED])
        for one in data.backends
        for model in one.models
        if model.support is Support.FAILED
    ]
    lines += [Text(f"{one.backend}: {one.problem}", style=STYLES[one.support]) for one in data.backends if one.problem]
    return Group(table, *lines)


def _counted(one: BackendSupport) -> str:
    counts = {kind: sum(model.support is kind for model in one.models) for kind in Support}
    return ", ".join(f"{count} {kind.value}" for kind, count in counts.items() if count) or "–"


def _times(one: BackendSupport) -> str:
    times = [model.step_ms_per_atom for model in one.models if model.step_ms_per_atom is not None]
    if not times:
        return "–"
    low, high = min(times), max(times)
    return f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"
