"""What is known of the models before they are judged for a task: gathered once, for one piece of hardware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlipguide.advice.candidate_step import at_step, step_for
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.trained_here import training_says
from mlipguide.core.kept_files import UnusableFileError
from mlipguide.core.units import WALL_TIME
from mlipguide.costmodel.costs import ns_per_day
from mlipguide.costmodel.model_costs import NOT_RUN_HERE, UNLIMITED_BYTES, ModelCosts, costs_elsewhere, memory_of
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.evidence.stability.earlier_tests import tests_anywhere
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.advice.advice import RunCost
from mlipguide.records.advice.engines import EngineChoice
from mlipguide.records.advice.verdict_reasons import Doubt, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Settings, Weights
from mlipguide.tasks.workloads import affordable_atoms_of, run_time_of

if TYPE_CHECKING:
    from ase import Atoms

    from mlipguide.records.training.distillation import Distillation
    from mlipguide.records.training.fit import FitData

HOUR_S = WALL_TIME.factors["h"]
JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """Everything that is known of the models on one piece of hardware.

    Attributes:
        cards: Of all models considered, by id.
        costs: What a run of each costs there, by id; of a model that is missing nothing can be said.
        evidence: Of the accuracy of each, by id.
        stability: Latest tests that bear on the task, by id.
        trainings: How potentials that were trained here came about, by id.
        atoms: The structure; None where there is none.
        memory_bytes: Usable memory of the device.
        label_step_s: Time of a step in a cell that is labelled, by id.
        profile: The hardware; None for this machine.
    """

    cards: Mapping[str, ModelCard]
    costs: Mapping[str, ModelCosts]
    evidence: Mapping[str, Evidence]
    stability: Mapping[str, ModelStability]
    memory_bytes: int
    trainings: Mapping[str, Distillation | FitData | UnusableFileError] = field(default_factory=dict)
    atoms: Atoms | None = None
    label_step_s: Mapping[str, Estimate] = field(default_factory=dict)
    profile: HardwareProfile | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What is known of one model for the task; None is what could not be found out.

    Attributes:
        card: The checkpoint.
        evidence: What is known of its accuracy.
        environment: Kind of the environment; None when there is none.
        settings: The settings that the numbers hold for.
        weights: Real or random weights.
        step_time_s: One MD step at the task's number of atoms.
        ns_per_day: Simulated nanoseconds per day.
        peak_memory_bytes: At the task's number of atoms.
        max_atoms: Largest system that fits.
        affordable_atoms: Largest system whose run stays within the budget.
        measured: Records that the numbers stand on.
        measured_as: The checkpoint that was timed in its place.
        unmeasured_because: Why there are no numbers; None when there are.
        run_cost: What the run costs; None on this machine.
        stability: What tests of stability found that bears on the task; None without any.
        remarks: What speaks for a potential that was trained here, as sentences.
        domain_doubts: Where the task leaves what it was trained on.
        engines: The codes that run it, the fastest first, where there are several.
        structures_at_once: How many structures are evaluated together; None for one after the other.
    """

    card: ModelCard
    evidence: Evidence
    environment: str | None = None
    settings: Settings | None = None
    weights: Weights | None = None
    step_time_s: Estimate | None = None
    ns_per_day: Estimate | None = None
    peak_memory_bytes: Estimate | None = None
    max_atoms: Estimate | None = None
    affordable_atoms: Estimate | None = None
    measured: tuple[str, ...] = ()
    measured_as: str | None = None
    unmeasured_because: Rejection | Doubt | None = None
    run_cost: RunCost | None = None
    stability: ModelStability | None = None
    remarks: tuple[str, ...] = ()
    domain_doubts: tuple[Doubt, ...] = ()
    engines: tuple[EngineChoice, ...] = ()
    structures_at_once: int | None = None


def facts_elsewhere(
    cards: Sequence[ModelCard],
    profile: HardwareProfile,
    known: ReferenceTimings,
    task: Task,
    evidence: Mapping[str, Evidence] | None = None,
) -> Facts:
    """Return what is known of models on hardware that is not here.

    Args:
        cards: Models that are considered.
        profile: The hardware.
        known: What tells of costs there.
        task: What is wanted.
        evidence: Of models that were compared with labels; of others the card's figures count.
    """
    in_question = [card for card in cards if not card_rejections(card, task)]
    evidence = evidence or {}
    return Facts(
        cards={card.id: card for card in cards},
        costs=costs_elsewhere(in_question, profile, known, atoms=task.atoms),
        evidence={card.id: evidence.get(card.id) or evidence_of(card) for card in cards},
        stability=tests_anywhere(in_question, task),
        memory_bytes=memory_of(profile),
        profile=profile,
    )


def facts_of(card: ModelCard, task: Task, facts: Facts) -> ModelFacts:
    """Return what is known of one model at the size and length of a task; its card alone where that rules it out."""
    trained = training_says(facts.trainings.get(card.id), facts.evidence[card.id], task, facts.atoms)
    ruled_out = bool(card_rejections(card, task))
    known = ModelCosts() if ruled_out else facts.costs.get(card.id, NOT_RUN_HERE)
    stability = None if ruled_out else facts.stability.get(card.id)
    costs = known.costs
    if costs is None:
        return ModelFacts(
            card=card,
            evidence=trained.evidence,
            environment=known.environment,
            unmeasured_because=known.unknown_because,
            stability=stability,
            remarks=trained.remarks,
            domain_doubts=trained.doubts,
        )
    step_time = costs.step_time_s(task.atoms)
    own = at_step(task, step_for(task, stability).seconds)
    simulates = task.kind is TaskKind.MD
    return ModelFacts(
        card=card,
        evidence=trained.evidence,
        environment=known.environment,
        settings=known.settings,
        weights=known.weights,
        step_time_s=step_time,
        ns_per_day=ns_per_day(step_time, timestep_s=own.timestep_s) if simulates and step_time is not None else None,
        peak_memory_bytes=costs.peak_memory_bytes(task.atoms),
        max_atoms=costs.largest_system_atoms(facts.memory_bytes) if facts.memory_bytes < UNLIMITED_BYTES else None,
        affordable_atoms=affordable_atoms_of(costs, own.workload, budget_s=task.budget_s),
        measured=known.measured,
        measured_as=known.measured_as,
        unmeasured_because=known.unknown_because,
        run_cost=_run_cost(step_time, own, known.devices, facts.profile),
        stability=stability,
        remarks=trained.remarks,
        domain_doubts=trained.doubts,
        engines=known.engines,
        structures_at_once=known.structures_at_once,
    )


def _run_cost(
    step_time_s: Estimate | None, task: Task, devices: int, profile: HardwareProfile | None
) -> RunCost | None:
    if step_time_s is None or profile is None:
        return None
    run_time = run_time_of(step_time_s, task.workload)
    hours, price, power = run_time.scaled(devices / HOUR_S), profile.price_per_device_hour, profile.power_w
    return RunCost(
        devices=devices,
        device_hours=hours,
        energy_kwh=None if power is None else run_time.scaled(devices * power.value / JOULES_PER_KWH),
        price=None if price is None else hours.scaled(price),
        currency=profile.currency,
    )
