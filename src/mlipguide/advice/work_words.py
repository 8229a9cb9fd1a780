"""A task's work in words: how many steps or evaluations, of how many atoms, and what they are for."""

from __future__ import annotations

from mlipguide.core.readable import duration, number
from mlipguide.records.task.task import DftSaving, Task, TaskKind


def work_words(task: Task) -> str:
    """Return how much there is to compute, such as ``50,000 steps of 2,000 atoms``."""
    if task.kind is TaskKind.MD:
        return f"{task.steps:,} steps of {task.atoms:,} atoms"
    return f"about {task.workload.evaluations.told(number)} evaluations of {task.atoms:,} atoms"


def action_words(task: Task, model: str) -> str:
    """Return what to do with a model, as the first half of a sentence."""
    about = f"about {task.workload.evaluations.told(number)} evaluations"
    actions = {
        TaskKind.MD: f"Run {task.steps:,} steps of {task.timestep_s * 1e15:g} fs with {model}",
        TaskKind.RELAX: f"Relax the structure with {model}, {about}",
        TaskKind.SCREEN: f"Relax the {task.structures:,} structures with {model}, {about} in all",
        TaskKind.PHONONS: f"Relax the cell tightly and evaluate the displaced supercells of {task.atoms:,} atoms with "
        f"{model}, {about} or fewer with symmetry",
        TaskKind.NEB: f"Run the band of {task.images:,} images with {model}, {about} in all",
        TaskKind.PRERELAX: f"Relax the structure with {model}, {about}, and start DFT from there",
    }
    return actions[task.kind]


def saving_words(saving: DftSaving) -> str:
    """Return what a relaxation beforehand saves, in time where an ionic step of DFT has a price."""
    saved = saving.wall_time_s
    if saved is None:
        return saving.reason
    low, high = (saved.value if end is None else end for end in (saved.low, saved.high))
    return f"{saving.reason} That is {saved.told(duration)} ({duration(low)} to {duration(high)}) for each structure."
