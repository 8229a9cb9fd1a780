"""A task in a sentence."""

from __future__ import annotations

from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.task.task import Task, TaskKind

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
