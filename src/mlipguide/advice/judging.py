"""From measurements and cards to judged candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.advice.candidate_step import at_step, step_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.judgement import Findings, judge
from mlipguide.advice.known_stability import stability_of
from mlipguide.advice.prices.labels import label_atoms
from mlipguide.advice.ranking import ranked
from mlipguide.advice.trained_here import with_training
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.neighbours_seen import CUTOFF
from mlipguide.candidates.preparation import CHECKPOINT, Preparation, Prepared
from mlipguide.costmodel.costs import Costs, costs_from, ns_per_day
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.advice import Candidate, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.sessions.errors import FailureKind
from mlipguide.tasks.workloads import affordable_atoms_of
from mlipguide.worker.geometry import pairs_per_atom

if TYPE_CHECKING:
    from ase import Atoms
NO_EVIDENCE: Mapping[str, Evidence] = {}
"""Nothing beside the cards' figures."""


def judged(
    cards: Sequence[ModelCard],
    preparation: Preparation,
    measured: MeasuredModels,
    task: Task,
    atoms: Atoms,
    *,
    memory_bytes: int,
    evidence: Mapping[str, Evidence] = NO_EVIDENCE,
) -> tuple[Candidate, ...]:
    """Return every card as a candidate with its verdict, best first.

    Args:
        cards: All that were asked for.
        preparation: What could be started.
        measured: What was measured.
        task: What is wanted.
        atoms: The structure, of which neighbours are counted for models that were timed on other structures only.
        memory_bytes: Usable memory of the device.
        evidence: Of models that were compared with labels; of others the card's figures count.
    """
    prepared = {item.card.id: item for item in preparation.candidates}
    found: list[Candidate] = []
    for card in cards:
        item = prepared.get(card.id)
        findings = _unprepared(card, task) if item is None else _findings(item, measured, task, atoms, memory_bytes)
        if card.id in evidence:
            findings = replace(findings, evidence=evidence[card.id])
        findings = with_training(findings, task, atoms)
        found.append(judge(findings, task, memory_bytes=memory_bytes))
    return ranked(found)


def _unprepared(card: ModelCard, task: Task) -> Findings:
    unknown = Rejection("backend", "Not timed: nothing here runs it.")
    ruled_out = card_rejections(card, task)
    return Findings(card=card, evidence=evidence_of(card), unmeasured_because=None if ruled_out else unknown)


def _findings(item: Prepared, measured: MeasuredModels, task: Task, atoms: Atoms, memory_bytes: int) -> Findings:
    card = item.card
    evidence = evidence_of(card)
    kind = item.environment.kind.value if item.environment.python else None
    stability = stability_of(item, task)
    burst_at = measured.out_of_memory_at.get(card.id)
    costs = None if _lacks_its_file(item) else costs_of(item, measured, task, atoms)
    if costs is None or (burst_at is not None and burst_at <= task.atoms):
        return Findings(
            card=card,
            evidence=evidence,
            environment=kind,
            unmeasured_because=_why_unmeasured(item, measured),
            stability=stability,
        )
    step_time = costs.step_time_s(task.atoms)
    own = at_step(task, step_for(task, stability).seconds)
    weights = (measured.by_model.get(card.id) or measured.elsewhere[card.id])[-1].weights
    return Findings(
        card=card,
        evidence=evidence,
        environment=kind,
        settings=item.settings,
        weights=weights,
        step_time_s=step_time,
        ns_per_day=ns_per_day(step_time, timestep_s=own.timestep_s) if task.kind is TaskKind.MD else None,
        peak_memory_bytes=costs.peak_memory_bytes(task.atoms),
        max_atoms=costs.largest_system_atoms(memory_bytes),
        affordable_atoms=affordable_atoms_of(costs, own.workload, budget_s=task.budget_s),
        measured=costs.records,
        measured_as=measured.measured_as.get(card.id),
        stability=stability,
    )


def _lacks_its_file(item: Prepared) -> bool:
    """Tell whether a model cannot be used although another one of its architecture may have been timed."""
    return item.obstacle is not None and item.obstacle.constraint == CHECKPOINT


def costs_of(item: Prepared, measured: MeasuredModels, task: Task, atoms: Atoms | None) -> Costs | None:
    """Return what a candidate costs on this machine, for the structure of the task; None where nothing was measured."""
    own = measured.by_model.get(item.card.id, [])
    elsewhere = measured.elsewhere.get(item.card.id, [])
    if not own and not elsewhere:
        return None
    if own:
        pairs: float | None = max(own, key=lambda record: record.atoms).pairs_per_atom
    else:
        pairs = _pairs_per_atom(task, atoms, item.card.architecture.cutoff_angstrom)
    return costs_from([*own, *elsewhere], structure=task.structure, pairs_per_atom=pairs)


def label_steps(preparation: Preparation, measured: MeasuredModels, task: Task, atoms: Atoms) -> Mapping[str, Estimate]:
    """Return the time of a step in a cell that is labelled, of each model that was timed on this machine.

    The fit of time against atoms knows it, whatever the task's own number of atoms is.
    """
    found: dict[str, Estimate] = {}
    for item in preparation.candidates:
        costs = costs_of(item, measured, task, atoms)
        if costs is not None:
            found[item.card.id] = costs.step_time_s(label_atoms(task))
    return found


def _pairs_per_atom(task: Task, atoms: Atoms | None, cutoff_angstrom: float | None) -> float | None:
    """Return the pairs per atom: counted, or where only the density is known those of a uniform medium."""
    density = task.structure.number_density_per_angstrom3
    if cutoff_angstrom is None:
        return None
    if atoms is not None:
        return pairs_per_atom(atoms, cutoff_angstrom)
    return None if density is None else density * 4 / 3 * math.pi * cutoff_angstrom**3


def _why_unmeasured(item: Prepared, measured: MeasuredModels) -> Rejection:
    if item.obstacle is not None:
        return item.obstacle
    size = measured.out_of_memory_at.get(item.card.id)
    if size is not None:
        return Rejection("memory", f"It ran out of memory at {size} atoms.")
    failure = measured.failures.get(item.card.id)
    if failure is not None and failure.kind == FailureKind.NO_NEIGHBOURS.value:
        return Rejection(CUTOFF, failure.message)
    return Rejection("measurement", "Not timed." if failure is None else f"Not timed: {failure.message}")
