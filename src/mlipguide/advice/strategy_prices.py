"""The price of each way to a potential: labels, training and production, with the arithmetic in sentences.

The budget is the wall time that the run may take, so that production alone is held against it; that labels and
training take longer than the run may is said, not forbidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.known import Known
from mlipguide.advice.labels import distilled_labels, label_atoms, no_labels, reference_labels
from mlipguide.advice.measured_prices import (
    best_of,
    distilled_price,
    least_hopeless,
    pilot_command,
    scratch_price,
    tuning_price,
    with_pilot_times,
)
from mlipguide.advice.price_parts import Besides, Parts, doubtful, impossible, on_top, priced, run_words
from mlipguide.advice.prices.fast_speed import FEW_ELEMENTS, fast_step_time, may_be_used, suited_family
from mlipguide.advice.prices.frames import frames_to_train, frames_to_tune
from mlipguide.advice.prices.training_cost import trained_error, training_time, tuned_error, tuning_time
from mlipguide.advice.ranking import accuracy_order, choose, could_serve, is_runnable
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.estimate import Estimate, nothing
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task
from mlipguide.records.training.training import Engine
from mlipguide.tasks.workloads import run_time_of

MENDED_BY_TUNING = frozenset({Constraint.TIME, Constraint.MEMORY, Constraint.ACCURACY})
BROKEN_BY_TUNED = frozenset({Constraint.MEMORY, Constraint.CUTOFF})
"""What a base model breaks, and a model tuned from it too."""

UNSETTLED_BY_TUNING = frozenset({Constraint.MEMORY, Constraint.LICENCE})
"""What is in doubt of a base model, and of a model tuned from it too."""

OF_ITS_OWN_RUN = frozenset({Constraint.TIME, Constraint.MEMORY})
"""What may be in doubt of a teacher: it never makes the run."""
FITTED_TO_ONE_SYSTEM = frozenset({"lammps", "nep"})
"""Backends whose potentials are fitted to a system: they are fitted anew rather than tuned, and teach nothing more."""
BEYOND_FAST_POTENTIALS = frozenset({"magnetism", "charges", "total-charge", "spin", "long-range"})
"""Needs that no fast family here meets."""


def pretrained_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of running the best model as it is: its verdict is the price's."""
    best = None if known.memory_bytes is None else choose(candidates, task, memory_bytes=known.memory_bytes)
    best = best or min(candidates, key=_usefulness, default=None)
    if best is None:
        return impossible(Strategy.PRETRAINED, known.hardware, "No model was considered.")
    error = best.evidence.force_mae_ev_per_angstrom
    parts = Parts(
        labels=no_labels(task),
        training_time_s=nothing("no training needed"),
        production_time_s=best.run_time_s,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=run_words(best.name, best.run_time_s, task),
        rejections=best.rejections,
        doubts=best.doubts,
        error=error,
    )
    return priced(Strategy.PRETRAINED, parts, task, model=best.model, base=None, judged=True)


