"""What the training data of a strategy cost: by reference (DFT) calculations, or by a model that teaches."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.advice.prices.reference_cost import reference_cost
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import LabelPrice, StrategyHardware
from mlipguide.records.estimate import Basis, Estimate, around, less_trusted, nothing
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


def label_atoms(task: Task, frame_atoms: int | None = None) -> int:
    """Return the number of atoms of the cells that would be labelled: as the user says, as in frames that are there."""
    stated, atoms = None if task.reference is None else task.reference.atoms, task.structure.atoms
    if stated is not None or frame_atoms is not None or not any(task.structure.periodic):
        return stated or frame_atoms or atoms
    return min(atoms * -(-SMALLEST_CELL // atoms), LARGEST_CELL)


def no_labels(atoms: int, why: str, *words: str) -> Labels:
    """Return the price of no labels at all, and why none are needed."""
    none = nothing(why)
    return Labels(price=LabelPrice(frames=none, atoms=atoms, reference_core_hours=none, wall_time_s=none), words=words)


def reference_labels(
    frames: Estimate, task: Task, hardware: StrategyHardware, *, at_hand: int = 0, frame_atoms: int | None = None
) -> Labels:
    """Return the price of labels by reference calculations, on the cores that the user names, else on all cores here.

    Args:
        frames: To be learned from in all.
        task: What is wanted.
        hardware: Where they run.
        at_hand: Frames that are labelled already.
        frame_atoms: Atoms of these, which the others are taken to be like; None where there are none.
    """
    atoms = label_atoms(task, frame_atoms)
    if at_hand >= max(frames.value, frames.at_most):
        words = f"Labels: {at_hand:,} frames are labelled already; no more are needed."
        return no_labels(atoms, "labels at hand", words)
    there = f"Labels: {at_hand:,} of {frames.told(number)} frames are there already."
    missing = frames.less(at_hand) if at_hand else frames
    each = reference_cost(task.structure, atoms, task.reference)
    cores = hardware.cores if task.reference is None else float(task.reference.cores)
    core_hours = each.estimate.times(missing)
    wall_time = core_hours.scaled(3600 / cores)
    words = (
        f"Labels: {missing.told(number)} frames of {atoms} atoms are {core_hours.told(number)} core-hours, "
        f"{wall_time.told(duration)} on {cores:g} cores."
    )
    return Labels(
        price=LabelPrice(frames=missing, atoms=atoms, reference_core_hours=core_hours, wall_time_s=wall_time),
        words=(*([there] if at_hand else []), each.words, words),
    )


def distilled_labels(frames: Estimate, teacher: Candidate, task: Task, label_step_s: Estimate | None = None) -> Labels:
    """Return the price of labels by a model.

    Args:
        frames: To be labelled.
        teacher: The model, with the time of its step.
        task: What is wanted.
        label_step_s: The teacher's step in a cell of :func:`label_atoms`; None: as for an atom of the task.
    """
    atoms = label_atoms(task)
    step = label_step_s or _small_cell_step(teacher, atoms / task.atoms)
    wall_time = step.times(STEPS_PER_LABEL).times(frames)
    words = (
        f"Labels: {frames.told(number)} frames of {atoms} atoms by {teacher.name}, {STEPS_PER_LABEL.told(number)} "
        f"steps of {step.told(duration)} for each, are {wall_time.told(duration)}."
    )
    return by_a_model(frames, atoms, wall_time, words)


def by_a_model(frames: Estimate, atoms: int, wall_time_s: Estimate, words: str) -> Labels:
    """Return the price of labels without any reference calculation."""
    none = nothing("labelled by a model")
    price = LabelPrice(frames=frames, atoms=atoms, reference_core_hours=none, wall_time_s=wall_time_s)
    return Labels(price=price, words=(words,))


def _small_cell_step(candidate: Candidate, share: float) -> Estimate:
    """Return the time of a step in a cell that is labelled, from the time for an atom in the task's system."""
    assert candidate.step_time_s is not None
    scaled = candidate.step_time_s.scaled(share)
    basis = less_trusted(scaled.basis, Basis.EXTRAPOLATED)
    return scaled.times(around(1.0, SMALL_CELL_REACH, basis=basis, source=scaled.source))
