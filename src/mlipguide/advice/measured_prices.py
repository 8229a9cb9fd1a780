"""Prices that stand on trainings that were done here: pilots on labels, and distillations.

Errors hold wherever a training was done; times only on the machine that they were taken on. What a training did not
measure is left to published figures.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.known import DistilledBefore, Known
from mlipguide.advice.labels import distilled_labels, further_labels, label_atoms
from mlipguide.advice.price_parts import Besides, Parts, on_top, priced, run_words
from mlipguide.advice.prices.fast_speed import fast_step_time
from mlipguide.advice.prices.training_cost import training_time as published_training_time
from mlipguide.advice.prices.training_cost import tuning_time
from mlipguide.advice.tried_models import Outlook, TriedModel, outlook, step_time, timed_step, training_time
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import LabelPrice, Reckoned, StrategyPrice, TrainedBefore, TrainingKind
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.advice.verdict_reasons import Doubt
from mlipguide.records.estimate import Basis, Estimate, nothing
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task
from mlipguide.records.training.kept_training import KeptLabels
from mlipguide.records.training.training import Engine
from mlipguide.tasks.workloads import run_time_of

AGAIN = 1.25
"""By which a distillation that is done anew may differ from the one before, in time and in error: fits of one model
differ by about a quarter in time (``training/pilot_plan.py``); for the error it is a judgement."""


def scratch_price(model: TriedModel, task: Task, known: Known) -> StrategyPrice:
    """Return the price of training a fast potential on reference calculations, by a pilot of the same."""
    engine = model.kept.engine
    card = _family(engine, known)
    seen = outlook(model, task.force_mae_ev_per_angstrom)
    elements = len(task.structure.elements)
    published = None
    if seen.frames is not None and card is not None:
        published = published_training_time(card, elements, seen.frames)
    training = None if seen.frames is None else training_time(model, seen.frames) or published
    step = step_time(model, task.atoms)
    if step is None and card is not None:
        step = fast_step_time(card, elements, task.atoms, known.hardware)
    run_time = None if step is None else run_time_of(step.estimate, task.workload)
    doubts = () if step is not None else (f"How fast {model.name} is on such hardware is not known.",)
    parts = _parts(model, seen, task, known, training=training, run_time=run_time)
    parts = replace(
        parts,
        doubts=(*parts.doubts, *doubts),
        reasons=(*parts.reasons, *([] if step is None else [step.words]), *run_words(model.name, run_time, task)),
    )
    return priced(Strategy.TRAIN_FROM_SCRATCH, parts, task, model=engine.value, base=None)


def tuning_price(model: TriedModel, base: Candidate, task: Task, known: Known, besides: Besides) -> StrategyPrice:
    """Return the price of tuning a model, by a pilot of the same; it runs as fast as before, which was timed.

    Args:
        model: That was tried.
        base: The model that is tuned, with the time of its step for the task.
        task: What is wanted.
        known: Hardware and families.
        besides: What there is to say of the base.
    """
    assert base.step_time_s is not None
    seen = outlook(model, task.force_mae_ev_per_angstrom)
    published = None
    if seen.frames is not None:
        published = tuning_time(base.step_time_s.scaled(1 / task.atoms), seen.frames, label_atoms(task))
    training = None if seen.frames is None else training_time(model, seen.frames) or published
    own = run_by(base, task)
    run_time = run_time_of(base.step_time_s, own.workload)
    parts = _parts(model, seen, task, known, training=training, run_time=run_time)
    parts = replace(
        parts,
        reasons=(*besides.reasons, *parts.reasons, *run_words(f"{base.name}, tuned,", run_time, own)),
        rejections=(*parts.rejections, *besides.rejections),
        doubts=(*parts.doubts, *besides.doubts),
    )
    return priced(Strategy.FINE_TUNE, parts, task, model=base.model, base=base.model)


def distilled_price(
    before: DistilledBefore, teacher: Candidate, task: Task, known: Known, besides: Besides
) -> StrategyPrice:
    """Return the price of teaching a student anew as one was taught before.

    Args:
        before: The distillation.
        teacher: Who labels.
        task: What is wanted.
        known: Hardware and families.
        besides: What there is to say of the teacher.
    """
    kept = before.kept
    name = f"{kept.engine.value} {kept.size}"
    source = f"distillation in {kept.folder}, {kept.made_at[:10]}"
    by = f"your distillation in {kept.folder} ({kept.made_at[:10]})"
    frames = Estimate(
        value=float(kept.frames),
        low=float(kept.frames),
        high=float(kept.frames),
        basis=Basis.MEASURED,
        source=source,
    )
    own = kept.own_force_mae_ev_per_angstrom
    worst = max(kept.force_mae_ev_per_angstrom, own or 0.0)
    student = Estimate(
        value=kept.force_mae_ev_per_angstrom,
        low=kept.force_mae_ev_per_angstrom / AGAIN,
        high=worst * AGAIN,
        basis=Basis.MEASURED,
        source=source,
    )
    found = (
        f"By {by}, {name} errs by {student.scaled(1e3).told(number)} meV/Å against {kept.teacher} on its held-out run "
        f"at {kept.temperature_k:g} K, trained on {kept.frames:,} frames of {kept.cell_atoms} atoms"
    )
    card = _family(kept.engine, known)
    elements = len(task.structure.elements)
    if before.here:
        labels = LabelPrice(
            frames=frames,
            atoms=kept.cell_atoms,
            reference_core_hours=nothing("labelled by a model"),
            wall_time_s=_again(kept.label_time_s, source),
        )
        label_words: tuple[str, ...] = (
            (
                f"Labels: {duration(kept.label_time_s)} there, {duration(kept.label_time_s / kept.frames)} for each "
                "frame that it was fitted on, those that it was judged by included."
            ),
        )
        training: Reckoned | None = Reckoned(
            estimate=_again(kept.fit_time_s, source),
            words=f"Training: {duration(kept.fit_time_s)} there, with the student's own runs and the checks.",
        )
        step: Reckoned | None = timed_step(kept.time_per_atom_s, kept.timed_atoms, task.atoms, name=name, source=source)
    else:
        labels, label_words = distilled_labels(frames, teacher, task, known.label_step_s.get(teacher.model))
        training = None if card is None else published_training_time(card, elements, frames)
        step = None if card is None else fast_step_time(card, elements, task.atoms, known.hardware)
    run_time = None if step is None else run_time_of(step.estimate, task.workload)
    doubts: list[Doubt | str] = [*besides.doubts]
    doubts += [] if step is not None else [f"How fast {name} is on such hardware is not known."]
    if kept.refusal is not None:
        doubts.append(f"The student in {kept.folder} was not handed over: {kept.refusal}")
    training_time_s = None if training is None else training.estimate
    distilled = teacher.evidence.force_mae_ev_per_angstrom
    parts = Parts(
        labels=labels,
        training_time_s=training_time_s,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=(
            f"{found}.",
            *label_words,
            *([] if training is None else [training.words]),
            *([] if step is None else [step.words]),
            *run_words(name, run_time, task),
        ),
        doubts=tuple(doubts),
        error=None if distilled is None else on_top(student, distilled.value),
        before=TrainedBefore(
            kind=TrainingKind.DISTILLATION,
            folder=kept.folder,
            made_at=kept.made_at,
            engine=kept.engine,
            size=kept.size,
            same_machine=before.here,
            model=kept.model,
            words=f"{found}; {_times_words(training_time_s, run_time, here=before.here)}.",
            command=None,
        ),
    )
    return priced(Strategy.DISTIL, parts, task, model=kept.engine.value, base=teacher.model)


def with_pilot_times(parts: Parts, card: FamilyCard, frames: Estimate, task: Task, known: Known) -> Parts:
    """Return what a student of a family costs, with the times of a pilot that trained the same family on this machine.

    A student is the fastest that an engine offers, and takes as long to train and to run whoever labelled; its error is
    another.

    Args:
        parts: By published figures.
        card: The family.
        frames: To be learned from.
        task: What is wanted.
        known: Pilots.
    """
    timed = [
        (step.estimate.value, one, step)
        for one in known.tried
        if one.kept.engine.value == card.id and (step := step_time(one, task.atoms)) is not None
    ]
    if not timed:
        return parts
    _, model, step = min(timed, key=lambda known_step: (known_step[0], known_step[1].name))
    training = training_time(model, frames)
    if training is None:
        return parts
    run_time = run_time_of(step.estimate, task.workload)
    words = f"By the times of {model.name} in {model.by}: {_times_words(training.estimate, run_time, here=True)}."
    return replace(
        parts,
        training_time_s=training.estimate,
        production_time_s=run_time,
        units=known.hardware.units,
        reasons=(parts.reasons[0], training.words, step.words, *run_words(model.name, run_time, task)),
        doubts=(),
        before=_before(model, words, command=None),
    )


def best_of(prices: Sequence[StrategyPrice], task: Task) -> StrategyPrice | None:
    """Return the price to go by among those whose total is known and that nothing rules out; None without any.

    With a force error asked it is the one that meets it with the least time to solution; without one the most
    accurate of those whose run ends within the budget, as among models (``advice/ranking.py``).
    """
    able = [one for one in prices if not one.rejections and one.total_wall_time_s is not None]
    if not able:
        return None
    if task.force_mae_ev_per_angstrom is not None:
        return min(able, key=lambda one: (one.verdict.rank, _total(one), _error(one)))
    in_time = [
        one for one in able if one.production_time_s is not None and one.production_time_s.value <= task.budget_s
    ]
    return min(in_time or able, key=lambda one: (_error(one), _total(one)))


def least_hopeless(prices: Sequence[StrategyPrice]) -> StrategyPrice:
    """Return the price to show where none can be gone by: what is in doubt before what is ruled out, then the error."""
    return min(prices, key=lambda one: (bool(one.rejections), _error(one), one.model or ""))


def pilot_command(labels: KeptLabels, folder: str, engines: Sequence[Engine], limit: float | None) -> str:
    """Return the command that tries further engines on the frames of a pilot, in its folder."""
    words = ["mlipguide", "train", "pilot", labels.file, "--engines", ",".join(one.value for one in engines)]
    if limit is not None:
        words += ["--target-force-mae", f"{limit * 1e3:g}meV/A"]
    return shlex.join([*words, *_same_frames(labels, folder)])


def _parts(
    model: TriedModel,
    seen: Outlook,
    task: Task,
    known: Known,
    *,
    training: Reckoned | None,
    run_time: Estimate | None,
) -> Parts:
    """Return what fitting from scratch and tuning have in common."""
    kept_labels = model.pilot.labels
    frame_atoms = None if kept_labels is None else max(1, round(kept_labels.frame_atoms))
    labels: LabelPrice | None = None
    label_words: tuple[str, ...] = ()
    if seen.frames is not None:
        labels, label_words = further_labels(seen.frames, model.at_hand, task, known.hardware, frame_atoms=frame_atoms)
    doubts: list[Doubt | str] = list(seen.doubts)
    if kept_labels is not None and task.structure.reduced_formula not in kept_labels.formulas:
        doubts.append(
            f"The frames of {model.by} are of {', '.join(kept_labels.formulas)}, none of "
            f"{task.structure.reduced_formula}: there its errors may be others."
        )
    training_time_s = None if training is None else training.estimate
    enough = labels is not None and labels.frames.value == 0
    times = _times_words(training_time_s, run_time, here=model.here)
    return Parts(
        labels=labels,
        training_time_s=training_time_s,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=(seen.words, *label_words, *([] if training is None else [training.words])),
        rejections=seen.rejections,
        doubts=tuple(doubts),
        error=seen.error,
        error_is_judged=True,
        before=_before(
            model, f"{seen.words.removesuffix('.')}; {times}.", command=_fit_command(model) if enough else None
        ),
    )


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


def _fit_command(model: TriedModel) -> str | None:
    """Return the command of the final fit on the pilot's frames; None where these are not known."""
    labels, kept = model.pilot.labels, model.kept
    if labels is None:
        return None
    words = ["mlipguide", "train", "fit", labels.file, "--engine", kept.engine.value, "--size", kept.size]
    if kept.base_model is not None:
        words += ["--base", kept.base_model]
    return shlex.join([*words, *_same_frames(labels, model.pilot.folder)])