def fine_tune_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of tuning a model on reference calculations: its speed stays, its error falls.

    By a pilot that tuned one of the models here, where it comes to what is asked; else of the best model, by what was
    published.
    """
    bases = [one for one in _universal(candidates) if is_runnable(one) and _rejected_for(one) <= MENDED_BY_TUNING]
    if not bases:
        why = "No model that was timed knows the elements and may be used."
        return impossible(Strategy.FINE_TUNE, known.hardware, why)
    best = min(bases, key=_usefulness)
    by_id = {one.model: one for one in bases}
    tried = [
        (one, by_id[one.kept.base_model or best.model])
        for one in known.tried
        if one.kept.engine is Engine.FINE_TUNE and (one.kept.base_model or best.model) in by_id
    ]
    found = [tuning_price(one, base, task, known, _of_base(base)) for one, base in tried]
    measured = best_of(found, task)
    untried = [one for one in bases if one not in [base for _, base in tried]]
    if measured is not None or (found and not untried):
        return measured or least_hopeless(found)
    price = _published_tuning(min(untried, key=_usefulness), task, known)
    return _in_spite_of(found, price, task, known, engines=[Engine.FINE_TUNE])


def _published_tuning(base: Candidate, task: Task, known: Known) -> StrategyPrice:
    assert base.step_time_s is not None
    frames = frames_to_tune(len(task.structure.elements))
    labels, words = reference_labels(frames.estimate, task, known.hardware)
    training = tuning_time(base.step_time_s.scaled(1 / task.atoms), frames.estimate, label_atoms(task))
    own = run_by(base, task)
    run_time = run_time_of(base.step_time_s, own.workload)
    besides = _of_base(base)
    parts = Parts(
        labels=labels,
        training_time_s=training.estimate,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=(
            *besides.reasons,
            frames.words,
            *words,
            training.words,
            *run_words(f"{base.name}, tuned,", run_time, own),
        ),
        rejections=besides.rejections,
        doubts=besides.doubts,
        error=tuned_error(_value(base.evidence.force_mae_ev_per_angstrom)),
    )
    return priced(Strategy.FINE_TUNE, parts, task, model=base.model, base=base.model)


def distil_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of a fast potential that the most accurate model which could serve teaches.

    By a distillation that it taught here before, else by what was published.
    """
    teachers = [one for one in _universal(candidates) if could_serve(one) and is_runnable(one)]
    if not teachers:
        why = "No model that was timed could teach: each breaks a condition."
        return impossible(Strategy.DISTIL, known.hardware, why)
    teacher = min(teachers, key=lambda one: (*accuracy_order(one), _seconds(one), one.model))
    fast = _fast(Strategy.DISTIL, task, known)
    if isinstance(fast, StrategyPrice):
        return fast
    besides = Besides(doubts=tuple(one for one in teacher.doubts if one.constraint not in OF_ITS_OWN_RUN))
    found = [
        distilled_price(one, teacher, task, known, besides)
        for one in known.distilled
        if one.kept.teacher == teacher.model and _allowed(one.kept.engine, task, known)
    ]
    measured = best_of(found, task)
    if measured is not None:
        return measured
    card, frames, parts = fast
    labels, words = distilled_labels(frames, teacher, task, known.label_step_s.get(teacher.model))
    distilled = _value(teacher.evidence.force_mae_ev_per_angstrom)
    error = None if distilled is None or parts.error is None else on_top(parts.error, distilled)
    parts = with_pilot_times(parts, card, frames, task, known)
    parts = replace(
        parts,
        labels=labels,
        reasons=(parts.reasons[0], *words, *parts.reasons[1:]),
        doubts=(*parts.doubts, *besides.doubts),
        error=error,
    )
    price = priced(Strategy.DISTIL, parts, task, model=card.id, base=teacher.model)
    return _in_spite_of(found, price, task, known, engines=[])


def from_scratch_price(task: Task, known: Known) -> StrategyPrice:
    """Return the price of a fast potential that is trained on reference calculations.

    By the model of a pilot that comes to what is asked with the least time to solution, else by what was published for
    a family that no pilot tried.
    """
    beyond = _beyond_fast(Strategy.TRAIN_FROM_SCRATCH, task, known)
    if beyond is not None:
        return beyond
    tried = [
        one for one in known.tried if one.kept.engine is not Engine.FINE_TUNE and _allowed(one.kept.engine, task, known)
    ]
    found = [scratch_price(one, task, known) for one in tried]
    measured = best_of(found, task)
    few = len(task.structure.elements) <= FEW_ELEMENTS
    untried = [
        one
        for one in (*([Engine.POD] if few else []), Engine.NEP)
        if one not in {model.kept.engine for model in tried} and _allowed(one, task, known)
    ]
    if measured is not None or (found and not untried):
        return measured or least_hopeless(found)
    families = [card for card in known.families if card.id in {one.value for one in untried}]
    fast = _fast(Strategy.TRAIN_FROM_SCRATCH, task, replace(known, families=families) if found else known)
    if isinstance(fast, StrategyPrice):
        return fast
    card, frames, parts = fast
    labels, words = reference_labels(frames, task, known.hardware)
    parts = replace(parts, labels=labels, reasons=(parts.reasons[0], *words, *parts.reasons[1:]))
    price = priced(Strategy.TRAIN_FROM_SCRATCH, parts, task, model=card.id, base=None)
    return _in_spite_of(found, price, task, known, engines=untried)


def _in_spite_of(
    found: Sequence[StrategyPrice], price: StrategyPrice, task: Task, known: Known, *, engines: Sequence[Engine]
) -> StrategyPrice:
    """Return a price by published figures with what trainings here say against the models that they tried.

    That a model failed here makes it doubtful that another one does better, and rules nothing out. Where published
    figures rule the other one out, what was measured stands.

    Args:
        found: Prices by trainings here, none of which can be gone by.
        price: By published figures, of something that was not tried.
        task: What is wanted.
        known: What is known.
        engines: That were not tried, for the command that does.
    """
    if not found:
        return price
    shown = least_hopeless(found)
    before = shown.before
    assert before is not None
    if price.rejections:
        return shown
    named = f"By your {before.kind.value} in {before.folder} ({before.made_at[:10]})"
    stated = [one.detail for one in (shown.rejections or shown.doubts) if one.detail is not None]
    against = " ".join(stated) or before.words
    against = against if before.folder in against else f"{named}, {before.engine.value} {before.size}: {against}"
    doubt = f"{against} Published figures of what was not tried stand in its place."
    pilot = next((one.pilot for one in known.tried if one.pilot.folder == before.folder), None)
    command = None
    if engines and pilot is not None and pilot.labels is not None:
        command = pilot_command(pilot.labels, pilot.folder, engines, task.force_mae_ev_per_angstrom)
    return replace(
        price,
        verdict=Verdict.UNKNOWN,
        doubts=(doubtful(doubt), *price.doubts),
        before=replace(before, words=against, command=command),
    )


