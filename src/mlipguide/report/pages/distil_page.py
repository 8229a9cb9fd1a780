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
        conclusion(_readiness(data), data.verdict, _speed_words(data), style=style),
        Text(""),
        facts_grid(_head(data, details=details)),
        Text(""),
        _rounds(data),
        *notes(
            [
                f"{_errors_legend(data)} Ended: {data.ended_because}, after {duration(data.spent_s)}.",
                explained("teacher", "student", "held-out"),
            ]
        ),
        Text(""),
        *checks_table(data.checks, limits=details),
    ]
    hidden = "step times, long run beside the teacher's, sources of the limits"
    return Group(*parts, *next_steps(_next(data, given, again), console, hidden=hidden, details=details))


def _readiness(data: Distillation) -> str:
    if data.potential is None or data.model is None:
        return f"No student of {data.teacher} is handed over yet."
    return f"{data.model} is ready."


def _head(data: Distillation, *, details: bool) -> list[tuple[str, str]]:
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


def _errors_legend(data: Distillation) -> str:
    return (
        "Force MAE in meV/Å (90 % interval) and share of the forces: on a held-out run of the teacher; on frames of "
        "the student's own run." + (" The kept round was chosen by these errors." if len(data.rounds) > 1 else "")
    )


def _speed_words(data: Distillation) -> str:
    return f"It is {with_interval(data.speed_up, number)} times as fast as {data.teacher}."


def _rounds(data: Distillation) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Round")
    for title in ("Frames", "Training", "Held-out run", "", "Own run", "", "Energy"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in data.rounds:
        table.add_row(*_row(one, kept=one.number == data.best))
    return table


def _row(one: Round, *, kept: bool) -> tuple[str, ...]:
    own = ("flew apart" if one.diverged else "–", "") if one.own_frames is None else _error(one.own_frames)
    return (
        f"{one.number}{' kept' if kept else ''}",
        f"{one.training_frames:,}",
        duration(one.train_s),
        *_error(one.held_out),
        *own,
        f"{mev(one.held_out.energy_mae_ev_per_atom)} meV/atom",
    )


def _error(error: ForceError) -> tuple[str, str]:
    interval = error.force_interval_ev_per_angstrom
    low, high = (None, None) if interval is None else interval
    mae = Estimate(
        value=error.force_mae_ev_per_angstrom, low=low, high=high, basis=Basis.MEASURED, source="held-out frames"
    )
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


def _next(data: Distillation, given: str, again: str) -> list[Step]:
    folder = shlex.quote(data.folder)
    if data.potential is None or data.model is None:
        words = " ".join(filter(None, [f"mlipguide train distil {given} --teacher {data.teacher}", again]))
        return [Step(f"{words} --folder {folder} --budget 2h", "goes on from there with more time")]
    return [
        Step(f"mlipguide recommend {given} --models {data.model},{data.teacher}", "how long your run takes with it"),
        Step(f"ls {folder}", "its files, card and inputs"),
    ]
