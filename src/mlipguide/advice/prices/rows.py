"""The table of prices, and its evaluator: a row is one way to a potential by one source, its parts are the columns.

A part has an amount with interval and source, and the sentence that says how it was found. Sources are a family's card,
practice, a pilot, a distillation; what a training here did not measure is left to published figures.

The budget is the wall time that the run may take, so that production alone is held against it; that labels and
training take longer than the run may is said, not forbidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import against_limit, verdict_on
from mlipguide.advice.prices import published
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.labels import (
    Labels,
    distilled_labels,
    label_atoms,
    no_labels,
    reference_labels,
)
from mlipguide.advice.prices.trainings import DistilledBefore, TriedModel, outlook
from mlipguide.advice.training_commands import fit_command
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import HoursOf, Reckoned, StrategyHardware, StrategyPrice, TrainedBefore
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.advice.verdict_reasons import Constraint, Doubt, Reason, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate, exactly, nothing
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.workloads import run_time_of

BROKEN_BY_TUNED = frozenset({Constraint.MEMORY, Constraint.CUTOFF})
"""What a base model breaks, and a model tuned from it too."""
UNSETTLED_BY_TUNING = frozenset({Constraint.MEMORY, Constraint.LICENCE})
"""What is in doubt of a base model, and of a model tuned from it too."""
OF_ITS_OWN_RUN = frozenset({Constraint.TIME, Constraint.MEMORY})
"""What may be in doubt of a teacher: it never makes the run."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The parts of one way to a potential, by one source; None is what is not known.

    Attributes:
        strategy: Which way.
        model: Id of the model or family that runs; None where there is none.
        base: Id of the model that teaches or is tuned.
        opening: What it stands on, in sentences.
        labels: The training data.
        training: Wall time of training.
        step: Of a potential that is still to be trained.
        run: Wall time of production.
        units: Cores or devices that work at once; None for all of the hardware.
        error: The force error to be expected.
        error_is_judged: Whether ``against`` holds already what the error is worth.
        against: Why it does not do the task, or why that is not known.
        before: A training that was done here and that the figures are from.
    """

    strategy: Strategy
    model: str | None = None
    base: str | None = None
    opening: tuple[str, ...] = ()
    labels: Labels | None = None
    training: Reckoned | None = None
    step: Reckoned | None = None
    run: Reckoned | None = None
    units: float | None = None
    error: Estimate | None = None
    error_is_judged: bool = False
    against: tuple[Reason, ...] = ()
    before: TrainedBefore | None = None


def priced(row: Row, task: Task, hardware: StrategyHardware) -> StrategyPrice:
    """Return the price of a row: its parts added up, with what they share counted once, and judged."""
    labels = None if row.labels is None else row.labels.price
    training, run = (None if part is None else part.estimate for part in (row.training, row.run))
    reasons = [*row.opening, *(() if row.labels is None else row.labels.words)]
    reasons += [part.words for part in (row.training, row.step, row.run) if part is not None and part.words]
    total = hours = None
    if labels is not None and training is not None and run is not None:
        total = reduce(Estimate.plus, (labels.wall_time_s, training, run))
        here = [training, run, *([labels.wall_time_s] if labels.reference_core_hours.is_nothing else [])]
        hours = reduce(Estimate.plus, here).scaled((row.units or hardware.units) / 3600)
        first = [one.told(duration) if not one.is_nothing else "none" for one in (labels.wall_time_s, training)]
        reasons.append(
            f"In all {total.told(duration)}: labels {first[0]}, training {first[1]}, run {run.told(duration)}; "
            f"{hours.told(number)} {'core' if hardware.hours_of is HoursOf.CORES else 'device'}-hours here."
        )
    verdict, rejections, doubts = verdict_on([*row.against, *_against(row, run, task)])
    return StrategyPrice(
        strategy=row.strategy,
        model=row.model,
        base=row.base,
        verdict=verdict,
        rejections=rejections,
        doubts=doubts,
        labels=labels,
        training_time_s=training,
        production_time_s=run,
        total_wall_time_s=total,
        hours=hours,
        hours_of=hardware.hours_of,
        force_mae_ev_per_angstrom=row.error,
        reasons=tuple(reasons),
        before=row.before,
    )


def impossible(strategy: Strategy, why: str) -> Row:
    """Return the row of a potential that cannot be had, and why."""
    return Row(strategy=strategy, against=(rejected(why),))


def as_it_is(model: Candidate, task: Task) -> Row:
    """Return what running a model as it is costs: its verdict is the price's."""
    return Row(
        strategy=Strategy.PRETRAINED,
        model=model.model,
        labels=no_labels(label_atoms(task), "no labels needed"),
        training=Reckoned(estimate=nothing("no training needed"), words=""),
        run=_run_of(model.name, model.step_time_s, run_by(model, task)),
        against=(*model.rejections, *model.doubts),
        error=model.evidence.force_mae_ev_per_angstrom,
    )


