"""The answer of ``mlipguide bench`` in the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory
from mlipguide.records.bench import BenchData
from mlipguide.records.measurement import Weights
from mlipguide.report.formatting import estimated, spread
from mlipguide.report.machine_page import machine_line


def bench_page(data: BenchData) -> RenderableType:
    """Return the table of sizes and the laws fitted to them."""
    sizes = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("Model", "Atoms", "Pairs/atom", "Step", "", "µs/atom", "Model's share", "Peak", "Steps"):
        sizes.add_column(title, justify="left" if title == "Model" else "right", no_wrap=True)
    for item in data.measurements:
        name = item.model + (" *" if item.weights is Weights.SYNTHETIC else "")
        sizes.add_row(
            name,
            f"{item.atoms:,}",
            f"{item.pairs_per_atom:.1f}",
            duration(item.step_time_s.value),
            spread(item.step_time_s),
            f"{item.step_time_s.value / item.atoms * 1e6:,.0f}",
            f"{item.energy_forces_time_s.value / item.step_time_s.value:.0%}",
            estimated(item.peak_memory_bytes, memory),
            str(item.samples),
        )
    laws = [
        f"{fit.model}: {duration(fit.fixed_time_s)} + {fit.time_per_atom_s * 1e6:,.0f} µs/atom "
        f"(±{max(fit.relative_half_width, 0.01):.0%} within {fit.smallest_atoms}–{fit.largest_atoms} atoms)"
        + (
            ""
            if fit.memory_per_atom_bytes is None or fit.fixed_memory_bytes is None
            else f"; {memory(fit.fixed_memory_bytes)} + {memory(fit.memory_per_atom_bytes)}/atom"
        )
        for fit in data.fits
    ]
    settings = data.measurements[0].settings
    return Group(
        Text(f"Machine  {machine_line(data.machine)}"),
        Text(
            f"Settings {settings.device}, {settings.threads} threads, {settings.dtype}, driver {settings.driver}, "
            f"allocator {settings.allocator.value}"
        ),
        Text(""),
        sizes,
        Text("* random weights in the published architecture" if _synthetic(data) else "", style="dim"),
        *(Text(law) for law in laws),
    )


def _synthetic(data: BenchData) -> bool:
    return any(item.weights is Weights.SYNTHETIC for item in data.measurements)
