"""The Pareto front of accuracy and time, the order of the table, and the choice.

What the axis of accuracy is, ``accuracy_axis.py`` says; what is not known stands last on it, and never counts as met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlipguide.advice.accuracy_axis import is_as_accurate, order_of_place
from mlipguide.records.accuracy.accuracy_axis import DomainFit
from mlipguide.records.advice.advice import Candidate, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Weights

COST_CONSTRAINTS = frozenset({Constraint.TIME, Constraint.MEMORY})


def ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates, feasible first, then the more accurate, then the faster, with the Pareto front.

    Only models that could be used if they were fast and small enough compete for the front.
    """
    field = [candidate for candidate in candidates if could_serve(candidate) and _coordinates(candidate)]
    marked = [
        replace(candidate, on_pareto_front=not any(_dominates(other, candidate) for other in field))
        if candidate in field
        else candidate
        for candidate in candidates
    ]
    return tuple(sorted(marked, key=order_of))


def could_serve(candidate: Candidate) -> bool:
    """Tell whether nothing but time and memory stands against a candidate."""
    return all(rejection.constraint in COST_CONSTRAINTS for rejection in candidate.rejections)


def choose(candidates: Sequence[Candidate], task: Task, *, memory_bytes: int) -> Candidate | None:
    """Return the candidate to run; None when there is none.

    Feasible candidates come before those whose verdict is unknown, and of the latter only those count that more
    likely than not end in time and fit. With a limit on the error that all of them are known to meet, the fastest is
    chosen; otherwise the most accurate that ends within the budget. A model without its weights or without a measured
    time is never chosen, nor is one whose training data do not fit while one whose data do could serve but for its
    cost: that one may be distilled.

    Args:
        candidates: All candidates, judged.
        task: What is wanted.
        memory_bytes: Usable memory of the device.
    """
    fitting = _fitting(candidates)
    for verdict in (Verdict.FEASIBLE, Verdict.UNKNOWN):
        usable = [c for c in fitting if c.verdict is verdict and is_runnable(c) and is_likely(c, task, memory_bytes)]
        if usable:
            meeting = [c for c in usable if meets_limits(c, task)]
            if meeting:
                return min(meeting, key=lambda c: (seconds_of(c), c.model))
            return min(usable, key=lambda c: (*accuracy_order(c), seconds_of(c), c.model))
    return None


def _fitting(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates whose training data fit the task, where one of them can be run; all of them otherwise."""
    fitting = [one for one in candidates if one.accuracy.domain is not DomainFit.NOT_COVERED]
    return fitting if any(could_serve(one) and is_runnable(one) for one in fitting) else list(candidates)


def meets_limits(candidate: Candidate, task: Task) -> bool:
    """Tell whether an error was asked, and each that was is known and no larger; what is not known meets nothing."""
    evidence = candidate.evidence
    asked = [
        (limit, known)
        for limit, known in (
            (task.force_mae_ev_per_angstrom, evidence.force_mae_ev_per_angstrom),
            (task.energy_mae_ev_per_atom, evidence.energy_mae_ev_per_atom),
        )
        if limit is not None
    ]
    return bool(asked) and all(known is not None and known.value <= limit for limit, known in asked)


def is_likely(candidate: Candidate, task: Task, memory_bytes: int) -> bool:
    """Tell whether a candidate more likely than not ends in time and fits."""
    run_time, peak = candidate.run_time_s, candidate.peak_memory_bytes
    in_time = run_time is not None and run_time.value <= task.budget_s
    return in_time and (peak is None or peak.value <= memory_bytes)


def run_seconds(candidate: Candidate) -> float:
    """Return the time of the run; infinite where it is not known."""
    return float("inf") if candidate.run_time_s is None else candidate.run_time_s.value


def is_runnable(candidate: Candidate) -> bool:
    """Tell whether a candidate's own weights were timed here."""
    return candidate.weights is Weights.PRETRAINED and candidate.step_time_s is not None


def accuracy_order(candidate: Candidate) -> tuple[float, ...]:
    """Return what sorts candidates by accuracy: the more telling evidence first, then the smaller error.

    Errors of different kinds of evidence have different units and are never compared.
    """
    return order_of_place(candidate.accuracy)


def seconds_of(candidate: Candidate) -> float:
    """Return the time of a step; infinite where it is not known."""
    return float("inf") if candidate.step_time_s is None else candidate.step_time_s.value


def _coordinates(candidate: Candidate) -> bool:
    place = candidate.accuracy
    return (place.figure is not None or place.domain is not None) and seconds_of(candidate) < float("inf")


def _dominates(one: Candidate, other: Candidate) -> bool:
    if not is_as_accurate(one.accuracy, other.accuracy) or seconds_of(one) > seconds_of(other):
        return False
    return seconds_of(one) < seconds_of(other) or not is_as_accurate(other.accuracy, one.accuracy)


def order_of(candidate: Candidate) -> tuple[int, int, tuple[float, ...], float, str]:
    """Return what sorts candidates: the verdict, whether it could serve, the accuracy, the time."""
    return (
        candidate.verdict.rank,
        0 if could_serve(candidate) else 1,
        accuracy_order(candidate),
        seconds_of(candidate),
        candidate.model,
    )
