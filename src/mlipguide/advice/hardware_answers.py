"""A task on hardware that is not here: every model judged for every profile, by ``recommend`` and ``plan`` alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.advice.candidate_step import at_step, step_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.judgement import Findings, judge
from mlipguide.advice.judging import NO_EVIDENCE, costs_of
from mlipguide.advice.known_stability import known_stability
from mlipguide.advice.ranking import accuracy_order, choose, ranked
from mlipguide.bench.measuring.stored_measurements import recall
from mlipguide.candidates.preparation import NO_CONSENT, Prepared, prepare_candidates
from mlipguide.catalog.cards import Catalogue
from mlipguide.core.units import WALL_TIME
from mlipguide.costmodel.costs import ns_per_day
from mlipguide.costmodel.transfer_data import OwnTiming
from mlipguide.costmodel.transfer_predictions import ReferenceTimings, gather_known_costs
from mlipguide.environments.recipes import load_recipes
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.advice import Candidate, HardwareAnswer, Rejection, RunCost
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Allocator, Settings, Weights
from mlipguide.tasks.workloads import affordable_atoms_of, run_time_of

if TYPE_CHECKING:
    from pathlib import Path

    from ase import Atoms

UNTIMED = Rejection("measurement", "It was not timed here, and no timing of it or of near relatives was published.")
HOUR_S = WALL_TIME.factors["h"]
JOULES_PER_KWH = 3.6e6
UNLIMITED_BYTES = 2**62
"""Stands for the memory of a processor whose machine's memory was not stated."""


def known_costs_of(
    catalogue: Catalogue, machine: Machine, task: Task, atoms: Atoms | None, *, given_weights: Mapping[str, Path]
) -> ReferenceTimings:
    """Return everything that tells of costs elsewhere: published timings, and all that was ever measured here.

    Args:
        catalogue: All models.
        machine: This machine.
        task: What is wanted.
        atoms: The structure; None where only its density is assumed.
        given_weights: Checkpoint files by model id.
    """
    recipes = load_recipes()
    here = [card for card in catalogue.cards if card.backend in recipes]
    preparation = prepare_candidates(
        here, machine, given_weights=given_weights, consent=NO_CONSENT, on_progress=lambda _message: None
    )
    own: dict[str, OwnTiming] = {}
    for candidates in (preparation.candidates, with_plain_memory(preparation.candidates)):
        measured = recall(candidates, machine.fingerprint, task.structure, each=False)
        for item in candidates:
            costs = costs_of(item, measured, task, atoms)
            if costs is not None:
                records = measured.by_model.get(item.card.id) or measured.elsewhere[item.card.id]
                sizes = tuple(sorted({record.atoms for record in records}))
                own[item.card.id] = OwnTiming(item.card, costs, item.settings, sizes)
    return gather_known_costs(catalogue, own.values(), machine, task.structure)


def with_plain_memory(candidates: Sequence[Prepared]) -> tuple[Prepared, ...]:
    """Return the candidates with settings under which resident memory is what is in use, as on a device."""
    return tuple(replace(item, settings=replace(item.settings, allocator=Allocator.DEFAULT)) for item in candidates)


def answers_elsewhere(
    cards: Sequence[ModelCard],
    profiles: Sequence[HardwareProfile],
    known: ReferenceTimings,
    task: Task,
    evidence: Mapping[str, Evidence] = NO_EVIDENCE,
) -> tuple[HardwareAnswer, ...]:
    """Return the answer for each profile: those with the more accurate choice first, then the faster.

    Args:
        cards: The models considered.
        profiles: The hardware.
        known: What tells of costs there.
        task: What is wanted.
        evidence: Of models that were compared with labels; of others the card's figures count.
    """
    answers: list[HardwareAnswer] = []
    for profile in profiles:
        candidates = ranked([candidate_on(card, profile, known, task, evidence.get(card.id)) for card in cards])
        choice = choose(candidates, task, memory_bytes=memory_of(profile))
        answers.append(
            HardwareAnswer(profile=profile, candidates=candidates, choice=None if choice is None else choice.model)
        )
    return tuple(sorted(answers, key=_order))


def candidate_on(
    card: ModelCard, profile: HardwareProfile, known: ReferenceTimings, task: Task, evidence: Evidence | None = None
) -> Candidate:
    """Return a model judged for the task on a profile; by the card's figures where there is no other evidence."""
    evidence = evidence or evidence_of(card)
    if card_rejections(card, task):
        return judge(Findings(card=card, evidence=evidence), task, memory_bytes=memory_of(profile))
    costs = known.costs_of(card, profile, task.atoms)
    step_time = costs.step_time_s(task.atoms)
    stability = known_stability(card.id, task)
    own = at_step(task, step_for(task, stability).seconds)
    limited = profile.usable_memory_bytes is not None
    findings = Findings(
        card=card,
        evidence=evidence,
        settings=_settings(profile, driver=costs.code),
        weights=Weights.PRETRAINED,
        step_time_s=step_time,
        ns_per_day=(
            None
            if step_time is None or task.kind is not TaskKind.MD
            else ns_per_day(step_time, timestep_s=own.timestep_s)
        ),
        peak_memory_bytes=costs.peak_memory_bytes(task.atoms),
        max_atoms=costs.largest_system_atoms(memory_of(profile)) if limited else None,
        affordable_atoms=affordable_atoms_of(costs, own.workload, budget_s=task.budget_s),
        unmeasured_because=UNTIMED if step_time is None else None,
        run_cost=None if step_time is None else _run_cost(run_time_of(step_time, own.workload), profile, costs.devices),
        stability=stability,
    )
    return judge(findings, task, memory_bytes=memory_of(profile))


def memory_of(profile: HardwareProfile) -> int:
    """Return the usable memory of one device of a profile."""
    usable = profile.usable_memory_bytes
    return UNLIMITED_BYTES if usable is None else int(usable.value)


def _run_cost(run_time_s: Estimate, profile: HardwareProfile, devices: int) -> RunCost:
    hours = run_time_s.scaled(devices / HOUR_S)
    price = profile.price_per_device_hour
    return RunCost(
        devices=devices,
        device_hours=hours,
        energy_kwh=(
            None if profile.power_w is None else run_time_s.scaled(devices * profile.power_w.value / JOULES_PER_KWH)
        ),
        price=None if price is None else hours.scaled(price),
        currency=profile.currency,
    )


def _settings(profile: HardwareProfile, *, driver: str) -> Settings:
    on_gpu = profile.device.kind is DeviceKind.GPU
    return Settings(
        threads=profile.host_cores or 1,
        dtype="float32",
        device="cuda:0" if on_gpu else "cpu",
        driver=driver,
        allocator=Allocator.DEFAULT if on_gpu else Allocator.RETAIN,
    )


def _order(answer: HardwareAnswer) -> tuple[int, tuple[float, ...], float]:
    chosen = next((one for one in answer.candidates if one.model == answer.choice), None)
    if chosen is None or chosen.run_time_s is None:
        return 1, (), 0.0
    return 0, accuracy_order(chosen), chosen.run_time_s.value