def _same_frames(labels: KeptLabels, folder: str) -> list[str]:
    """Return the options that make another training use the frames and the folder of a pilot."""
    words = [] if labels.test is None else ["--test", labels.test]
    words += ["--folder", folder]
    words += ["--seed", str(labels.seed)] if labels.seed else []
    for option, name in (("--energy-key", labels.energy_key), ("--forces-key", labels.forces_key)):
        words += [] if name is None else [option, name]
    return words


def _times_words(training: Estimate | None, run: Estimate | None, *, here: bool) -> str:
    known = [
        f"{what} {one.told(duration)}" for what, one in (("training", training), ("the run", run)) if one is not None
    ]
    words = ", ".join(known) or "how long it takes is not known"
    return words if here else f"{words} by published figures, since it was timed on other hardware"


def _again(seconds: float, source: str) -> Estimate:
    return Estimate(value=seconds, low=seconds / AGAIN, high=seconds * AGAIN, basis=Basis.MEASURED, source=source)


def _family(engine: Engine, known: Known) -> FamilyCard | None:
    return next((card for card in known.families if card.id == engine.value), None)


def _total(price: StrategyPrice) -> float:
    assert price.total_wall_time_s is not None
    return price.total_wall_time_s.value


def _error(price: StrategyPrice) -> float:
    error = price.force_mae_ev_per_angstrom
    return float("inf") if error is None else error.value
