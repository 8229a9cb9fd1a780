"""A small world for whole decisions: real cards, step times measured once on two cores, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from factories import make_estimate, make_summary, make_task
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.decision import decide, leading_candidate
from mlipguide.advice.facts import ModelFacts
from mlipguide.advice.judgement import judge
from mlipguide.advice.plans import plan_for
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import cheapest_test, is_untested, strategy_table
from mlipguide.advice.ranking import choose, ranked
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.families import load_families
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate, PlanStep
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import DerivedNeed, Task
from mlipguide.records.timing.measurement import Allocator, Settings, Weights
from mlipguide.tasks.workloads import affordable_atoms_of

GIB = 2**30
DAY = 86_400.0
HOUR = 3_600.0
SETTINGS = Settings(threads=2, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)

MS_PER_ATOM = {"sevennet-l3i5": 17.0, "mace-mp-0-medium": 9.5, "sevennet-0": 8.0, "chgnet-0.3.0": 4.7}
"""Milliseconds an atom and step on two cores, the most accurate (lowest kappa_SRME) first; tests name others."""
MB_PER_ATOM = 6.0

LIFEPO4 = make_summary()
SILICON = make_summary(formula="Si8", reduced_formula="Si", elements=("Si",), atoms=8)
WATER = make_summary(formula="H128O64", reduced_formula="H2O", elements=("H", "O"), atoms=192)
ETHANOL = make_summary(
    formula="C2H6O", reduced_formula="C2H6O", elements=("H", "C", "O"), atoms=9, periodic=(False, False, False)
)
OF_MOLECULES = (DerivedNeed(need=Need.MOLECULES, reason="matter of molecules"),)
"""What water and ethanol suggest."""
PLATINUM_SLAB = make_summary(formula="CO2Pt16", reduced_formula="CO2Pt16", elements=("C", "O", "Pt"), atoms=19)
LAWRENCIUM = make_summary(formula="Lr2", reduced_formula="Lr", elements=("Lr",), atoms=2)


@dataclass(frozen=True, kw_only=True)
class World:
    """A machine, models on it, and what is known of them.

    Attributes:
        cores: Usable cores; step times fall in proportion.
        memory_bytes: Usable memory.
        models: Milliseconds an atom and step on two cores, by model id; 0 for one that was not timed, None for one that
            cannot be started.
        labels: Force MAE on the user's labels, eV/Å, by model id.
        energies: Energy MAE on the user's labels, eV/atom, by model id.
    """

    cores: float = 2.0
    memory_bytes: int = 24 * GIB
    models: Mapping[str, float | None] = field(default_factory=lambda: dict(MS_PER_ATOM))
    labels: Mapping[str, float] = field(default_factory=dict)
    energies: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided."""

    strategy: Strategy
    choice: str | None
    candidates: tuple[Candidate, ...]
    table: StrategyTable
    plan: tuple[PlanStep, ...]

    def verdict(self, model: str) -> Verdict:
        """Return the verdict on one model."""
        return self.candidate(model).verdict

    def candidate(self, model: str) -> Candidate:
        """Return one model."""
        return next(one for one in self.candidates if one.model == model)


@cache
def card_of(model: str) -> ModelCard:
    """Return a card of the catalogue."""
    return load_catalogue().find(model)


def decision(task: Task, world: World | None = None) -> Decision:
    """Decide as ``recommend`` does."""
    world = world or World()
    candidates = ranked([_candidate(card_of(model), ms, task, world) for model, ms in world.models.items()])
    choice = choose(candidates, task, memory_bytes=world.memory_bytes)
    leading = leading_candidate(choice, candidates)
    known = PricingInputs(
        hardware=StrategyHardware(cores=world.cores), families=load_families(), memory_bytes=world.memory_bytes
    )
    table = strategy_table(candidates, task, known, None if leading is None else card_of(leading.model))
    strategy = decide(choice, candidates, table, task)
    test = cheapest_test(task, known) if leading is not None and is_untested(leading) else None
    return Decision(
        strategy=strategy,
        choice=None if choice is None else choice.model,
        candidates=candidates,
        table=table,
        plan=plan_for(task, table.price(strategy), choice, test),
    )


def asked(**changes: Any) -> Task:
    """Return a task; 100 ps of LiFePO4 within a day where nothing else is said."""
    return make_task(**changes)


def models(*names: str, **others: float | None) -> dict[str, float | None]:
    """Return some of the models, and others with their times; ``__`` stands for a dash."""
    return {name: MS_PER_ATOM[name] for name in names} | {name.replace("__", "-"): ms for name, ms in others.items()}


@dataclass(frozen=True)
class _Linear:
    """Time in proportion to the atoms."""

    seconds: float

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return how many atoms the budget allows."""
        return make_estimate(max(1.0, budget_s / steps / self.seconds))


def _candidate(card: ModelCard, ms: float | None, task: Task, world: World) -> Candidate:
    evidence = evidence_of(card)
    force, energy = world.labels.get(card.id), world.energies.get(card.id)
    if force is not None or energy is not None:
        evidence = replace(
            evidence,
            kind=EvidenceKind.USER_LABELS,
            force_mae_ev_per_angstrom=None if force is None else make_estimate(force, spread=None),
            energy_mae_ev_per_atom=None if energy is None else make_estimate(energy, spread=None),
            source="the user's labels",
        )
    if not ms or card_rejections(card, task):
        untimed = ModelFacts(card=card, evidence=evidence, environment=None if ms is None else "managed")
        return judge(untimed, task, memory_bytes=world.memory_bytes)
    per_atom_s = ms * 1e-3 * 2.0 / world.cores
    findings = ModelFacts(
        card=card,
        evidence=evidence,
        environment="managed",
        settings=SETTINGS,
        weights=Weights.PRETRAINED,
        step_time_s=make_estimate(per_atom_s * task.atoms),
        ns_per_day=make_estimate(1.0),
        peak_memory_bytes=make_estimate(MB_PER_ATOM * 1e6 * task.atoms),
        max_atoms=make_estimate(world.memory_bytes / (MB_PER_ATOM * 1e6)),
        affordable_atoms=affordable_atoms_of(_Linear(per_atom_s), task.workload, budget_s=task.budget_s),
        measured=("record",),
    )
    return judge(findings, task, memory_bytes=world.memory_bytes)


def feasible(candidates: Sequence[Candidate]) -> set[str]:
    """Return the models that surely do the task."""
    return {one.model for one in candidates if one.verdict is Verdict.FEASIBLE}
