"""The verdict on one model: every constraint that it breaks, every doubt that remains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.candidate_step import at_step, conservation_rejection, step_for
from mlipguide.advice.constraints import (
    against_limit,
    card_rejections,
    coverage_doubt,
    elements_doubt,
    licence_doubt,
    licence_of,
    verdict_on,
)
from mlipguide.advice.facts import ModelFacts
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.verdict_reasons import Doubt, Reason, ReasonKind
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.tasks.workloads import run_time_of


def judge(facts: ModelFacts, task: Task, *, memory_bytes: int) -> Candidate:
    """Return the candidate with its verdict.

    Args:
        facts: What is known of the model.
        task: What is wanted.
        memory_bytes: Usable memory of the device.
    """
    step = step_for(task, facts.stability)
    against: list[Reason | None] = [*card_rejections(facts.card, task)]
    task = at_step(task, step.seconds)
    run_time = None if facts.step_time_s is None else run_time_of(facts.step_time_s, task.workload)
    if facts.unmeasured_because is not None:
        against.append(facts.unmeasured_because)
    elif run_time is None:
        against.append(Doubt(kind=ReasonKind.STEP_TIME_UNKNOWN))
    elif facts.peak_memory_bytes is None:
        against.append(Doubt(kind=ReasonKind.PEAK_MEMORY_UNKNOWN))
    if facts.peak_memory_bytes is not None:
        against += against_limit(ReasonKind.PEAK_MEMORY, facts.peak_memory_bytes, float(memory_bytes))
    if run_time is not None:
        against += against_limit(ReasonKind.RUN_TIME, run_time, task.budget_s)
    if facts.weights is Weights.SYNTHETIC:
        against.append(Doubt(kind=ReasonKind.RANDOM_WEIGHTS))
    known = facts.evidence
    on_labels = known.kind is EvidenceKind.USER_LABELS and known.force_mae_ev_per_angstrom is not None
    conservative = facts.stability is not None and facts.stability.conservative is True
    against += [
        conservation_rejection(task, facts.stability),
        step.doubt,
        licence_doubt(facts.card, task),
        elements_doubt(facts.card, on_labels=on_labels),
        coverage_doubt(facts.card, task, on_labels=on_labels, conservative=conservative),
        *against_errors(facts.evidence, task),
        *facts.domain_doubts,
    ]
    verdict, rejections, doubts = verdict_on(about(facts.card.id, against))
    return Candidate(
        model=facts.card.id,
        name=facts.card.name,
        backend=facts.card.backend,
        environment=facts.environment,
        settings=facts.settings,
        weights=facts.weights,
        verdict=verdict,
        rejections=rejections,
        doubts=doubts,
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
        remarks=facts.remarks if step.reason is None else (*facts.remarks, step.reason),
        engines=facts.engines,
        structures_at_once=facts.structures_at_once,
    )


def against_errors(evidence: Evidence, task: Task) -> list[Reason]:
    """Return the limits on the error that evidence breaks, and those that it leaves open."""
    asked = (
        (ReasonKind.FORCE_ERROR, task.force_mae_ev_per_angstrom, evidence.force_mae_ev_per_angstrom),
        (ReasonKind.ENERGY_ERROR, task.energy_mae_ev_per_atom, evidence.energy_mae_ev_per_atom),
    )
    found: list[Reason] = []
    for kind, limit, known in asked:
        if limit is not None:
            found += [Doubt(kind=kind, limit=limit)] if known is None else against_limit(kind, known, limit)
    if evidence.kind is EvidenceKind.NONE and not any(isinstance(one, Doubt) for one in found):
        found.append(Doubt(kind=ReasonKind.NOTHING_COMPARABLE))
    return found


def about(model: str, reasons: Iterable[Reason | None]) -> list[Reason]:
    """Return what there is of reasons, with the model that they are about."""
    return [one if one.model == model else replace(one, model=model) for one in reasons if one is not None]
