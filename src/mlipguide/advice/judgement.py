"""The verdict on one model: every constraint that it breaks, every doubt that remains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.candidate_step import at_step, conservation_rejection, step_for
from mlipguide.advice.constraints import (
    card_rejections,
    coverage_doubt,
    elements_doubt,
    licence_doubt,
    licence_of,
    memory_doubt,
    memory_rejection,
    time_doubt,
    time_rejection,
)
from mlipguide.advice.facts import ModelFacts
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.advice import Candidate, Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, Reason, ReasonKind, Rejection
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.tasks.workloads import run_time_of

T = TypeVar("T")
R = TypeVar("R", bound=Reason)


def judge(facts: ModelFacts, task: Task, *, memory_bytes: int) -> Candidate:
    """Return the candidate with its verdict.

    Infeasible: a constraint is broken for certain, that is, by the whole 90 % interval. Unknown: nothing is
    broken for certain, but something that decides is not known or lies on both sides of its limit. Feasible:
    neither.

    Args:
        facts: What is known of the model.
        task: What is wanted.
        memory_bytes: Usable memory of the device.
    """
    rejections = list(card_rejections(facts.card, task))
    step = step_for(task, facts.stability)
    task = at_step(task, step.seconds)
    doubts: list[Doubt] = []
    run_time = None if facts.step_time_s is None else run_time_of(facts.step_time_s, task.workload)
    if isinstance(facts.unmeasured_because, Rejection):
        rejections.append(facts.unmeasured_because)
    elif facts.unmeasured_because is not None:
        doubts.append(facts.unmeasured_because)
    elif run_time is None:
        doubts.append(Doubt(kind=ReasonKind.STEP_TIME_UNKNOWN))
    elif facts.peak_memory_bytes is None:
        doubts.append(Doubt(kind=ReasonKind.PEAK_MEMORY_UNKNOWN))
    if facts.peak_memory_bytes is not None:
        rejections += _present(memory_rejection(facts.peak_memory_bytes, memory_bytes))
        doubts += _present(memory_doubt(facts.peak_memory_bytes, memory_bytes))
    if run_time is not None:
        rejections += _present(time_rejection(run_time, task.budget_s))
        doubts += _present(time_doubt(run_time, task.budget_s))
    if facts.weights is Weights.SYNTHETIC:
        doubts.append(Doubt(kind=ReasonKind.RANDOM_WEIGHTS))
    rejections += _present(conservation_rejection(task, facts.stability))
    doubts += _present(step.doubt)
    doubts += _present(licence_doubt(facts.card, task))
    known = facts.evidence
    on_labels = known.kind is EvidenceKind.USER_LABELS and known.force_mae_ev_per_angstrom is not None
    doubts += _present(elements_doubt(facts.card, on_labels=on_labels))
    conservative = facts.stability is not None and facts.stability.conservative is True
    doubts += _present(coverage_doubt(facts.card, task, on_labels=on_labels, conservative=conservative))
    accuracy_rejections, accuracy_doubts = judge_accuracy(facts.evidence, task)
    rejections += accuracy_rejections
    doubts += accuracy_doubts
    doubts += facts.domain_doubts
    if rejections:
        verdict = Verdict.INFEASIBLE
    elif doubts:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.FEASIBLE
    return Candidate(
        model=facts.card.id,
        name=facts.card.name,
        backend=facts.card.backend,
        environment=facts.environment,
        settings=facts.settings,
        weights=facts.weights,
        verdict=verdict,
        rejections=about(facts.card.id, rejections),
        doubts=about(facts.card.id, doubts),
        step_time_s=facts.step_time_s,
        ns_per_day=facts.ns_per_day,
        run_time_s=run_time,
        peak_memory_bytes=facts.peak_memory_bytes,
        max_atoms=facts.max_atoms,
        affordable_atoms=facts.affordable_atoms,
        evidence=facts.evidence,
        accuracy=place_of(facts.evidence, facts.card, task),
        license=licence_of(facts.card),
        on_pareto_front=None,
        measured=facts.measured,
        measured_as=facts.measured_as,
        run_cost=facts.run_cost,
        timestep_s=task.timestep_s if task.kind is TaskKind.MD else None,
        remarks=(*facts.remarks, *_present(step.reason)),
    )


def judge_accuracy(evidence: Evidence, task: Task) -> tuple[list[Rejection], list[Doubt]]:
    """Return the limits on the error that evidence breaks, and those that it leaves open.

    A limit is broken when the whole 90 % interval lies above it, and met when the whole interval lies below.
    """
    asked = (
        (ReasonKind.FORCE_ERROR, task.force_mae_ev_per_angstrom, evidence.force_mae_ev_per_angstrom),
        (ReasonKind.ENERGY_ERROR, task.energy_mae_ev_per_atom, evidence.energy_mae_ev_per_atom),
    )
    rejections: list[Rejection] = []
    doubts: list[Doubt] = []
    for kind, limit, known in asked:
        if limit is None:
            continue
        if known is not None and known.at_least > limit:
            rejections.append(Rejection(kind=kind, value=known, limit=limit))
        elif known is None or known.at_most > limit:
            doubts.append(Doubt(kind=kind, value=known, limit=limit))
    if evidence.kind is EvidenceKind.NONE and not doubts:
        doubts.append(Doubt(kind=ReasonKind.NOTHING_COMPARABLE))
    return rejections, doubts


def about(model: str, reasons: Iterable[R]) -> tuple[R, ...]:
    """Return reasons with the model that they are about."""
    return tuple(replace(one, model=model) for one in reasons)


def _present(item: T | None) -> list[T]:
    return [] if item is None else [item]