def by_family(card: FamilyCard, task: Task, inputs: PricingInputs, *, teacher: Candidate | None = None) -> Row:
    """Return what a fast potential costs by its family's card, with labels by a teacher or by reference calculations.

    A student takes as long to train and to run as that of a pilot that trained the same family on this machine, whoever
    labelled; its error is another.
    """
    elements = len(task.structure.elements)
    frames = published.frames_to_train(card, elements, task.force_mae_ev_per_angstrom)
    row = Row(
        strategy=Strategy.TRAIN_FROM_SCRATCH,
        model=card.id,
        opening=(frames.words,),
        error=published.trained_error(card, elements),
    )
    if teacher is None:
        row = replace(row, labels=reference_labels(frames.estimate, task, inputs.hardware))
        return _timed(row, frames.estimate, task, inputs, card=card)
    timed = [
        (step.estimate.value, one.name, one)
        for one in inputs.tried
        if one.kept.engine.value == card.id and one.training_time(frames.estimate) is not None
        if (step := one.step_time(task.atoms)) is not None
    ]
    here = min(timed, key=lambda one: one[:2])[2] if timed else None
    row = _timed(row, frames.estimate, task, inputs, card=card, here=here)
    if here is not None:
        row = replace(row, before=here.before(f"By the times of {here.name} in {here.by}: {_times_words(row, here)}."))
    return _taught(row, frames.estimate, teacher, task, inputs)


def by_practice(base: Candidate, task: Task, inputs: PricingInputs) -> Row:
    """Return what tuning a model costs by practice; it runs as fast as before, which was timed."""
    frames, error = published.frames_to_tune(len(task.structure.elements)), base.evidence.force_mae_ev_per_angstrom
    row = Row(
        strategy=Strategy.FINE_TUNE,
        opening=(frames.words,),
        labels=reference_labels(frames.estimate, task, inputs.hardware),
        error=published.tuned_error(None if error is None else error.value),
    )
    return _tuned(row, frames.estimate, base, task)


def by_pilot(model: TriedModel, task: Task, inputs: PricingInputs, *, base: Candidate | None = None) -> Row:
    """Return what training on reference calculations, a base model or from scratch, costs by a pilot of the same."""
    seen, kept = outlook(model, task.force_mae_ev_per_angstrom), model.pilot.labels
    against: list[Reason] = [*map(rejected, seen.rejections), *map(doubtful, seen.doubts)]
    formula, labels = task.structure.reduced_formula, None
    if kept is not None and formula not in kept.formulas:
        theirs = ", ".join(kept.formulas)
        others = f"The frames of {model.by} are of {theirs}, none of {formula}: there its errors may be others."
        against.append(doubtful(others))
    if seen.frames is not None:
        frame_atoms = None if kept is None else max(1, round(kept.frame_atoms))
        labels = reference_labels(seen.frames, task, inputs.hardware, at_hand=model.at_hand, frame_atoms=frame_atoms)
    row = Row(
        strategy=Strategy.TRAIN_FROM_SCRATCH,
        model=model.kept.engine.value,
        opening=(seen.words,),
        labels=labels,
        error=seen.error,
        error_is_judged=True,
        against=tuple(against),
    )
    if base is None:
        row = _timed(row, seen.frames, task, inputs, card=inputs.family(model.kept.engine), here=model)
    else:
        row = _tuned(row, seen.frames, base, task, here=model)
    enough = labels is not None and labels.price.frames.value == 0
    words = f"{seen.words.removesuffix('.')}; {_times_words(row, model)}."
    return replace(row, before=model.before(words, fit_command(model) if enough else None))


def by_distillation(before: DistilledBefore, teacher: Candidate, task: Task, inputs: PricingInputs) -> Row:
    """Return what distilling a teacher costs by a distillation of it that was done before."""
    kept = before.kept
    frames = exactly(kept.frames, source=before.source)
    row = Row(strategy=Strategy.DISTIL, model=kept.engine.value, opening=(f"{before.words}.",), error=before.error)
    row = _timed(row, frames, task, inputs, card=inputs.family(kept.engine), here=before)
    if kept.refusal is not None:
        refused = doubtful(f"The student in {kept.folder} was not handed over: {kept.refusal}")
        row = replace(row, against=(*row.against, refused))
    row = replace(row, before=before.before(f"{before.words}; {_times_words(row, before)}."))
    return _taught(row, frames, teacher, task, inputs, labels=before.labels(frames))


def rejected(why: str) -> Rejection:
    """Return the rejection that a sentence states."""
    return Rejection(kind=ReasonKind.STATED, detail=why)


def doubtful(why: str) -> Doubt:
    """Return the doubt that a sentence states."""
    return Doubt(kind=ReasonKind.STATED, detail=why)


def _taught(
    row: Row, frames: Estimate, teacher: Candidate, task: Task, inputs: PricingInputs, *, labels: Labels | None = None
) -> Row:
    """Return the row of a student, whose error is at worst its own and its teacher's together."""
    own, its, error = row.error, teacher.evidence.force_mae_ev_per_angstrom, None
    if own is not None and its is not None:
        low, high = (None if end is None else end + its.value for end in (own.low, own.high))
        error = replace(own, value=own.value + its.value, low=low, high=high)
    doubts = [one for one in teacher.doubts if one.constraint not in OF_ITS_OWN_RUN]
    return replace(
        row,
        strategy=Strategy.DISTIL,
        base=teacher.model,
        labels=labels or distilled_labels(frames, teacher, task, inputs.label_step_s.get(teacher.model)),
        error=error,
        against=(*doubts, *row.against),
    )


