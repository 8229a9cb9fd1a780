"""The price of each way to a potential: labels, training and production, with the arithmetic in sentences.

The budget is the wall time that the run may take, so that production alone is held against it; that labels and
training take longer than the run may is said, not forbidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import time_doubt, time_rejection
from mlipguide.advice.labels import label_atoms, no_labels, reference_labels, taught_labels
from mlipguide.advice.ranking import accuracy_order, choose, could_serve, is_runnable
from mlipguide.core.readable import duration, number
from mlipguide.costmodel.workloads import run_time_of
from mlipguide.evidence.fast_speed import fast_step_time, suited_family
from mlipguide.evidence.frames import frames_to_train, frames_to_tune
from mlipguide.evidence.training_cost import trained_error, training_time, tuned_error, tuning_time
from mlipguide.records.advice import Candidate
from mlipguide.records.estimate import Estimate, nothing
from mlipguide.records.family_card import FamilyCard
from mlipguide.records.strategy import HoursOf, LabelPrice, LearningCurve, StrategyHardware, StrategyPrice
from mlipguide.records.task import Task, TaskKind
from mlipguide.records.verdict import Strategy, Verdict

MENDED_BY_TUNING = frozenset({"time", "memory", "accuracy"})
KEPT_BY_TUNING = ("It may not fit", "Commercial use")
"""How the doubts of a base model begin that tuning does not settle."""
FITTED_TO_ONE_SYSTEM = frozenset({"lammps", "nep"})
"""Backends whose potentials are fitted to a system: they are fitted anew rather than tuned, and teach nothing more."""
BEYOND_FAST_POTENTIALS = frozenset({"magnetism", "charges", "total-charge", "spin", "long-range"})
"""Needs that no fast family here meets."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known beside the candidates.

    Attributes:
        hardware: What training and production may use.
        families: Families that can be trained.
        curves: Errors measured by training here, by strategy.
        label_step_s: Time of a step in a cell that is labelled, by model.
        memory_bytes: Usable memory of the device; None where the choice among models is not to be judged.
    """

    hardware: StrategyHardware
    families: Sequence[FamilyCard]
    curves: Mapping[Strategy, LearningCurve] = field(default_factory=dict)
    label_step_s: Mapping[str, Estimate] = field(default_factory=dict)
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What a price is put together from; None is what is not known."""

    labels: LabelPrice | None
    training_time_s: Estimate | None
    production_time_s: Estimate | None
    hours_of: HoursOf
    units: float
    reasons: tuple[str, ...] = ()
    rejections: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    error: Estimate | None = None


def pretrained_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of running the best model as it is: its verdict is the price's."""
    best = None if known.memory_bytes is None else choose(candidates, task, memory_bytes=known.memory_bytes)
    best = best or min(candidates, key=_usefulness, default=None)
    if best is None:
        return _impossible(Strategy.PRETRAINED, known, "No model was considered.")
    error = best.evidence.force_mae_ev_per_angstrom
    parts = _Parts(
        labels=no_labels(task),
        training_time_s=nothing("no training needed"),
        production_time_s=best.run_time_s,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=_run_words(best.name, best.run_time_s, task),
        rejections=tuple(one.message for one in best.rejections),
        doubts=best.doubts,
        error=error,
    )
    return _priced(Strategy.PRETRAINED, parts, task, model=best.model, base=None, judged=True)


