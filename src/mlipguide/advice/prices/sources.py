"""Rows of the table of prices, one function for each source: a family's card, practice, a pilot, a distillation.

Errors hold wherever a training was done; times only on the machine that they were taken on. What a training did not
measure is left to published figures.
"""

from __future__ import annotations

from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.prices import pilots, published
from mlipguide.advice.prices.inputs import DistilledBefore, PricingInputs
from mlipguide.advice.prices.labels import Labels, distilled_labels, further_labels, label_atoms, reference_labels
from mlipguide.advice.prices.pilots import TriedModel
from mlipguide.advice.prices.rows import Row, run_of
from mlipguide.advice.prices.tuning import frames_to_tune, tuned_error, tuning_time
from mlipguide.advice.training_commands import fit_command
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import LabelPrice, Reckoned, TrainedBefore, TrainingKind
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Basis, Estimate, around, exactly, nothing
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task

AGAIN = 1.25
"""By which a distillation that is done anew may differ from the one before, in time and in error: fits of one model
differ by about a quarter in time (``training/pilot/pilot_plan.py``); for the error it is a judgement."""


def by_family(card: FamilyCard, task: Task, inputs: PricingInputs, *, teacher: Candidate | None = None) -> Row:
    """Return what a fast potential costs by its family's card, with labels by a teacher or by reference calculations.

    Args:
        card: The family.
        task: What is wanted.
        inputs: Hardware, and pilots, whose times hold for a student of the same family.
        teacher: Who labels; None for reference calculations.
    """
    elements, hardware = len(task.structure.elements), inputs.hardware
    frames = published.frames_to_train(card, elements, task.force_mae_ev_per_angstrom)
    training = published.training_time(card, elements, frames.estimate)
    step = published.step_time(card, elements, task.atoms, hardware)
    error = published.trained_error(card, elements)
    doubts = [] if training else [f"How long {card.name} trains was not published."]
    doubts += [] if step else [f"How fast {card.name} is on such hardware was not published."]
    row = Row(
        strategy=Strategy.TRAIN_FROM_SCRATCH,
        model=card.id,
        opening=(frames.words,),
        training=training,
        step=step,
        run=run_of(card.name, None if step is None else step.estimate, task),
        units=None if hardware.gpu is None else 1.0,
        error=error,
        doubts=tuple(doubts),
    )
    if teacher is None:
        return replace(row, labels=reference_labels(frames.estimate, task, hardware))
    row = _with_pilot_times(row, frames.estimate, task, inputs)
    return replace(
        row,
        strategy=Strategy.DISTIL,
        base=teacher.model,
        labels=distilled_labels(frames.estimate, teacher, task, inputs.label_step_s.get(teacher.model)),
        error=_on_top(error, teacher),
    )


def by_practice(base: Candidate, task: Task, inputs: PricingInputs) -> Row:
    """Return what tuning a model costs by practice; it runs as fast as before, which was timed."""
    frames = frames_to_tune(len(task.structure.elements))
    error = base.evidence.force_mae_ev_per_angstrom
    row = Row(
        strategy=Strategy.FINE_TUNE,
        model=base.model,
        opening=(frames.words,),
        labels=reference_labels(frames.estimate, task, inputs.hardware),
        error=tuned_error(None if error is None else error.value),
    )
    return _tuned(row, base, frames.estimate, task)


