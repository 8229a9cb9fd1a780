"""The answer of ``mlipguide train fit`` in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.training import DomainOfValidity, ReplayDrift, Span
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.pilot_page import groups_table
from mlipguide.report.tables.checks_table import checks_table
from mlipguide.report.words.pilot_words import between, errors_words, label, mev


def fit_page(data: FitData, console: Console) -> RenderableType:
    """Return the page, laid out for the width of ``console``."""
    del console
    one = data.potential
    name = label(one.recipe.engine, one.recipe.size)
    lines = [
        f"Machine  {machine_line(data.machine)}",
        (
            f"Model    {data.model}: {name}, {one.parameters:,} parameters, on {one.frames} frames in "
            f"{duration(one.train_s)}"
        ),
        *_tuning(data),
        f"Folder   {one.folder}",
        "",
    ]
    parts: list[RenderableType] = [Text(line, overflow="fold") for line in lines]
    parts.append(Text(f"On {one.errors.frames} frames that it has not learned from", style="bold"))
    parts.append(Text(errors_words(one.errors)))
    if one.groups:
        parts.append(groups_table(one))
    if data.replay is not None:
        parts += [Text(""), Text("What it remembers", style="bold"), Text(_remembered(data.replay))]
    parts += [Text(""), Text("How it runs", style="bold"), *(Text(f"· {line}") for line in _running(data))]
    if data.checks:
        parts += [Text(""), *checks_table(data.checks)]
    parts += [Text(""), Text("What it holds for", style="bold"), *(Text(f"· {line}") for line in _domain(data.domain))]
    parts += [Text(""), Text("Next", style="bold"), *(Text(f"  {line}", overflow="fold") for line in _next(data))]
    return Group(*parts)


def _tuning(data: FitData) -> list[str]:
    recipe = data.potential.recipe
    if recipe.base_model is None:
        return []
    frozen = recipe.options.get("frozen_layers")
    words = f"From     {recipe.base_model}, "
    return [words + (f"embedding and first {frozen} of its layers frozen" if frozen else "all layers trained")]


def _running(data: FitData) -> list[str]:
    one, check = data.potential, data.dynamics
    lines = []
    if one.time_per_atom_s is not None:
        lines.append(f"{number(one.time_per_atom_s.value * 1e6)} µs for an atom and a step.")
    lines.append(
        f"{simulated_time(check.steps * check.timestep_s)} at constant energy from {check.temperature_k:.0f} K: "
        f"stable, total energy changed by {mev(abs(check.energy_change_ev_per_atom))} meV/atom."
        + (" The temperature is assumed: --temperature says what it is for." if check.temperature_assumed else "")
    )
    if data.committee is not None:
        known = data.committee
        words = f"A committee of {known.members} disagrees by {mev(known.spread_ev_per_angstrom)} meV/Å"
        words += f"; errors are {known.error_over_spread:.2g} times that"
        lines.append(words + ("." if known.correlation is None else f" (rank correlation {known.correlation:.2f})."))
    if data.learning_curve is not None:
        last = data.learning_curve.curve[-1]
        lines.append(
            f"With {last.frames:,} frames, four times the data, it would have "
            f"{between(last.force_mae_ev_per_angstrom)} meV/Å."
        )
    return lines


def _remembered(known: ReplayDrift) -> str:
    return (
        f"On {known.held_out} of the {known.structures} structures of --replay, not learned from, it is off the base "
        f"model by {mev(known.force_mae_ev_per_angstrom)} meV/Å and {mev(known.energy_mae_ev_per_atom)} meV/atom; "
        f"forces there are {mev(known.mean_force_ev_per_angstrom)} meV/Å in the mean."
    )


def _domain(domain: DomainOfValidity) -> list[str]:
    groups = ", ".join(f"{name} ({count})" for name, count in domain.groups.items() if name)
    lines = [f"{', '.join(domain.elements)}" + (f": {groups}." if groups else ".")]
    for what, unit, span in (
        ("Density", "g/cm³ (of slabs with their vacuum)", domain.density_g_per_cm3),
        ("Pressure", "GPa", domain.pressure_gpa),
        ("Temperature", "K", domain.temperature_k),
    ):
        if span is not None:
            lines.append(f"{what} {_span(span)} {unit}.")
    if domain.nearest_angstrom:
        pairs = ", ".join(f"{pair} {distance:.2f} Å" for pair, distance in domain.nearest_angstrom.items())
        lines.append(f"No two atoms nearer than {pairs}.")
    return lines


def _span(span: Span) -> str:
    return f"{number(span.low)} to {number(span.high)}"


def _next(data: FitData) -> list[str]:
    return [
        f"mlipguide bench STRUCTURE --models {data.model}",
        f"mlipguide recommend STRUCTURE --models {data.model},…",
        "run_ase.py and the other inputs in the folder run as they are.",
    ]
