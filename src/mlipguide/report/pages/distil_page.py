"""The answer of ``mlipguide train distil`` in the terminal: rounds, the long run, speeds, and what to do with it."""

from __future__ import annotations

import shlex

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.training.distillation import Distillation, ForceError, Round, RunComparison
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, notes
from mlipguide.report.tables.checks_table import checks_table
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import estimated, with_interval
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import between, mev

ROUND_TITLES = ("Round", "Frames", "Training", "Held-out run", "", "Own run", "", "Energy")


def distil_page(
    data: Distillation, console: Console, *, given: str = STRUCTURE, again: str = "", details: bool = False
) -> RenderableType:
    """Return the page.

    Args:
        data: What came of it.
        console: Where it is printed.
        given: The structure as it was given, for the next commands.
        again: The options that were given, for the same call with more time.
        details: How the errors were taken, and where each time was measured.
    """
    style = "bold green" if data.potential is not None else "bold red"
    parts: list[RenderableType] = [
        conclusion(*sentences(data), style=style),
        Text(""),
        facts_grid(facts(data, details=details)),
        Text(""),
        _rounds(data),
        *notes(
            [
                rounds_legend(data),
                explained("teacher", "student", "held-out"),
            ]
        ),
        Text(""),
        *checks_table(data.checks, limits=details),
    ]
    hidden = "step times, long run beside the teacher's, sources of the limits"
    return Group(*parts, *next_steps(what_next(data, given, again), console, hidden=hidden, details=details))


def sentences(data: Distillation) -> tuple[str, ...]:
    """Return whether there is a student, whether it may be used, and how much faster it is."""
    return _readiness(data), data.verdict, _speed_words(data)


def _readiness(data: Distillation) -> str:
    if data.potential is None or data.model is None:
        return f"No student of {data.teacher} is handed over yet."
    return f"{data.model} is ready."


def facts(data: Distillation, *, details: bool) -> list[tuple[str, str]]:
    """Return the teacher with its labels, and what it is for; with ``details`` step times and the long run."""
    rows = [
        (
            "Teacher",
            f"{data.teacher}: {data.labels} labels of {data.cell_atoms} atoms in {duration(data.label_time_s)}",
        ),
        (
            "For",
            f"{data.structure.source} at {data.temperature_k:g} K, steps of {simulated_time(data.timestep_s)}",
        ),
    ]
    if details:
        rows += [("Speed", words) for words in _speed(data)]
        rows += [("Long run", words) for words in _run(data.comparison)]
    return rows


def rounds_legend(data: Distillation) -> str:
    """Return what the errors of the rounds are, and why there was no further one."""
    return (
        "Force MAE in meV/Å (90 % interval) and share of the forces: on a held-out run of the teacher; on frames of "
        "the student's own run."
        + (" The kept round was chosen by these errors." if len(data.rounds) > 1 else "")
        + f" Ended: {data.ended_because}, after {duration(data.spent_s)}."
    )


def _speed_words(data: Distillation) -> str:
    return f"It is {with_interval(data.speed_up, number)} times as fast as {data.teacher}."


def _rounds(data: Distillation) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(ROUND_TITLES[0])
    for title in ROUND_TITLES[1:]:
        table.add_column(title, justify="right", no_wrap=True)
    for one in data.rounds:
        table.add_row(*round_cells(one, kept=one.number == data.best))
    return table


def round_cells(one: Round, *, kept: bool) -> tuple[str, ...]:
    """Return what stands in the columns of ``ROUND_TITLES``."""
    own = ("flew apart" if one.diverged else "–", "") if one.own_frames is None else _error(one.own_frames)
    return (
        f"{one.number}{' kept' if kept else ''}",
        f"{one.training_frames:,}",
        duration(one.train_s),
        *_error(one.held_out),
        *own,
        f"{mev(one.held_out.energy_mae_ev_per_atom)} meV/atom",
    )


def force_mae(error: ForceError) -> Estimate:
    """Return a force error with its interval, eV/Å."""
    interval = error.force_interval_ev_per_angstrom
    low, high = (None, None) if interval is None else interval
    return Estimate(
        value=error.force_mae_ev_per_angstrom, low=low, high=high, basis=Basis.MEASURED, source="held-out frames"
    )


def _error(error: ForceError) -> tuple[str, str]:
    mae = force_mae(error)
    return between(mae), f"{error.relative:.0%}" if mae.digits < 3 else f"{error.relative:.1%}"  # noqa: PLR2004


def _run(run: RunComparison) -> list[str]:
    length = simulated_time(run.simulated_time_s)
    if not run.stable:
        return [f"It flew apart after {length} at {run.temperature_k:g} K."]
    settled = "" if run.teacher_settled_after_s is not None else ", not settled"
    beside = f"{run.teacher_temperature_k:.0f} K{settled}"
    if run.teacher_simulated_time_s is not None:
        beside = f"{simulated_time(run.teacher_simulated_time_s)} at {beside}"
    return [f"{length} at {run.temperature_k:g} K, stable (teacher {beside})."]


def _speed(data: Distillation) -> list[str]:
    def micro(value: float) -> str:
        return number(value * 1e6)

    words = (
        f"Teacher {estimated(data.teacher_step_time_per_atom_s, micro)} µs, "
        f"student {estimated(data.student_step_time_per_atom_s, micro)} µs for an atom and a step: "
        f"{estimated(data.speed_up, number)} times faster."
    )
    sizes = f"Teacher in the cell of {data.cell_atoms} atoms; student: {data.student_step_time_per_atom_s.source}."
    return [words, sizes]


def what_next(data: Distillation, given: str, again: str) -> list[Step]:
    """Return how to use the student; where there is none, the same with more time."""
    folder = shlex.quote(data.folder)
    if data.potential is None or data.model is None:
        words = " ".join(filter(None, [f"mlipguide train distil {given} --teacher {data.teacher}", again]))
        return [Step(f"{words} --folder {folder} --budget 2h", "goes on from there with more time")]
    return [
        Step(f"mlipguide recommend {given} --models {data.model},{data.teacher}", "how long your run takes with it"),
        Step(f"ls {folder}", "its files, card and inputs"),
    ]