def fine_tune_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of tuning the best model on reference calculations: its speed stays, its error falls."""
    bases = [one for one in _universal(candidates) if is_runnable(one) and _rejected_for(one) <= MENDED_BY_TUNING]
    if not bases:
        return _impossible(Strategy.FINE_TUNE, known, "No model that was timed knows the elements and may be used.")
    base = min(bases, key=_usefulness)
    assert base.step_time_s is not None
    frames = frames_to_tune(
        len(task.structure.elements), known.curves.get(Strategy.FINE_TUNE), task.force_mae_ev_per_angstrom
    )
    labels, words = reference_labels(frames.estimate, task, known.hardware)
    training = tuning_time(base.step_time_s.scaled(1 / task.atoms), frames.estimate, label_atoms(task))
    own = run_by(base, task)
    run_time = run_time_of(base.step_time_s, own.workload)
    kept = [one.message for one in base.rejections if one.constraint == "memory"]
    parts = _Parts(
        labels=labels,
        training_time_s=training.estimate,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=known.hardware.units,
        reasons=(
            *_softness(base),
            frames.words,
            *words,
            training.words,
            *_run_words(f"{base.name}, tuned,", run_time, own),
        ),
        rejections=tuple(kept),
        doubts=tuple(one for one in base.doubts if one.startswith(KEPT_BY_TUNING)),
        error=tuned_error(_value(base.evidence.force_mae_ev_per_angstrom)),
    )
    return _priced(Strategy.FINE_TUNE, parts, task, model=base.model, base=base.model)


def distil_price(candidates: Sequence[Candidate], task: Task, known: Known) -> StrategyPrice:
    """Return the price of a fast potential that the most accurate model which could serve teaches."""
    teachers = [one for one in _universal(candidates) if could_serve(one) and is_runnable(one)]
    if not teachers:
        return _impossible(Strategy.DISTIL, known, "No model that was timed could teach: each breaks a condition.")
    teacher = min(teachers, key=lambda one: (*accuracy_order(one), _seconds(one), one.model))
    fast = _fast(Strategy.DISTIL, task, known)
    if isinstance(fast, StrategyPrice):
        return fast
    card, frames, parts = fast
    labels, words = taught_labels(frames, teacher, task, known.label_step_s.get(teacher.model))
    taught = _value(teacher.evidence.force_mae_ev_per_angstrom)
    error = None if taught is None or parts.error is None else _on_top(parts.error, taught)
    doubts = tuple(one for one in teacher.doubts if one not in _costs(teacher, task))
    parts = replace(
        parts,
        labels=labels,
        reasons=(parts.reasons[0], *words, *parts.reasons[1:]),
        doubts=(*parts.doubts, *doubts),
        error=error,
    )
    return _priced(Strategy.DISTIL, parts, task, model=card.id, base=teacher.model)


def from_scratch_price(task: Task, known: Known) -> StrategyPrice:
    """Return the price of a fast potential that is trained on reference calculations."""
    fast = _fast(Strategy.TRAIN_FROM_SCRATCH, task, known)
    if isinstance(fast, StrategyPrice):
        return fast
    card, frames, parts = fast
    labels, words = reference_labels(frames, task, known.hardware)
    parts = replace(parts, labels=labels, reasons=(parts.reasons[0], *words, *parts.reasons[1:]))
    return _priced(Strategy.TRAIN_FROM_SCRATCH, parts, task, model=card.id, base=None)


def _fast(strategy: Strategy, task: Task, known: Known) -> tuple[FamilyCard, Estimate, _Parts] | StrategyPrice:
    """Return the family, its frames, and what training and production take; or why there is no such potential."""
    beyond = [need.value for need in task.needs if need.value in BEYOND_FAST_POTENTIALS]
    if beyond:
        return _impossible(strategy, known, f"No fast potential here gives {', '.join(beyond)}.")
    elements = len(task.structure.elements)
    card = suited_family(known.families, elements, known.hardware, commercial=task.commercial)
    if card is None:
        return _impossible(strategy, known, "No family of fast potentials may be used.")
    frames = frames_to_train(card, elements, known.curves.get(strategy), task.force_mae_ev_per_angstrom)
    training = training_time(card, elements, frames.estimate)
    step = fast_step_time(card, elements, task.atoms, known.hardware)
    run_time = None if step is None else run_time_of(step.estimate, task.workload)
    doubts = [] if training else [f"How long {card.name} trains was not published."]
    doubts += [] if step else [f"How fast {card.name} is on such hardware was not published."]
    on_gpu = known.hardware.gpu is not None
    parts = _Parts(
        labels=None,
        training_time_s=None if training is None else training.estimate,
        production_time_s=run_time,
        hours_of=known.hardware.hours_of,
        units=1.0 if on_gpu else known.hardware.units,
        reasons=(
            frames.words,
            *([] if training is None else [training.words]),
            *([] if step is None else [step.words]),
            *_run_words(card.name, run_time, task),
        ),
        doubts=tuple(doubts),
        error=trained_error(card, elements),
    )
    return card, frames.estimate, parts


def _priced(
    strategy: Strategy, parts: _Parts, task: Task, *, model: str, base: str | None, judged: bool = False
) -> StrategyPrice:
    """Return the price with its sums and its verdict; ``judged``: the parts hold all that stands against it."""
    rejections, doubts = list(parts.rejections), list(parts.doubts)
    if not judged:
        found, asked = _against(parts, task)
        rejections += found
        doubts += asked
    total = hours = None
    reasons = parts.reasons
    labels, training, production = parts.labels, parts.training_time_s, parts.production_time_s
    if labels is not None and training is not None and production is not None:
        total = labels.wall_time_s.plus(training).plus(production)
        here = training.plus(production)
        if labels.reference_core_hours.is_nothing:
            here = here.plus(labels.wall_time_s)
        hours = here.scaled(parts.units / 3600)
        reasons = (
            *reasons,
            (
                f"In all {duration(total.value)}: labels {duration(labels.wall_time_s.value)}, training "
                f"{duration(training.value)}, run {duration(production.value)}; {number(hours.value)} "
                f"{'core' if parts.hours_of is HoursOf.CORES else 'device'}-hours here."
            ),
        )
    verdict = Verdict.INFEASIBLE if rejections else Verdict.UNKNOWN if doubts else Verdict.FEASIBLE
    return StrategyPrice(
        strategy=strategy,
        model=model,
        base=base,
        verdict=verdict,
        rejections=tuple(rejections),
        doubts=tuple(doubts),
        labels=labels,
        training_time_s=training,
        production_time_s=production,
        total_wall_time_s=total,
        hours=hours,
        hours_of=parts.hours_of,
        force_mae_ev_per_angstrom=parts.error,
        reasons=reasons,
    )


def _against(parts: _Parts, task: Task) -> tuple[list[str], list[str]]:
    """Return what a potential that is still to be trained breaks, and what is not known of it."""
    rejections: list[str] = []
    doubts: list[str] = []
    if parts.production_time_s is not None:
        broken = time_rejection(parts.production_time_s, task.budget_s)
        rejections += [] if broken is None else [broken.message]
        doubts += filter(None, [time_doubt(parts.production_time_s, task.budget_s)])
    limit, error = task.force_mae_ev_per_angstrom, parts.error
    if limit is not None and error is None:
        doubts.append(f"What force error it would have is not known ({limit * 1e3:g} meV/Å asked).")
    elif limit is not None and error is not None:
        low, high = error.at_least, error.at_most
        if low > limit:
            rejections.append(f"A force MAE of {error.value * 1e3:.3g} meV/Å is expected; {limit * 1e3:g} asked.")
        elif high > limit:
            doubts.append(
                f"Its force MAE may be {low * 1e3:.3g} to {high * 1e3:.3g} meV/Å by what was published; "
                f"{limit * 1e3:g} asked."
            )
    if task.energy_mae_ev_per_atom is not None:
        doubts.append("What energy error it would have is not known.")
    return rejections, doubts


def _impossible(strategy: Strategy, known: Known, why: str) -> StrategyPrice:
    return StrategyPrice(
        strategy=strategy,
        model=None,
        base=None,
        verdict=Verdict.INFEASIBLE,
        rejections=(why,),
        doubts=(),
        labels=None,
        training_time_s=None,
        production_time_s=None,
        total_wall_time_s=None,
        hours=None,
        hours_of=known.hardware.hours_of,
        force_mae_ev_per_angstrom=None,
        reasons=(),
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


def _run_words(name: str, run_time_s: Estimate | None, task: Task) -> tuple[str, ...]:
    if run_time_s is None:
        return ()
    step = duration(run_time_s.value / task.steps)
    what = "steps" if task.kind is TaskKind.MD else "evaluations"
    return (f"Run: {name} does {task.steps:,} {what} of {step} in {duration(run_time_s.value)}.",)


def _usefulness(candidate: Candidate) -> tuple[bool, int, bool, tuple[int, float], float, str]:
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


def _rejected_for(candidate: Candidate) -> frozenset[str]:
    return frozenset(one.constraint for one in candidate.rejections)


def _costs(candidate: Candidate, task: Task) -> tuple[str | None, ...]:
    """Return the doubts of a candidate that are about its own run, which a teacher never makes."""
    run_time = None if candidate.run_time_s is None else time_doubt(candidate.run_time_s, task.budget_s)
    memory = tuple(one for one in candidate.doubts if one.startswith("It may not fit"))
    return run_time, *memory


def _seconds(candidate: Candidate) -> float:
    return float("inf") if candidate.step_time_s is None else candidate.step_time_s.value


def _value(error: Estimate | None) -> float | None:
    return None if error is None else error.value


def _on_top(error: Estimate, taught: float) -> Estimate:
    """Return a pupil's error against reference calculations: at worst its own and its teacher's together."""
    low, high = error.low, error.high
    return replace(
        error,
        value=error.value + taught,
        low=None if low is None else low + taught,
        high=None if high is None else high + taught,
    )
