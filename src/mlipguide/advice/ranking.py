"""The Pareto front of accuracy and time, the order of the table, and the choice.

The axis of accuracy is an error measured on the user's system where there is one. Otherwise it is the
published kappa_SRME, the error of the thermal conductivity: it tests forces and their derivatives, which
molecular dynamics lives on, while the stability score F1 ranks models with unusable forces high (Póta et al.,
arXiv:2408.00755).
"""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.judgement import with_front
from mlipguide.records.advice import Candidate, Verdict
from mlipguide.records.evidence import EvidenceKind
from mlipguide.records.measurement import Weights
from mlipguide.records.task import Task

COST_CONSTRAINTS = frozenset({"time", "memory"})


def ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates, feasible first, then the more accurate, then the faster, with the Pareto front.

    Only models that could be used if they were fast and small enough compete for the front.
    """
    field = [candidate for candidate in candidates if could_serve(candidate) and _coordinates(candidate)]
    marked = [
        with_front(candidate, on_front=not any(_dominates(other, candidate) for other in field))
        if candidate in field
        else candidate
        for candidate in candidates
    ]
    return tuple(sorted(marked, key=_order))


def could_serve(candidate: Candidate) -> bool:
    """Tell whether nothing but time and memory stands against a candidate."""
    return all(rejection.constraint in COST_CONSTRAINTS for rejection in candidate.rejections)


def choose(candidates: Sequence[Candidate], task: Task, *, memory_bytes: int) -> Candidate | None:
    """Return the candidate to run; None when there is none.

    Feasible candidates come before those whose verdict is unknown, and of the latter only those count that more
    likely than not end in time and fit. With a limit on the error that all of them are known to meet, the fastest is
    chosen; otherwise the most accurate that ends within the budget. A model without its weights or without a measured
    time is never chosen.

    Args:
        candidates: All candidates, judged.
        task: What is wanted.
        memory_bytes: Usable memory of the device.
    """
    accuracy_asked = task.force_mae_ev_per_angstrom is not None or task.energy_mae_ev_per_atom is not None
    for verdict in (Verdict.FEASIBLE, Verdict.UNKNOWN):
        usable = [c for c in candidates if c.verdict is verdict and is_runnable(c) and is_likely(c, task, memory_bytes)]
        if usable:
            # A feasible candidate meets every limit that was asked; of the others, those whose figures do may.
            known = [c for c in usable if verdict is Verdict.FEASIBLE or meets_limits(c, task)]
            if accuracy_asked and known:
                return min(known, key=lambda c: (_time(c), c.model))
            return min(usable, key=lambda c: (*accuracy_order(c), _time(c), c.model))
    return None


def meets_limits(candidate: Candidate, task: Task) -> bool:
    """Tell whether a force error is known and neither it nor the energy error exceeds what was asked."""
    force, energy = candidate.evidence.force_mae_ev_per_angstrom, candidate.evidence.energy_mae_ev_per_atom
    asked_force, asked_energy = task.force_mae_ev_per_angstrom, task.energy_mae_ev_per_atom
    return (
        force is not None
        and (asked_force is None or force.value <= asked_force)
        and (asked_energy is None or energy is None or energy.value <= asked_energy)
    )


def is_likely(candidate: Candidate, task: Task, memory_bytes: int) -> bool:
    """Tell whether a candidate more likely than not ends in time and fits."""
    run_time, peak = candidate.run_time_s, candidate.peak_memory_bytes
    in_time = run_time is not None and run_time.value <= task.budget_s
    return in_time and (peak is None or peak.value <= memory_bytes)


def is_runnable(candidate: Candidate) -> bool:
    """Tell whether a candidate's own weights were timed here."""
    return candidate.weights is Weights.PRETRAINED and candidate.step_time_s is not None


def error_of(candidate: Candidate) -> float:
    """Return the figure that stands for a candidate's error, infinite where nothing is known."""
    evidence = candidate.evidence
    if evidence.force_mae_ev_per_angstrom is not None:
        return evidence.force_mae_ev_per_angstrom.value
    return float("inf") if evidence.kappa_srme is None else evidence.kappa_srme


def accuracy_order(candidate: Candidate) -> tuple[int, float]:
    """Return what sorts candidates by accuracy: the more telling evidence first, then the smaller error.

    Errors of different kinds of evidence have different units and are never compared.
    """
    return list(EvidenceKind).index(candidate.evidence.kind), error_of(candidate)


def _time(candidate: Candidate) -> float:
    return float("inf") if candidate.step_time_s is None else candidate.step_time_s.value


def _coordinates(candidate: Candidate) -> bool:
    return error_of(candidate) < float("inf") and _time(candidate) < float("inf")


def _dominates(one: Candidate, other: Candidate) -> bool:
    if one.evidence.kind is not other.evidence.kind:
        return False
    pairs = ((error_of(one), error_of(other)), (_time(one), _time(other)))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _order(candidate: Candidate) -> tuple[int, int, tuple[int, float], float, str]:
    return (
        candidate.verdict.rank,
        0 if could_serve(candidate) else 1,
        accuracy_order(candidate),
        _time(candidate),
        candidate.model,
    )
