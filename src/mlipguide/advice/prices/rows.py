"""A row of the table of prices, and its evaluation: sums, verdict, and the sentence that adds them up.

The budget is the wall time that the run may take, so that production alone is held against it; that labels and
training take longer than the run may is said, not forbidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from mlipguide.advice.constraints import time_doubt, time_rejection
from mlipguide.advice.prices.labels import Labels
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import HoursOf, Reckoned, StrategyHardware, StrategyPrice, TrainedBefore
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.workloads import run_time_of


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
        error_is_judged: Whether rejections and doubts hold already what the error is worth.
        is_judged: Whether they hold all that stands against it.
        rejections: Why it does not do the task.
        doubts: Why that is not known.
        before: A training that was done here and that the figures are from.
    """

    strategy: Strategy
    model: str | None
    base: str | None = None
    opening: tuple[str, ...] = ()
    labels: Labels | None = None
    training: Reckoned | None = None
    step: Reckoned | None = None
    run: Reckoned | None = None
    units: float | None = None
    error: Estimate | None = None
    error_is_judged: bool = False
    is_judged: bool = False
    rejections: tuple[Rejection | str, ...] = ()
    doubts: tuple[Doubt | str, ...] = ()
    before: TrainedBefore | None = None


def impossible(strategy: Strategy, why: str) -> Row:
    """Return the row of a potential that cannot be had, and why."""
    return Row(strategy=strategy, model=None, rejections=(why,), is_judged=True)


def run_of(name: str, step_s: Estimate | None, task: Task) -> Reckoned | None:
    """Return the time of the run, and its arithmetic; None where the time of a step is not known.

    Args:
        name: Of what runs, in words.
        step_s: Of one step with the atoms of the task.
        task: As it is run, with its own time step.
    """
    if step_s is None:
        return None
    run_time_s = run_time_of(step_s, task.workload)
    what = "steps" if task.kind is TaskKind.MD else "evaluations"
    step = duration(run_time_s.value / task.steps)
    words = f"Run: {name} does {task.steps:,} {what} of {step} in {run_time_s.told(duration)}."
    return Reckoned(estimate=run_time_s, words=words)


def priced(row: Row, task: Task, hardware: StrategyHardware) -> StrategyPrice:
    """Return the price of a row: its parts added up, with what they share counted once, and judged."""
    labels = None if row.labels is None else row.labels.price
    training, run = (None if part is None else part.estimate for part in (row.training, row.run))
    rejections, doubts = ([], []) if row.is_judged else _against(row, run, task)
    reasons = [*row.opening, *(() if row.labels is None else row.labels.words)]
    reasons += [part.words for part in (row.training, row.step, row.run) if part is not None and part.words]
    total = hours = None
    if labels is not None and training is not None and run is not None:
        total = reduce(Estimate.plus, (labels.wall_time_s, training, run))
        here = [training, run, *([labels.wall_time_s] if labels.reference_core_hours.is_nothing else [])]
        hours = reduce(Estimate.plus, here).scaled((row.units or hardware.units) / 3600)
        reasons.append(
            f"In all {total.told(duration)}: labels {_time(labels.wall_time_s)}, training {_time(training)}, run "
            f"{run.told(duration)}; {hours.told(number)} "
            f"{'core' if hardware.hours_of is HoursOf.CORES else 'device'}-hours here."
        )
    rejections, doubts = [*row.rejections, *rejections], [*row.doubts, *doubts]
    return StrategyPrice(
        strategy=row.strategy,
        model=row.model,
        base=row.base,
        verdict=Verdict.INFEASIBLE if rejections else Verdict.UNKNOWN if doubts else Verdict.FEASIBLE,
        rejections=tuple(map(rejected, rejections)),
        doubts=tuple(map(doubtful, doubts)),
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


def _against(row: Row, run: Estimate | None, task: Task) -> tuple[list[Rejection | str], list[Doubt | str]]:
    """Return what a potential that is still to be trained breaks, and what is not known of it."""
    rejections: list[Rejection | str] = []
    doubts: list[Doubt | str] = []
    if run is not None:
        broken = time_rejection(run, task.budget_s)
        rejections += [] if broken is None else [broken]
        doubts += filter(None, [time_doubt(run, task.budget_s)])
    limit, error = None if row.error_is_judged else task.force_mae_ev_per_angstrom, row.error
    if limit is not None and error is None:
        doubts.append(f"What force error it would have is not known ({limit * 1e3:g} meV/Å asked).")
    elif limit is not None and error is not None and error.at_least > limit:
        rejections.append(f"A force MAE of {error.scaled(1e3).told(number)} meV/Å is expected; {limit * 1e3:g} asked.")
    elif limit is not None and error is not None and error.at_most > limit:
        doubts.append(
            f"Its force MAE may be {error.at_least * 1e3:.3g} to {error.at_most * 1e3:.3g} meV/Å by what was "
            f"published; {limit * 1e3:g} asked."
        )
    if task.energy_mae_ev_per_atom is not None:
        doubts.append("What energy error it would have is not known.")
    return rejections, doubts


def rejected(what: Rejection | str) -> Rejection:
    """Return a rejection, of a sentence one that states it."""
    return what if isinstance(what, Rejection) else Rejection(kind=ReasonKind.STATED, detail=what)


def doubtful(what: Doubt | str) -> Doubt:
    """Return a doubt, of a sentence one that states it."""
    return what if isinstance(what, Doubt) else Doubt(kind=ReasonKind.STATED, detail=what)


def _time(estimate: Estimate) -> str:
    return "none" if estimate.is_nothing else estimate.told(duration)