def _tuned(row: Row, frames: Estimate | None, base: Candidate, task: Task, *, here: TriedModel | None = None) -> Row:
    """Return the row of a tuned model: it runs as its base was timed, and of its base's verdict some stays.

    Tuning takes as long as in the pilot, else as by practice. It mends for certain forces that are too small, which few
    frames correct: B. Deng et al., npj Comput. Mater. 11, 9 (2025), doi:10.1038/s41524-024-01500-6.
    """
    assert base.step_time_s is not None
    training, slope, opening = None, base.evidence.force_slope, row.opening
    if frames is not None:
        training = None if here is None else here.training_time(frames)
        training = training or published.tuning_time(base.step_time_s.scaled(1 / task.atoms), frames, label_atoms(task))
    if slope is not None and slope.at_most < 1:
        soft = (
            f"{base.name} is too soft here: its forces are {slope.value:.2f} times the reference. That error is "
            "systematic, and few frames mend most of it (deng2025softening)."
        )
        opening = (soft, *opening)
    left = [one for one in base.rejections if one.constraint in BROKEN_BY_TUNED]
    unsettled = [one for one in base.doubts if one.constraint in UNSETTLED_BY_TUNING]
    return replace(
        row,
        strategy=Strategy.FINE_TUNE,
        model=base.model,
        base=base.model,
        opening=opening,
        training=training,
        run=_run_of(f"{base.name}, tuned,", base.step_time_s, run_by(base, task)),
        against=(*row.against, *left, *unsettled),
    )


def _timed(
    row: Row,
    frames: Estimate | None,
    task: Task,
    inputs: PricingInputs,
    *,
    card: FamilyCard | None,
    here: TriedModel | DistilledBefore | None = None,
) -> Row:
    """Return the row of a fast potential with its times as they were taken here, else as they were published."""
    elements, training, step, units = len(task.structure.elements), None, None, None
    if here is not None:
        training, step = None if frames is None else here.training_time(frames), here.step_time(task.atoms)
    if card is not None and frames is not None:
        training = training or published.training_time(card, elements, frames)
    if card is not None and step is None:
        step = published.step_time(card, elements, task.atoms, inputs.hardware)
        units = None if inputs.hardware.gpu is None else 1.0  # published speeds are those of one GPU
    name, unknown = (here.name, "is not known") if here else ("" if card is None else card.name, "was not published")
    doubts = [] if training or here else [doubtful(f"How long {name} trains was not published.")]
    doubts += [] if step else [doubtful(f"How fast {name} is on such hardware {unknown}.")]
    return replace(
        row,
        training=training,
        step=step,
        run=_run_of(name, None if step is None else step.estimate, task),
        units=units,
        against=(*row.against, *doubts),
    )


def _run_of(name: str, step_s: Estimate | None, task: Task) -> Reckoned | None:
    """Return the time of the run of a task as it is run; None where that of a step is not known."""
    if step_s is None:
        return None
    run_time_s = run_time_of(step_s, task.workload)
    what, step = "steps" if task.kind is TaskKind.MD else "evaluations", duration(run_time_s.value / task.steps)
    words = f"Run: {name} does {task.steps:,} {what} of {step} in {run_time_s.told(duration)}."
    return Reckoned(estimate=run_time_s, words=words)


def _against(row: Row, run: Estimate | None, task: Task) -> list[Reason]:
    """Return what a potential that is still to be trained breaks, and what is not known of it."""
    if row.strategy is Strategy.PRETRAINED or row.model is None:
        return []
    found = [] if run is None else against_limit(ReasonKind.RUN_TIME, run, task.budget_s)
    limit, error = task.force_mae_ev_per_angstrom, row.error
    if limit is None or row.error_is_judged:
        pass
    elif error is None:
        found.append(doubtful(f"What force error it would have is not known ({limit * 1e3:g} meV/Å asked)."))
    elif error.at_least > limit:
        expected = error.scaled(1e3).told(number)
        found.append(rejected(f"A force MAE of {expected} meV/Å is expected; {limit * 1e3:g} asked."))
    elif error.at_most > limit:
        span = f"{error.at_least * 1e3:.3g} to {error.at_most * 1e3:.3g} meV/Å"
        found.append(doubtful(f"Its force MAE may be {span} by what was published; {limit * 1e3:g} asked."))
    if task.energy_mae_ev_per_atom is not None:
        found.append(doubtful("What energy error it would have is not known."))
    return found


def _times_words(row: Row, training: TriedModel | DistilledBefore) -> str:
    parts = (("training", row.training), ("the run", row.run))
    known = [f"{what} {one.estimate.told(duration)}" for what, one in parts if one is not None]
    words = ", ".join(known) or "how long it takes is not known"
    return words if training.here else f"{words} by published figures, since it was timed on other hardware"
