"""Pages of the product, and what was measured on a GPU beside what was predicted, in Markdown."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.readable import duration, memory
from mlipguide.costmodel.costs import costs_from
from mlipguide.costmodel.transfer_data import device_here
from mlipguide.costmodel.transfer_predictions import gather_known_costs
from mlipguide.hardware.profile_files import build_profile
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Result
from mlipguide.records.timing.bench import Capacity
from mlipguide.records.timing.measurement import Measurement
from mlipguide.report.tables.bench_table import markdown_table
from mlipguide.report.words.formatting import interval
from mlipguide.stats.centres import centre_of

WIDTH = 110
FEWEST_SIZES = 3
"""With which a larger one is predicted."""


def memory_rows(records: Sequence[Measurement], capacities: Iterable[Capacity]) -> list[str]:
    """Return the peak at the largest size of each model and setting, and its prediction from the smaller sizes.

    Args:
        records: Of one machine.
        capacities: The largest systems that were found.
    """
    rows = []
    for (model, setting), members in _groups(records):
        largest = max(one.atoms for one in members)
        below = [one for one in members if one.atoms < largest]
        peaks = [one.peak_memory_bytes for one in members if one.atoms == largest and one.peak_memory_bytes]
        if not peaks or len({one.atoms for one in below}) < FEWEST_SIZES:
            continue
        predicted = costs_from(below).peak_memory_bytes(largest)
        rows.append(
            (model, setting, f"{largest:,}", memory(max(peaks)), *_beside(predicted, float(max(peaks)), memory))
        )
    lines = table(("Model", "Setting", "Atoms", "Peak", "Predicted from below", "Inside"), rows)
    found = []
    for one in capacities:
        own = [item for item in records if (item.model, item.settings) == (one.model, one.settings)]
        fits = one.largest_fitting_atoms
        predicted = costs_from(own).largest_system_atoms(one.memory_bytes) if own else None
        found.append(
            (
                one.model,
                one.settings.dtype,
                "–" if fits is None else f"{fits:,}",
                "–" if one.smallest_failing_atoms is None else f"{one.smallest_failing_atoms:,}",
                *_beside(predicted, fits, lambda atoms: f"{atoms:,.0f}", below=one.smallest_failing_atoms),
            )
        )
    return [*lines, "", *table(("Model", "dtype", "Largest found", "First that failed", "Predicted", "Inside"), found)]


def transfer_rows(records: Sequence[Measurement], machine: Machine) -> list[str]:
    """Return the step times in float32 beside those that published timings of others predict, without this machine."""
    device = device_here(machine, "cuda:0")
    if device is None:
        return ["Of this device no peak rates are known: nothing is predicted."]
    profile, catalogue = build_profile(device, 1), load_catalogue()
    rows = []
    for (model, setting), members in _groups(records):
        card = catalogue.named(model)
        if card is None or not setting.startswith("float32"):
            continue
        known = gather_known_costs(catalogue, [], machine, members[0].structure)
        costs = known.in_code(card, profile, None, 1)
        for atoms in sorted({one.atoms for one in members}):
            steps = [wall for one in members if one.atoms == atoms for wall in one.steady.wall_s]
            seen = centre_of(steps).value
            expected = costs.step_time_s(atoms)
            rows.append((model, f"{atoms:,}", duration(seen), *_beside(expected, seen, duration)))
    return table(("Model", "Atoms", "Step", "Predicted from published timings", "Inside"), rows)


def clock_rows(records: Sequence[Measurement]) -> list[str]:
    """Return what the driver said while samples were taken: lowest clock, reasons, temperature, power, processes."""
    rows = []
    for (model, setting), members in _groups(records):
        states = [one.disturbance for one in members]
        clocks = [one.gpu_clock_share for one in states if one.gpu_clock_share is not None]
        reasons = sorted({reason for one in states for reason in one.gpu_throttle_reasons or ()})
        heat = [one.gpu_temperature_c for one in states if one.gpu_temperature_c is not None]
        power = [one.gpu_power_w for one in states if one.gpu_power_w is not None]
        others = [one.gpu_other_processes for one in states if one.gpu_other_processes is not None]
        rows.append(
            (
                model,
                setting,
                f"{min(clocks):.0%}" if clocks else "–",
                ", ".join(reasons) or "none told",
                f"{max(heat):.0f} °C" if heat else "–",
                f"{max(power):.0f} W" if power else "–",
                f"{max(others)}" if others else "–",
            )
        )
    titles = ("Model", "Setting", "Lowest clock", "Throttled", "Hottest", "Most power", "Other processes")
    return table(titles, rows)


def block(page: Callable[..., Any], data: Any, *rest: Any) -> list[str]:
    """Return a page of the product as it stands in a terminal."""
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    console.print(page(data, console, *rest), crop=False)
    assert isinstance(console.file, io.StringIO)
    return ["```", *(line.rstrip() for line in console.file.getvalue().splitlines()), "```"]


def said(result: Result[Any]) -> list[str]:
    """Return the notices and problems of a command."""
    lines = [f"- {notice.message}" for notice in result.notices]
    return [*lines, *(f"- problem: {one.message} {one.hint}".rstrip() for one in result.errors)]


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown; a sentence where there is nothing to show."""
    return markdown_table(titles, rows, left=len(titles)) if rows else ["Nothing to show."]


def _groups(records: Sequence[Measurement]) -> list[tuple[tuple[str, str], list[Measurement]]]:
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for one in records:
        chosen = "".join(f", {choice.axis} {choice.value}" for choice in one.settings.choices)
        groups.setdefault((one.model, f"{one.settings.dtype}, {one.settings.device}{chosen}"), []).append(one)
    return list(groups.items())


def _beside(
    predicted: Estimate | None, seen: float | None, formatter: Callable[[float], str], *, below: float | None = None
) -> tuple[str, str]:
    """Return a prediction and whether what was seen is inside; ``below``: the end of a range that begins with it."""
    if predicted is None or seen is None:
        return "–", "–"
    inside = predicted.at_least <= (seen if below is None else below) and seen <= predicted.at_most
    return interval(predicted, formatter), "yes" if inside else "no"