def by_pilot(model: TriedModel, task: Task, inputs: PricingInputs, *, base: Candidate | None = None) -> Row:
    """Return what training a model on reference calculations costs, by a pilot of the same.

    Args:
        model: That was tried.
        task: What is wanted.
        inputs: Hardware and families.
        base: The model that is tuned, with the time of its step for the task; None from scratch.
    """
    seen = pilots.outlook(model, task.force_mae_ev_per_angstrom)
    kept, elements = model.pilot.labels, len(task.structure.elements)
    doubts = [*seen.doubts]
    if kept is not None and task.structure.reduced_formula not in kept.formulas:
        doubts.append(
            f"The frames of {model.by} are of {', '.join(kept.formulas)}, none of "
            f"{task.structure.reduced_formula}: there its errors may be others."
        )
    labels: Labels | None = None
    if seen.frames is not None:
        atoms = None if kept is None else max(1, round(kept.frame_atoms))
        labels = further_labels(seen.frames, model.at_hand, task, inputs.hardware, frame_atoms=atoms)
    row = Row(
        strategy=Strategy.TRAIN_FROM_SCRATCH,
        model=model.kept.engine.value,
        opening=(seen.words,),
        labels=labels,
        error=seen.error,
        error_is_judged=True,
        rejections=seen.rejections,
        doubts=tuple(doubts),
    )
    if base is not None:
        row = _tuned(row, base, seen.frames, task)
    else:
        card = inputs.family(model.kept.engine)
        step = pilots.step_time(model, task.atoms)
        if card is not None:
            step = step or published.step_time(card, elements, task.atoms, inputs.hardware)
        if card is not None and seen.frames is not None:
            row = replace(row, training=published.training_time(card, elements, seen.frames))
        row = _run_with(row, model.name, step, task)
    measured = None if seen.frames is None else pilots.training_time(model, seen.frames)
    row = replace(row, training=measured or row.training)
    enough = labels is not None and labels.price.frames.value == 0
    words = f"{seen.words.removesuffix('.')}; {_times_words(row, here=model.here)}."
    return replace(row, before=_before(model, words, command=fit_command(model) if enough else None))


def by_distillation(before: DistilledBefore, teacher: Candidate, task: Task, inputs: PricingInputs) -> Row:
    """Return what distilling a model costs by a distillation of it that was done before.

    Args:
        before: The distillation.
        teacher: Who labels.
        task: What is wanted.
        inputs: Hardware and families.
    """
    kept = before.kept
    name = f"{kept.engine.value} {kept.size}"
    source = f"distillation in {kept.folder}, {kept.made_at[:10]}"
    frames = exactly(kept.frames, source=source)
    worst = max(kept.force_mae_ev_per_angstrom, kept.own_force_mae_ev_per_angstrom or 0.0)
    student = replace(_again(kept.force_mae_ev_per_angstrom, source), high=worst * AGAIN)
    found = (
        f"By your distillation in {kept.folder} ({kept.made_at[:10]}), {name} errs by "
        f"{student.scaled(1e3).told(number)} meV/Å against {kept.teacher} on its held-out run at "
        f"{kept.temperature_k:g} K, trained on {kept.frames:,} frames of {kept.cell_atoms} atoms"
    )
    card, elements = inputs.family(kept.engine), len(task.structure.elements)
    training: Reckoned | None = None
    step: Reckoned | None = None
    if before.here:
        labels = Labels(
            price=LabelPrice(
                frames=frames,
                atoms=kept.cell_atoms,
                reference_core_hours=nothing("labelled by a model"),
                wall_time_s=_again(kept.label_time_s, source),
            ),
            words=(
                (
                    f"Labels: {duration(kept.label_time_s)} there, {duration(kept.label_time_s / kept.frames)} for "
                    "each frame that it was fitted on, those that it was judged by included."
                ),
            ),
        )
        training = Reckoned(
            estimate=_again(kept.fit_time_s, source),
            words=f"Training: {duration(kept.fit_time_s)} there, with the student's own runs and the checks.",
        )
        step = pilots.timed_step(kept.time_per_atom_s, kept.timed_atoms, task.atoms, name=name, source=source)
    else:
        labels = distilled_labels(frames, teacher, task, inputs.label_step_s.get(teacher.model))
        if card is not None:
            training = published.training_time(card, elements, frames)
            step = published.step_time(card, elements, task.atoms, inputs.hardware)
    row = Row(
        strategy=Strategy.DISTIL,
        model=kept.engine.value,
        base=teacher.model,
        opening=(f"{found}.",),
        labels=labels,
        training=training,
        error=_on_top(student, teacher),
    )
    row = _run_with(row, name, step, task)
    if kept.refusal is not None:
        refused = f"The student in {kept.folder} was not handed over: {kept.refusal}"
        row = replace(row, doubts=(*row.doubts, refused))
    return replace(
        row,
        before=TrainedBefore(
            kind=TrainingKind.DISTILLATION,
            folder=kept.folder,
            made_at=kept.made_at,
            engine=kept.engine,
            size=kept.size,
            same_machine=before.here,
            model=kept.model,
            words=f"{found}; {_times_words(row, here=before.here)}.",
            command=None,
        ),
    )


