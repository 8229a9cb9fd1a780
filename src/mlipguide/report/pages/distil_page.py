"""The answer of ``mlipguide train distil`` in the terminal: rounds, the long run, speeds, and what to do with it."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.training.distillation import Distillation, ForceError, Round, RunComparison
from mlipguide.report.tables.checks_table import checks_table
from mlipguide.report.words.formatting import estimated
from mlipguide.report.words.pilot_words import mev


def distil_page(data: Distillation, _console: Console) -> RenderableType:
    """Return the page."""
    lines = [
        f"Teacher  {data.teacher}: {data.labels} labels of {data.cell_atoms} atoms in {duration(data.label_time_s)}",
        f"For      {data.structure.source} at {data.temperature_k:g} K, steps of {simulated_time(data.timestep_s)}",
    ]
    parts: list[RenderableType] = [
        *(Text(line) for line in lines),
        Text(""),
        _rounds(data),
        Text(f"Ended: {data.ended_because}. In all {duration(data.spent_s)}.", style="dim"),
        Text(
            "Force MAE in meV/Å and as a share of the root mean square of the forces: on a run of the teacher that "
            "nothing was taken from; on frames of the student's own run, labelled afterwards."
            + (" The kept round was chosen by these errors." if len(data.rounds) > 1 else ""),
            style="dim",
        ),
        Text(""),
        Text("A long run beside the teacher's", style="bold"),
        *(Text(line) for line in _run(data.comparison)),
        *checks_table(data.checks),
        Text(""),
        Text("Speed", style="bold"),
        *(Text(line) for line in _speed(data)),
        Text(""),
        Text(data.verdict, style="bold green" if data.potential is not None else "bold red"),
        *(Text(line) for line in _next(data)),
    ]
    return Group(*parts)


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
    return mev(error.force_mae_ev_per_angstrom), f"{error.relative:.1%}"


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


def _next(data: Distillation) -> list[str]:
    if data.potential is None or data.model is None:
        return [f"Everything is kept in {data.folder}; the same call with a longer --budget goes on from there."]
    return [
        f"Known as {data.model}; its files, card and inputs: {data.folder}",
        f"Next: mlipguide recommend STRUCTURE --models {data.model},{data.teacher}",
    ]
