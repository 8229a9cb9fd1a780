"""The answer of ``mlipguide bench`` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory
from mlipguide.records.bench import BenchData, SizeResult
from mlipguide.records.measurement import Weights
from mlipguide.report.formatting import estimated, spread
from mlipguide.report.machine_page import machine_line

WIDE = 120


def bench_page(data: BenchData, console: Console) -> RenderableType:
    """Return the table of sizes, one for each model where ``console`` is narrow, and the laws fitted to them."""
    by_model: dict[str, list[SizeResult]] = {}
    for item in data.measurements:
        by_model.setdefault(_name(item), []).append(item)
    if console.width >= WIDE:
        tables: list[RenderableType] = [sizes_table(data.measurements, with_model=True)]
    else:
        tables = []
        for name, items in by_model.items():
            tables += [Text(name, style="bold"), sizes_table(items, with_model=False)]
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
        *tables,
        Text("* random weights in the published architecture" if _synthetic(data) else "", style="dim"),
        *(Text(law) for law in laws),
    )


def sizes_table(measurements: Sequence[SizeResult], *, with_model: bool) -> Table:
    """Return one row for each size, with the model's name or without."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    if with_model:
        table.add_column("Model", no_wrap=True)
    for title in ("Atoms", "Pairs/atom", "Step", "", "µs/atom", "Model's share", "Peak", "Steps"):
        table.add_column(title, justify="right", no_wrap=True)
    for item in measurements:
        table.add_row(
            *([_name(item)] if with_model else []),
            f"{item.atoms:,}",
            f"{item.pairs_per_atom:.1f}",
            duration(item.step_time_s.value),
            spread(item.step_time_s),
            f"{item.step_time_s.value / item.atoms * 1e6:,.0f}",
            f"{item.energy_forces_time_s.value / item.step_time_s.value:.0%}",
            estimated(item.peak_memory_bytes, memory),
            str(item.samples),
        )
    return table


def _name(item: SizeResult) -> str:
    return item.model + (" *" if item.weights is Weights.SYNTHETIC else "")


def _synthetic(data: BenchData) -> bool:
    return any(item.weights is Weights.SYNTHETIC for item in data.measurements)