def _tuned(row: Row, base: Candidate, frames: Estimate | None, task: Task) -> Row:
    """Return the row with the times of tuning ``base``: by practice for training, as timed for the run."""
    assert base.step_time_s is not None
    own = run_by(base, task)
    training = None
    if frames is not None:
        training = tuning_time(base.step_time_s.scaled(1 / task.atoms), frames, label_atoms(task))
    run = run_of(f"{base.name}, tuned,", base.step_time_s, own)
    return replace(row, strategy=Strategy.FINE_TUNE, model=base.model, base=base.model, training=training, run=run)


def _run_with(row: Row, name: str, step: Reckoned | None, task: Task) -> Row:
    """Return the row with the run of a potential that was trained here, or a doubt where its speed is not known."""
    if step is None:
        return replace(row, doubts=(*row.doubts, f"How fast {name} is on such hardware is not known."))
    return replace(row, step=step, run=run_of(name, step.estimate, task))


def _with_pilot_times(row: Row, frames: Estimate, task: Task, inputs: PricingInputs) -> Row:
    """Return the row of a student with the times of a pilot that trained the same family on this machine.

    A student is the fastest that an engine offers, and takes as long to train and to run whoever labelled; its error is
    another.
    """
    timed = [
        (step, one)
        for one in inputs.tried
        if one.kept.engine.value == row.model and (step := pilots.step_time(one, task.atoms)) is not None
    ]
    if not timed:
        return row
    step, model = min(timed, key=lambda one: (one[0].estimate.value, one[1].name))
    training = pilots.training_time(model, frames)
    if training is None:
        return row
    row = _run_with(replace(row, training=training, units=None, doubts=()), model.name, step, task)
    words = f"By the times of {model.name} in {model.by}: {_times_words(row, here=True)}."
    return replace(row, before=_before(model, words, command=None))


def _before(model: TriedModel, words: str, *, command: str | None) -> TrainedBefore:
    return TrainedBefore(
        kind=TrainingKind.PILOT,
        folder=model.pilot.folder,
        made_at=model.pilot.made_at,
        engine=model.kept.engine,
        size=model.kept.size,
        same_machine=model.here,
        model=None,
        words=words,
        command=command,
    )


def _times_words(row: Row, *, here: bool) -> str:
    parts = (("training", row.training), ("the run", row.run))
    known = [f"{what} {one.estimate.told(duration)}" for what, one in parts if one is not None]
    words = ", ".join(known) or "how long it takes is not known"
    return words if here else f"{words} by published figures, since it was timed on other hardware"


def _on_top(error: Estimate | None, teacher: Candidate) -> Estimate | None:
    """Return a student's error against reference calculations: at worst its own and its teacher's together."""
    distilled = teacher.evidence.force_mae_ev_per_angstrom
    if error is None or distilled is None:
        return None
    value, low, high = (None if end is None else end + distilled.value for end in (error.value, error.low, error.high))
    assert value is not None
    return replace(error, value=value, low=low, high=high)


def _again(value: float, source: str) -> Estimate:
    return around(value, AGAIN, basis=Basis.MEASURED, source=source)
