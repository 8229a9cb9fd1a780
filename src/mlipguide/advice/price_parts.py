"""What a price is put together from: its sums, and what stands against a potential that is still to be trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlipguide.advice.constraints import time_doubt, time_rejection
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import HoursOf, LabelPrice, StrategyHardware, StrategyPrice, TrainedBefore
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task, TaskKind


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a price is put together from; None is what is not known.

    Attributes:
        labels: The training data.
        training_time_s: Wall time of training.
        production_time_s: Wall time of the run.
        hours_of: What hours are hours of.
        units: Cores or devices that work at once.
        reasons: The arithmetic, in sentences.
        rejections: Why it does not do the task.
        doubts: Why that is not known.
        error: The force error to be expected.
        error_is_judged: Whether rejections and doubts hold already what the error is worth.
        before: A training that was done here and that the figures are from.
    """

    labels: LabelPrice | None
    training_time_s: Estimate | None
    production_time_s: Estimate | None
    hours_of: HoursOf
    units: float
    reasons: tuple[str, ...] = ()
    rejections: tuple[Rejection | str, ...] = ()
    doubts: tuple[Doubt | str, ...] = ()
    error: Estimate | None = None
    error_is_judged: bool = False
    before: TrainedBefore | None = None


@dataclass(frozen=True, kw_only=True)
class Besides:
    """What there is to say of the model that is tuned or teaches.

    Attributes:
        reasons: What speaks for it, in sentences.
        rejections: What rules it out.
        doubts: What is not known of it.
    """

    reasons: tuple[str, ...] = ()
    rejections: tuple[Rejection | str, ...] = ()
    doubts: tuple[Doubt | str, ...] = ()


def priced(
    strategy: Strategy, parts: Parts, task: Task, *, model: str, base: str | None, judged: bool = False
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
                f"In all {total.told(duration)}: labels {_time(labels.wall_time_s)}, training {_time(training)}, "
                f"run {production.told(duration)}; {hours.told(number)} "
                f"{'core' if parts.hours_of is HoursOf.CORES else 'device'}-hours here."
            ),
        )
    verdict = Verdict.INFEASIBLE if rejections else Verdict.UNKNOWN if doubts else Verdict.FEASIBLE
    return StrategyPrice(
        strategy=strategy,
        model=model,
        base=base,
        verdict=verdict,
        rejections=tuple(map(rejected, rejections)),
        doubts=tuple(map(doubtful, doubts)),
        labels=labels,
        training_time_s=training,
        production_time_s=production,
        total_wall_time_s=total,
        hours=hours,
        hours_of=parts.hours_of,
        force_mae_ev_per_angstrom=parts.error,
        reasons=reasons,
        before=parts.before,
    )


def _against(parts: Parts, task: Task) -> tuple[list[Rejection | str], list[Doubt | str]]:
    """Return what a potential that is still to be trained breaks, and what is not known of it."""
    rejections: list[Rejection | str] = []
    doubts: list[Doubt | str] = []
    if parts.production_time_s is not None:
        broken = time_rejection(parts.production_time_s, task.budget_s)
        rejections += [] if broken is None else [broken]
        doubts += filter(None, [time_doubt(parts.production_time_s, task.budget_s)])
    limit, error = task.force_mae_ev_per_angstrom, parts.error
    if parts.error_is_judged:
        limit = None
    if limit is not None and error is None:
        doubts.append(f"What force error it would have is not known ({limit * 1e3:g} meV/Å asked).")
    elif limit is not None and error is not None:
        low, high = error.at_least, error.at_most
        if low > limit:
            rejections.append(
                f"A force MAE of {error.scaled(1e3).told(number)} meV/Å is expected; {limit * 1e3:g} asked."
            )
        elif high > limit:
            doubts.append(
                f"Its force MAE may be {low * 1e3:.3g} to {high * 1e3:.3g} meV/Å by what was published; "
                f"{limit * 1e3:g} asked."
            )
    if task.energy_mae_ev_per_atom is not None:
        doubts.append("What energy error it would have is not known.")
    return rejections, doubts


def impossible(strategy: Strategy, hardware: StrategyHardware, why: str) -> StrategyPrice:
    """Return that there is no such potential, and why."""
    return StrategyPrice(
        strategy=strategy,
        model=None,
        base=None,
        verdict=Verdict.INFEASIBLE,
        rejections=(rejected(why),),
        doubts=(),
        labels=None,
        training_time_s=None,
        production_time_s=None,
        total_wall_time_s=None,
        hours=None,
        hours_of=hardware.hours_of,
        force_mae_ev_per_angstrom=None,
        reasons=(),
    )


def rejected(what: Rejection | str) -> Rejection:
    """Return a rejection, of a sentence one that states it."""
    return what if isinstance(what, Rejection) else Rejection(kind=ReasonKind.STATED, detail=what)


def doubtful(what: Doubt | str) -> Doubt:
    """Return a doubt, of a sentence one that states it."""
    return what if isinstance(what, Doubt) else Doubt(kind=ReasonKind.STATED, detail=what)


def run_words(name: str, run_time_s: Estimate | None, task: Task) -> tuple[str, ...]:
    """Return the arithmetic of the run in a sentence; nothing where its time is not known."""
    if run_time_s is None:
        return ()
    step = duration(run_time_s.value / task.steps)
    what = "steps" if task.kind is TaskKind.MD else "evaluations"
    return (f"Run: {name} does {task.steps:,} {what} of {step} in {run_time_s.told(duration)}.",)


def _time(estimate: Estimate) -> str:
    return "none" if estimate.is_nothing else estimate.told(duration)


def on_top(error: Estimate, distilled: float) -> Estimate:
    """Return a student's error against reference calculations: at worst its own and its teacher's together."""
    low, high = error.low, error.high
    return replace(
        error,
        value=error.value + distilled,
        low=None if low is None else low + distilled,
        high=None if high is None else high + distilled,
    )
