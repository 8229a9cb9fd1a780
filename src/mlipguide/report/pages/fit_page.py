"""The answer of ``mlipguide train fit`` in the terminal."""

from __future__ import annotations

import shlex

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.training import DomainOfValidity, ReplayDrift, Span
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, notes, section
from mlipguide.report.pages.pilot_page import groups_table
from mlipguide.report.tables.checks_table import checks_table
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import between, errors_words, label, mev

MOST_LINES = 1
"""Of how it runs, without ``--details``."""


def fit_page(data: FitData, console: Console, *, given: str = STRUCTURE, details: bool = False) -> RenderableType:
    """Return the page.

    Args:
        data: What the fit left.
        console: Where it is printed.
        given: A structure for the next commands.
        details: Errors by group, committee, learning curve, and shortest distances.
    """
    one = data.potential
    style = "bold red" if failed(data) else "bold green"
    parts: list[RenderableType] = [conclusion(*sentences(data), style=style), Text(""), facts_grid(facts(data))]
    if one.groups and details:
        parts += [Text(""), Text(groups_title(data), style="bold"), groups_table(one)]
    if data.replay is not None:
        parts += section("What it remembers", [_remembered(data.replay)])
    if data.checks:
        parts += [Text(""), *checks_table(data.checks)]
    parts += section("How it runs", _running(data) if details else _running(data)[:MOST_LINES])
    parts += section("Valid for", _domain(data.domain, details=details))
    parts += notes([explained("held-out", "frames")])
    hidden = "errors by group, committee, learning curve, distances"
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def failed(data: FitData) -> list[str]:
    """Return the titles of the checks that it failed."""
    return [check.title for check in data.checks if check.verdict is CheckVerdict.FAILED]


def sentences(data: FitData) -> tuple[str, ...]:
    """Return whether the potential may be used, with its errors and what it costs."""
    one = data.potential
    words = f"{errors_words(one.errors)} on {one.errors.frames} held-out frames"
    if failed(data):
        return f"{data.model} failed {', '.join(failed(data))}: do not use it.", f"Its {words}."
    speed = "" if one.time_per_atom_s is None else f"; {_micro(one.time_per_atom_s)} µs for an atom and a step"
    return (f"{data.model} is ready: {words}{speed}.",)


def told(data: FitData) -> list[tuple[str, str]]:
    """Return all that the page tells in sections, as names and sentences."""
    remembered = [] if data.replay is None else [("What it remembers", _remembered(data.replay))]
    return [
        *remembered,
        ("How it runs", " ".join(_running(data))),
        ("Valid for", " ".join(_domain(data.domain, details=True))),
    ]


def groups_title(data: FitData) -> str:
    """Return what the table of groups shows."""
    return f"By group, {data.potential.errors.frames} held-out frames"


def _micro(time_per_atom_s: Estimate) -> str:
    return time_per_atom_s.scaled(1e6).told(number)


def facts(data: FitData) -> list[tuple[str, str]]:
    """Return machine, model and folder."""
    one = data.potential
    name = label(one.recipe.engine, one.recipe.size)
    return [
        ("Machine", machine_line(data.machine)),
        ("Model", f"{name}, {one.parameters:,} parameters, on {one.frames} frames in {duration(one.train_s)}"),
        *_tuning(data),
        ("Folder", one.folder),
    ]


def _tuning(data: FitData) -> list[tuple[str, str]]:
    recipe = data.potential.recipe
    if recipe.base_model is None:
        return []
    frozen = recipe.options.get("frozen_layers")
    trained = f"embedding and first {frozen} of its layers frozen" if frozen else "all layers trained"
    return [("From", f"{recipe.base_model}, {trained}")]


def _running(data: FitData) -> list[str]:
    check = data.dynamics
    lines = [
        f"{simulated_time(check.steps * check.timestep_s)} at constant energy from {check.temperature_k:.0f} K: "
        f"stable, total energy changed by {mev(abs(check.energy_change_ev_per_atom))} meV/atom."
        + (" The temperature is assumed: --temperature says what it is for." if check.temperature_assumed else "")
    ]
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


def _domain(domain: DomainOfValidity, *, details: bool) -> list[str]:
    groups = ", ".join(f"{name} ({count})" for name, count in domain.groups.items() if name)
    lines = [f"{', '.join(domain.elements)}" + (f": {groups}." if groups else ".")]
    for what, unit, span in (
        ("Density", "g/cm³ (of slabs with their vacuum)", domain.density_g_per_cm3),
        ("Pressure", "GPa", domain.pressure_gpa),
        ("Temperature", "K", domain.temperature_k),
    ):
        if span is not None:
            lines.append(f"{what} {_span(span)} {unit}.")
    if domain.nearest_angstrom and details:
        pairs = ", ".join(f"{pair} {distance:.2f} Å" for pair, distance in domain.nearest_angstrom.items())
        lines.append(f"No two atoms nearer than {pairs}.")
    return lines


def _span(span: Span) -> str:
    return f"{number(span.low)} to {number(span.high)}"


def what_next(data: FitData, given: str) -> list[Step]:
    """Return how to use the potential."""
    return [
        Step(f"mlipguide recommend {given} --models {data.model}", "how long your run takes with it"),
        Step(f"mlipguide stability {given} --models {data.model}", "whether your run would be stable"),
        Step(f"ls {shlex.quote(data.potential.folder)}", "run_ase.py and other inputs that run as they are"),
    ]
