"""A task in a sentence."""

from __future__ import annotations

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.report.words.formatting import brief

KIND_WORDS = {
    TaskKind.RELAX: "a relaxation",
    TaskKind.SCREEN: "relaxations for screening",
    TaskKind.PHONONS: "phonons in supercells",
    TaskKind.NEB: "a nudged elastic band",
    TaskKind.PRERELAX: "a relaxation before DFT",
}


def task_line(task: Task) -> str:
    """Return the structure, the work and its limit."""
    return ", ".join(
        (
            f"{task.structure.reduced_formula} ({task.structure.source})",
            *_carried(task),
            _work(task),
            f"within {duration(task.budget_s)}",
        )
    )


def task_summary(task: Task) -> str:
    """Return the task in a line: the structure, the work, its limit, and what was asked of the model."""
    about = ", ".join((_work_in_short(task), *_carried(task), f"within {duration(task.budget_s)}"))
    asked = _asked(task)
    return f"{task.structure.reduced_formula} ({task.structure.source}): {about}" + (f"; {asked}" if asked else "")


def _asked(task: Task) -> str:
    """Return what the model must give or reach; empty where nothing was asked."""
    words = [need.value for need in task.needs]
    words += ["commercial use"] if task.commercial else []
    words += [f"with {kind.value.upper()} added" for kind in task.additions]
    limits = ((task.force_mae_ev_per_angstrom, "meV/Å"), (task.energy_mae_ev_per_atom, "meV/atom"))
    words += [f"error at most {limit * 1e3:g} {unit}" for limit, unit in limits if limit is not None]
    return f"asked: {', '.join(words)}" if words else ""


def _work_in_short(task: Task) -> str:
    if task.simulated_time_s is not None:
        return (
            f"{task.atoms:,} atoms, {simulated_time(task.simulated_time_s)} at {task.temperature_k:g} K, "
            f"{task.steps:,} steps of {simulated_time(task.timestep_s)}"
        )
    counts = {
        TaskKind.RELAX: "a relaxation of ",
        TaskKind.SCREEN: f"{task.structures:,} relaxations of ",
        TaskKind.PHONONS: "phonons in supercells of ",
        TaskKind.NEB: f"a band of {task.images:,} images of ",
        TaskKind.PRERELAX: "a relaxation before DFT of ",
    }
    return f"{counts[task.kind]}{task.atoms:,} atoms, about {brief(task.workload.evaluations, number)} evaluations"


def run_words(task: Task) -> str:
    """Return the length of a run in time and steps; of other kinds than molecular dynamics, the evaluations."""
    if task.simulated_time_s is None:
        evaluations = task.workload.evaluations
        low, high = (evaluations.value if end is None else end for end in (evaluations.low, evaluations.high))
        return f"about {evaluations.told(number)} evaluations ({number(low)} to {number(high)})"
    return (
        f"{simulated_time(task.simulated_time_s)} in steps of {simulated_time(task.timestep_s)} ({task.steps:,} steps)"
    )


def _carried(task: Task) -> list[str]:
    """Return what the file says beside atoms and cell, and the run keeps."""
    charge, spin = task.total_charge, task.spin_multiplicity
    words = [] if charge is None else [f"charge {charge:+d}" if charge else "charge 0"]
    words += [] if spin is None else [f"spin multiplicity {spin}"]
    words += [f"{task.held_atoms} of {task.structure.atoms} atoms held"] if task.held_atoms else []
    words += [f"{task.partly_held_atoms} held along some directions"] if task.partly_held_atoms else []
    words += ["own masses"] if task.masses else []
    return words


def _work(task: Task) -> str:
    if task.simulated_time_s is None:
        counts = {TaskKind.SCREEN: f"{task.structures:,} structures of ", TaskKind.NEB: f"{task.images:,} images of "}
        return f"{KIND_WORDS[task.kind]}: {counts.get(task.kind, '')}{task.atoms:,} atoms, {run_words(task)}"
    return (
        f"{task.atoms:,} atoms, {simulated_time(task.simulated_time_s)} at {task.temperature_k:g} K in steps of "
        f"{simulated_time(task.timestep_s)} ({task.steps:,} steps)"
    )