def _beyond_fast(strategy: Strategy, task: Task, known: Known) -> StrategyPrice | None:
    """Return that no fast potential gives what is needed; None where one may."""
    beyond = [need.value for need in task.needs if need.value in BEYOND_FAST_POTENTIALS]
    if not beyond:
        return None
    return impossible(strategy, known.hardware, f"No fast potential here gives {', '.join(beyond)}.")


def _fast(strategy: Strategy, task: Task, known: Known) -> tuple[FamilyCard, Estimate, Parts] | StrategyPrice:
    """Return the family, its frames, and what training and production take; or why there is no such potential."""
    beyond = _beyond_fast(strategy, task, known)
    if beyond is not None:
        return beyond
    elements = len(task.structure.elements)
    card = suited_family(known.families, elements, known.hardware, commercial=task.commercial)
    if card is None:
        return impossible(strategy, known.hardware, "No family of fast potentials may be used.")
    frames = frames_to_train(card, elements, task.force_mae_ev_per_angstrom)
    training = training_time(card, elements, frames.estimate)
    step = fast_step_time(card, elements, task.atoms, known.hardware)
    run_time = None if step is None else run_time_of(step.estimate, task.workload)
    doubts = [] if training else [f"How long {card.name} trains was not published."]
    doubts += [] if step else [f"How fast {card.name} is on such hardware was not published."]
    on_gpu = known.hardware.gpu is not None
    parts = Parts(
        labels=None,
        training_time_s=None if training is None else training.estimate,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=1.0 if on_gpu else known.hardware.units,
        reasons=(
            frames.words,
            *([] if training is None else [training.words]),
            *([] if step is None else [step.words]),
            *run_words(card.name, run_time, task),
        ),
        doubts=tuple(doubts),
        error=trained_error(card, elements),
    )
    return card, frames.estimate, parts


def _allowed(engine: Engine, task: Task, known: Known) -> bool:
    """Tell whether the licence of what trains an engine's potentials allows what is wanted."""
    card = next((one for one in known.families if one.id == engine.value), None)
    return card is None or may_be_used(card, commercial=task.commercial)


def _of_base(base: Candidate) -> Besides:
    """Return what of a base model's verdict tuning does not change."""
    return Besides(
        reasons=_softness(base),
        rejections=tuple(one for one in base.rejections if one.constraint in BROKEN_BY_TUNED),
        doubts=tuple(one for one in base.doubts if one.constraint in UNSETTLED_BY_TUNING),
    )


def _softness(base: Candidate) -> tuple[str, ...]:
    """Return what tuning mends for certain: forces that are too small throughout, which few frames correct.

    B. Deng et al., npj Comput. Mater. 11, 9 (2025), doi:10.1038/s41524-024-01500-6.
    """
    slope = base.evidence.force_slope
    if slope is None or slope.at_most >= 1:
        return ()
    words = (
        f"{base.name} is too soft here: its forces are {slope.value:.2f} times the reference. That error is "
        "systematic, and few frames mend most of it (deng2025softening)."
    )
    return (words,)


def _usefulness(candidate: Candidate) -> tuple[bool, int, bool, tuple[float, ...], float, str]:
    """Return what sorts models for a strategy that runs them: timed, then the verdict, the accuracy, the time.

    What was not timed has no price, so that a model that was comes first, whatever its verdict.
    """
    return (
        not is_runnable(candidate),
        candidate.verdict.rank,
        not could_serve(candidate),
        accuracy_order(candidate),
        _seconds(candidate),
        candidate.model,
    )


def _universal(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.backend not in FITTED_TO_ONE_SYSTEM]


def _rejected_for(candidate: Candidate) -> frozenset[Constraint]:
    return frozenset(one.constraint for one in candidate.rejections)


def _seconds(candidate: Candidate) -> float:
    return float("inf") if candidate.step_time_s is None else candidate.step_time_s.value


def _value(error: Estimate | None) -> float | None:
    return None if error is None else error.value
