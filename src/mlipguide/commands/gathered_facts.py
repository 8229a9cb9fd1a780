"""What an answer of ``recommend`` stands on: costs of the models here or elsewhere, evidence, and batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlipguide.advice.facts import Facts
from mlipguide.advice.facts import facts_elsewhere as facts_on
from mlipguide.advice.prices.labels import label_atoms
from mlipguide.advice.recommendation import Question
from mlipguide.bench.measuring.costs_here import costs_here, fitted_costs, own_timings_of, reference_timings
from mlipguide.bench.measuring.measuring import usable_memory_bytes
from mlipguide.bench.measuring.refusals import refuse_nothing
from mlipguide.bench.measuring.shared_times import shared_notices, with_shared_times
from mlipguide.bench.measuring.stored_batches import can_be_batched, counted_elsewhere, counted_here
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import Preparation, default_settings
from mlipguide.evidence.accuracy.label_evidence import LabelEvidence
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.evidence.stability.earlier_tests import tests_here
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import TaskKind
from mlipguide.training.fit.manifests import trainings_of


def facts_here(
    question: Question,
    preparation: Preparation,
    measured: MeasuredModels,
    on_labels: LabelEvidence,
    machine: Machine,
) -> tuple[Facts, tuple[Notice, ...]]:
    """Return what is known of the models on this machine, with what others shared where nothing was timed.

    Raises:
        EnvironmentFailedError: Nothing can be started.
        MeasurementFailedError: Nothing could be measured.
    """
    refuse_nothing(preparation, measured)
    task, cards = question.task, question.cards
    candidates = preparation.candidates
    laws = fitted_costs(candidates, measured, task, question.atoms)
    costs, told = with_shared_times(
        costs_here(candidates, measured, laws, atoms=task.atoms),
        candidates,
        own_timings_of(candidates, measured, laws),
        machine=machine,
        catalogue=question.catalogue,
        task=task,
        atoms=question.atoms,
    )
    facts = Facts(
        cards={card.id: card for card in cards},
        costs=costs,
        evidence={card.id: on_labels.by_model.get(card.id) or evidence_of(card) for card in cards},
        stability=tests_here(candidates, task),
        memory_bytes=usable_memory_bytes(machine, default_settings(machine)),
        trainings=trainings_of(cards),
        atoms=question.atoms,
        label_step_s={model: law.step_time_s(label_atoms(task)) for model, law in laws.items()},
    )
    return facts, told


def facts_elsewhere(
    question: Question, on_labels: LabelEvidence, machine: Machine, on_progress: Callable[[str, float], None]
) -> tuple[tuple[Facts, ...], tuple[Notice, ...]]:
    """Return what is known of the models on each profile: others' timings answer where nothing was timed here."""
    on_progress("carrying the timings over", 1.0)
    task, cards = question.task, question.cards
    known = reference_timings(
        question.catalogue,
        machine,
        task,
        question.atoms,
        given_weights=question.weights,
        profiles=question.profiles,
        cards=cards,
    )
    facts = tuple(facts_on(cards, profile, known, task, on_labels.by_model) for profile in question.profiles)
    return facts, shared_notices(known)


def in_batches(
    question: Question, facts: tuple[Facts, ...], preparation: Preparation, machine: Machine, *, scripted: bool
) -> tuple[tuple[Facts, ...], tuple[Notice, ...]]:
    """Return the facts with the work of many structures in batches where these are faster, and what is said of that.

    With a script it is the work of the script, and phonons are always counted as their script does them.
    """
    task = question.task
    if not can_be_batched(task, question.atoms):
        return facts, ()
    candidates = preparation.candidates
    if scripted or task.kind is TaskKind.PHONONS:
        from mlipguide.production.script_batches import can_batch

        candidates = tuple(one for one in candidates if can_batch(task, one.recipe, one.settings))
    costs = [one.costs for one in facts]
    if question.profiles:
        found, notices = counted_elsewhere(
            costs,
            question.profiles,
            candidates=candidates,
            catalogue=question.catalogue,
            machine=machine,
            task=task,
        )
    else:
        here, notices = counted_here(costs[0], candidates, machine.fingerprint, task)
        found = (here,)
    return tuple(replace(one, costs=in_batches) for one, in_batches in zip(facts, found, strict=True)), notices
