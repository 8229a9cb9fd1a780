"""What the training data of a strategy cost: by reference calculations, or by a model that teaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlipguide.advice.prices.reference_cost import reference_cost
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import LabelPrice, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate, around, nothing
from mlipguide.records.task.task import Task

SMALLEST_CELL, LARGEST_CELL = 24, 200
"""Atoms of the cells that are labelled: large enough for the cutoff, small enough for DFT (mace #147: at most 300)."""
STEPS_PER_LABEL = Estimate(value=10.0, low=5.0, high=20.0, basis=Basis.TRIAL, source="mlipguide_engine_trials")
"""Steps of the teacher for one label, since frames must differ: 140 frames of 28 atoms took ten minutes at 10 to 20 ms
for an atom and a step."""
SMALL_CELL_REACH = 2.0
"""What an atom costs in a small cell differs by this factor from what it costs in a large one."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The price of training data, and its arithmetic in sentences."""

    price: LabelPrice
    words: tuple[str, ...] = ()


def label_atoms(task: Task) -> int:
    """Return the number of atoms of the cells that would be labelled."""
    if task.reference is not None and task.reference.atoms is not None:
        return task.reference.atoms
    atoms = task.structure.atoms
    if not any(task.structure.periodic):
        return atoms
    if atoms < SMALLEST_CELL:
        return atoms * -(-SMALLEST_CELL // atoms)
    return min(atoms, LARGEST_CELL)


def no_labels(atoms: int, why: str, *words: str) -> Labels:
    """Return the price of no labels at all, and why none are needed."""
    none = nothing(why)
    price = LabelPrice(frames=none, atoms=atoms, reference_core_hours=none, wall_time_s=none)
    return Labels(price=price, words=words)


def reference_labels(frames: Estimate, task: Task, hardware: StrategyHardware, *, atoms: int | None = None) -> Labels:
    """Return the price of labels by reference calculations.

    They run on the cores that the user names for them, else on all cores here.

    Args:
        frames: To be labelled.
        task: What is wanted.
        hardware: Where they run.
        atoms: In each; None: as :func:`label_atoms` says.
    """
    atoms = atoms or label_atoms(task)
    each = reference_cost(task.structure, atoms, task.reference)
    cores = hardware.cores if task.reference is None else float(task.reference.cores)
    core_hours = each.estimate.times(frames)
    wall_time = core_hours.scaled(3600 / cores)
    words = (
        f"Labels: {frames.told(number)} frames of {atoms} atoms are {core_hours.told(number)} core-hours, "
        f"{wall_time.told(duration)} on {cores:g} cores."
    )
    price = LabelPrice(frames=frames, atoms=atoms, reference_core_hours=core_hours, wall_time_s=wall_time)
    return Labels(price=price, words=(each.words, words))


def further_labels(
    frames: Estimate, at_hand: int, task: Task, hardware: StrategyHardware, *, frame_atoms: int | None
) -> Labels:
    """Return the price of the labels that are still missing.

    Args:
        frames: To be learned from in all.
        at_hand: That are labelled already.
        task: What is wanted.
        hardware: Where reference calculations run.
        frame_atoms: Atoms of the frames that are there, which the others are taken to be like; None where not known.
    """
    stated = None if task.reference is None else task.reference.atoms
    atoms = stated or frame_atoms or label_atoms(task)
    if at_hand >= max(frames.value, frames.at_most):
        words = f"Labels: {at_hand:,} frames are labelled already; no more are needed."
        return no_labels(atoms, "labels at hand", words)
    missing = reference_labels(frames.less(at_hand), task, hardware, atoms=atoms)
    if not at_hand:
        return missing
    there = f"Labels: {at_hand:,} of {frames.told(number)} frames are there already."
    return replace(missing, words=(there, *missing.words))


def distilled_labels(frames: Estimate, teacher: Candidate, task: Task, label_step_s: Estimate | None = None) -> Labels:
    """Return the price of labels by a model.

    Args:
        frames: To be labelled.
        teacher: The model, with the time of its step.
        task: What is wanted.
        label_step_s: The teacher's step in a cell of :func:`label_atoms`; None: as for an atom of the task.
    """
    atoms = label_atoms(task)
    step = label_step_s or small_cell_step(teacher, task)
    wall_time = step.times(STEPS_PER_LABEL).times(frames)
    words = (
        f"Labels: {frames.told(number)} frames of {atoms} atoms by {teacher.name}, {STEPS_PER_LABEL.told(number)} "
        f"steps of {step.told(duration)} for each, are {wall_time.told(duration)}."
    )
    by_model = nothing("labelled by a model")
    price = LabelPrice(frames=frames, atoms=atoms, reference_core_hours=by_model, wall_time_s=wall_time)
    return Labels(price=price, words=(words,))


def small_cell_step(candidate: Candidate, task: Task) -> Estimate:
    """Return the time of a step in a cell that is labelled, from the time for an atom in the task's system."""
    assert candidate.step_time_s is not None
    scaled = candidate.step_time_s.scaled(label_atoms(task) / task.atoms)
    less_trusted = max((scaled.basis, Basis.EXTRAPOLATED), key=lambda one: one.rank)
    return scaled.times(around(1.0, SMALL_CELL_REACH, basis=less_trusted, source=scaled.source))
