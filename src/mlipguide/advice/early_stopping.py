"""When the timing of a candidate can stop early: more samples of it would change no decision.

Two cases are clear by the 90 % intervals that are known so far: a run that would take far longer than its budget,
and a model that another one beats in accuracy and in speed, where that other one is sure to end in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlipguide.advice.accuracy_axis import is_as_accurate, place_of
from mlipguide.advice.candidate_step import at_step, step_for
from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.costmodel.costs import costs_from
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.evidence.stability.earlier_tests import latest_tests
from mlipguide.records.accuracy.accuracy_axis import AxisPlace
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task
from mlipguide.sessions.interface import Conditions
from mlipguide.tasks.workloads import run_time_of

FEWEST_SIZES = 2
"""With one size hardly a law is known, and what would be affordable instead is not known at all."""
FAR_BEYOND = 2.0
"""Times the budget, at the low end of the interval: a neighbour on the machine does not make up for that."""


@dataclass(frozen=True, kw_only=True)
class CandidateTiming:
    """What is known of a candidate while candidates are being measured.

    Attributes:
        model: Id of the card.
        accuracy: Where what is known by now puts it; None while better evidence is still to come.
        usable: Whether it could be the choice at all: its own weights are here.
        run_time_s: The whole run, from the samples so far; None before the first.
        sizes: Number of sizes that the law was fitted to.
    """

    model: str
    accuracy: AxisPlace | None
    usable: bool
    run_time_s: Estimate | None
    sizes: int

    def ends_within(self, budget_s: float) -> bool:
        """Tell whether the run is sure to end in time."""
        return self.run_time_s is not None and _high(self.run_time_s) < budget_s


@dataclass(frozen=True)
class Ground:
    """Why more samples of a model would change no decision.

    Attributes:
        beaten_by: The model that beats it in accuracy and in speed; None where its run is far beyond the budget.
    """

    beaten_by: str | None


def can_stop(candidates: Sequence[CandidateTiming], *, budget_s: float) -> frozenset[str]:
    """Return the models of which more samples would change no decision.

    Args:
        candidates: All candidates.
        budget_s: Wall time that the run may take.
    """
    return frozenset(one.model for one in candidates if ground_to_stop(one, candidates, budget_s=budget_s) is not None)


def ground_to_stop(one: CandidateTiming, candidates: Sequence[CandidateTiming], *, budget_s: float) -> Ground | None:
    """Return why more samples of a model would change no decision; None where they may.

    Args:
        one: The model.
        candidates: All candidates.
        budget_s: Wall time that the run may take.
    """
    if one.sizes < FEWEST_SIZES:
        return None
    beaten_by = next((other.model for other in candidates if other is not one and _beats(other, one, budget_s)), None)
    return Ground(beaten_by) if beaten_by is not None or _is_beyond(one, budget_s) else None


def runs_to_stop(
    runs: Sequence[CandidateRun], *, task: Task, fingerprint: str, evidence: Mapping[str, Evidence] | None
) -> list[CandidateRun]:
    """Return the runs of candidates of which more samples would change no decision.

    Args:
        runs: Of the candidates that are being measured.
        task: What is wanted.
        fingerprint: Of the machine.
        evidence: Errors on labels, by model; None where they come after the measuring, so that nothing published may
            end it.
    """
    timings = [_timing_so_far(run, task, fingerprint, evidence) for run in runs]
    names = can_stop(timings, budget_s=task.budget_s)
    return [run for run in runs if run.subject.card.id in names]


def _timing_so_far(
    run: CandidateRun, task: Task, fingerprint: str, evidence: Mapping[str, Evidence] | None
) -> CandidateTiming:
    conditions = Conditions(temperature_k=task.temperature_k, timestep_s=task.timestep_s, propagate=True)
    records = measurements_of(run, structure=task.structure, conditions=conditions, fingerprint=fingerprint)
    card = run.subject.card
    own = at_step(task, step_for(task, latest_tests(card.id, task)).seconds)
    known = None if evidence is None else evidence.get(card.id, evidence_of(card))
    return CandidateTiming(
        model=card.id,
        accuracy=None if known is None else place_of(known, card, task),
        usable=run.facts is not None and not run.facts.synthetic,
        run_time_s=run_time_of(costs_from(records).step_time_s(task.atoms), own.workload) if records else None,
        sizes=len(records),
    )


def _is_beyond(one: CandidateTiming, budget_s: float) -> bool:
    return one.run_time_s is not None and _low(one.run_time_s) > FAR_BEYOND * budget_s


def _beats(other: CandidateTiming, one: CandidateTiming, budget_s: float) -> bool:
    if one.run_time_s is None or other.run_time_s is None or not other.usable:
        return False
    return (
        other.accuracy is not None
        and one.accuracy is not None
        and is_as_accurate(other.accuracy, one.accuracy)
        and _high(other.run_time_s) < min(budget_s, _low(one.run_time_s))
    )  # fmt: skip


def _low(estimate: Estimate) -> float:
    return 0.0 if estimate.low is None else estimate.low


def _high(estimate: Estimate) -> float:
    return float("inf") if estimate.high is None else estimate.high
