"""Whole decisions with the right answer argued: kinds of tasks, strategies, and the rules of the field.

On two cores a step takes, an atom: SevenNet-l3i5 17 ms (the most accurate, kappa 0.55), MACE-MP-0 medium 9.5 ms (0.68),
SevenNet-0 8 ms (0.76), CHGNet 4.7 ms (1.72).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from factories import make_task
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import StatedReference, Task, TaskKind
from world import (
    DAY,
    ETHANOL,
    HOUR,
    LAWRENCIUM,
    MS_PER_ATOM,
    OF_MOLECULES,
    PLATINUM_SLAB,
    SILICON,
    WATER,
    Decision,
    World,
    decision,
    feasible,
    models,
)

L3I5, MACE, SEVENNET_0, CHGNET = MS_PER_ATOM
PAIR = (MACE, SEVENNET_0)
BOTH = World(models=models(*PAIR))
PRETRAINED, TUNE, DISTIL = Strategy.PRETRAINED, Strategy.FINE_TUNE, Strategy.DISTIL
SCRATCH, NONE = Strategy.TRAIN_FROM_SCRATCH, Strategy.NONE
MD, RELAX, SCREEN = TaskKind.MD, TaskKind.RELAX, TaskKind.SCREEN
PHONONS, NEB, PRERELAX = TaskKind.PHONONS, TaskKind.NEB, TaskKind.PRERELAX
BAD_LABELS = dict.fromkeys(MS_PER_ATOM, 0.25)
LIMIT = {"force_mae_ev_per_angstrom": 0.1}


@dataclass(frozen=True)
class Scenario:
    """A question and its right answer.

    Attributes:
        task: What is asked.
        strategy: The right strategy.
        choice: The right pretrained model; None where none is run.
        world: What there is.
        never: Models that must not do.
    """

    task: dict[str, Any]
    strategy: Strategy
    choice: str | None = None
    world: World = field(default_factory=World)
    never: tuple[str, ...] = ()


SCENARIOS = {
    # --- molecular dynamics
    # 64 atoms x 20,000 steps: 6 h with the most accurate model, a day is allowed.
    "md: a short run of a small cell": Scenario(
        {"structure": SILICON, "atoms": 64, "simulated_time_s": 2e-11}, PRETRAINED, L3I5
    ),
    # 80 atoms x 100 ps in a day: 38 h with l3i5; MACE needs 21 h and is the best of those that surely end.
    "md: the most accurate that ends in time": Scenario({"atoms": 80}, PRETRAINED, MACE, never=(L3I5,)),
    # 2,000 atoms x 100 ps: 10 days with the fastest. A teacher labels small cells in minutes, and NEP runs in hours.
    "md: a cathode too large for universal models": Scenario({}, DISTIL),
    # 10^5 atoms x 10^7 steps are centuries with a universal model on 64 cores; a fast potential takes weeks.
    "md: 100,000 atoms for 10 ns on 64 cores": Scenario(
        {"atoms": 100_000, "simulated_time_s": 1e-8, "budget_s": 90 * DAY}, DISTIL, world=World(cores=64)
    ),
    # The same for silicon: one element, so a linear potential; still distilled, since a teacher knows silicon.
    "md: a large silicon crystal": Scenario(
        {"structure": SILICON, "atoms": 20_000, "simulated_time_s": 1e-9, "budget_s": 10 * DAY}, DISTIL
    ),
    # Excited states are of no model and of no strategy here: all learn one ground state.
    "md: excited states": Scenario({"atoms": 64, "needs": (Need.EXCITED_STATES,)}, NONE),
    # No training set has lawrencium, so that nobody can teach it: only reference calculations of one's own.
    "md: an element outside all training data": Scenario({"structure": LAWRENCIUM, "atoms": 64}, SCRATCH),
    # The labels show 250 meV/Å, 100 are asked. Tuning on a few hundred frames mends that; the run itself is short.
    "md: labels that show 250 meV/Å where 100 are asked": Scenario(
        {
            "structure": SILICON,
            "atoms": 64,
            "simulated_time_s": 2e-11,
            **LIMIT,
            "reference": StatedReference(wall_time_s=600, cores=64),
        },
        TUNE,
        world=World(labels=BAD_LABELS),
        never=tuple(MS_PER_ATOM),
    ),
    # Commercial use excludes MACE-OMAT-0 (academic licence), although its data would make it the better model.
    "md: commercial use and an academic licence": Scenario(
        {"structure": SILICON, "atoms": 64, "simulated_time_s": 1e-11, "commercial": True},
        PRETRAINED,
        SEVENNET_0,
        World(models=models(SEVENNET_0, mace__omat__0__medium=9.5)),
        never=("mace-omat-0-medium",),
    ),
    # Only CHGNet gives magnetic moments, so the more accurate ones drop out.
    "md: magnetic moments": Scenario(
        {"atoms": 56, "simulated_time_s": 1e-11, "needs": (Need.MAGNETISM,)},
        PRETRAINED,
        CHGNET,
        never=(L3I5, SEVENNET_0, MACE),
    ),
    # NVE needs forces that are a gradient: Orb-v2 predicts them, so the faster model is out.
    "md: NVE and direct forces": Scenario(
        {"structure": SILICON, "atoms": 64, "simulated_time_s": 1e-11, "needs": (Need.NVE,)},
        PRETRAINED,
        SEVENNET_0,
        World(models=models(SEVENNET_0, orb__v2=2.0)),
        never=("orb-v2",),
    ),
    # 4 GiB hold 700 atoms; 2,000 do not fit, whatever the time. A fast potential has no such need.
    "md: memory": Scenario(
        {"budget_s": 400 * DAY}, DISTIL, world=World(memory_bytes=4 * 2**30), never=tuple(MS_PER_ATOM)
    ),
    # --- relaxation: some 120 evaluations
    # 50 atoms: 100 s with the most accurate model.
    "relax: fifty atoms": Scenario({"kind": RELAX, "atoms": 50}, PRETRAINED, L3I5),
    # 1,000 atoms: 34 min.
    "relax: a large defect cell": Scenario({"kind": RELAX, "atoms": 1000}, PRETRAINED, L3I5),
    # Nobody knows the element, large or small.
    "relax: an element outside": Scenario({"kind": RELAX, "structure": LAWRENCIUM, "atoms": 2}, SCRATCH),
    # Labels of this system settle the choice: CHGNet has 80 meV/Å here, the leaderboard's best has 150.
    "relax: labels against the leaderboard": Scenario(
        {"kind": RELAX, "atoms": 56, **LIMIT},
        PRETRAINED,
        CHGNET,
        World(labels={L3I5: 0.15, MACE: 0.16, SEVENNET_0: 0.17, CHGNET: 0.08}),
        never=(L3I5, MACE, SEVENNET_0),
    ),
    # All four are too far off, and the relaxation itself costs nothing: tune.
    "relax: labels that no model meets": Scenario(
        {"kind": RELAX, "atoms": 56, **LIMIT, "reference": StatedReference(wall_time_s=600, cores=64)},
        TUNE,
        world=World(labels=BAD_LABELS),
    ),
    # Excited states again: a relaxation on an excited surface is nothing for these models.
    "relax: excited states": Scenario({"kind": RELAX, "atoms": 50, "needs": (Need.EXCITED_STATES,)}, NONE),
    # --- screening
    # 1,000 structures of 20 atoms x 120 evaluations: 11 h of a day and a half.
    "screen: a thousand crystals": Scenario(
        {"kind": SCREEN, "structures": 1000, "atoms": 20, "budget_s": 36 * HOUR}, PRETRAINED, L3I5
    ),
    # The same in 7 h: l3i5 needs 11 h. SevenNet-0 (5.3 h, F1 0.724) and MACE (6.3 h, F1 0.669) likely end: stability is
    # what a screening asks for, so SevenNet-0, although MACE has the better κ.
    "screen: less time": Scenario(
        {"kind": SCREEN, "structures": 1000, "atoms": 20, "budget_s": 7 * HOUR}, PRETRAINED, SEVENNET_0
    ),
    # 64 cores do 5,000 in a tenth of the day: the most accurate again.
    "screen: many cores": Scenario(
        {"kind": SCREEN, "structures": 5000, "atoms": 20}, PRETRAINED, L3I5, World(cores=64)
    ),
    # Stress is needed to relax cells; all of these give it, Orb-v2's direct stress is no gain without conservation.
    "screen: with stress": Scenario(
        {"kind": SCREEN, "structures": 100, "atoms": 20, "needs": (Need.STRESS, Need.CONSERVATIVE)},
        PRETRAINED,
        L3I5,
        World(models=models(*MS_PER_ATOM, orb__v2=2.0)),
        never=("orb-v2",),
    ),
    # A company screens: the academic model is out.
    "screen: commercial": Scenario(
        {"kind": SCREEN, "structures": 100, "atoms": 20, "commercial": True},
        PRETRAINED,
        CHGNET,
        World(models=models(CHGNET, mace__omat__0__medium=9.5)),
        never=("mace-omat-0-medium",),
    ),
    # --- phonons: displaced supercells and a tight relaxation, conservative forces only
    # Silicon, 216 atoms: some dozens of evaluations of 4 s.
    "phonons: silicon": Scenario({"kind": PHONONS, "structure": SILICON, "atoms": 216}, PRETRAINED, L3I5),
    # Direct forces have no second derivative worth the name, though Orb-v2 would be eight times faster.
    "phonons: direct forces": Scenario(
        {"kind": PHONONS, "structure": SILICON, "atoms": 216},
        PRETRAINED,
        CHGNET,
        World(models=models(CHGNET, orb__v2=2.0)),
        never=("orb-v2",),
    ),
    # Only a direct-force model at hand: then no pretrained one; one is trained.
    "phonons: nothing but direct forces": Scenario(
        {"kind": PHONONS, "structure": SILICON, "atoms": 216, "reference": StatedReference(wall_time_s=60, cores=64)},
        SCRATCH,
        world=World(models=models(orb__v2=2.0)),
        never=("orb-v2",),
    ),
    # Softening shows in phonons: labels of displaced cells say which model is meant.
    "phonons: labels": Scenario(
        {"kind": PHONONS, "structure": SILICON, "atoms": 216, **LIMIT},
        PRETRAINED,
        SEVENNET_0,
        World(labels={L3I5: 0.12, MACE: 0.3, SEVENNET_0: 0.09, CHGNET: 0.3}),
    ),
    # The element again.
    "phonons: an element outside": Scenario({"kind": PHONONS, "structure": LAWRENCIUM, "atoms": 54}, SCRATCH),
    # --- nudged elastic band: images x steps
    # 7 images x 220 steps of 56 atoms: 25 min.
    "neb: ion hop": Scenario({"kind": NEB, "images": 7, "atoms": 56}, PRETRAINED, L3I5),
    # Barriers need a surface: direct forces have none.
    "neb: direct forces": Scenario(
        {"kind": NEB, "images": 7, "atoms": 56},
        PRETRAINED,
        SEVENNET_0,
        World(models=models(SEVENNET_0, orb__v2=2.0)),
        never=("orb-v2",),
    ),
    # An hour for 600 atoms and 9 images: l3i5 needs 5.6 h, CHGNet 1.6 h: nothing ends, and a fast potential does.
    "neb: no time": Scenario({"kind": NEB, "images": 9, "atoms": 600, "budget_s": 900.0}, DISTIL),
    # Barriers come out too low with softened models, as the labels show; tuning is the cure.
    "neb: labels that no model meets": Scenario(
        {"kind": NEB, "images": 5, "atoms": 56, **LIMIT, "reference": StatedReference(wall_time_s=600, cores=64)},
        TUNE,
        world=World(labels=BAD_LABELS),
    ),
    # Unknown element.
    "neb: an element outside": Scenario({"kind": NEB, "images": 5, "structure": LAWRENCIUM, "atoms": 54}, SCRATCH),
    # --- before DFT
    # 56 atoms: two minutes before a DFT relaxation.
    "prerelax: a small cell": Scenario({"kind": PRERELAX, "atoms": 56}, PRETRAINED, L3I5),
    # A slab with an adsorbate: a doubt about coverage stays, but nothing better is at hand.
    "prerelax: a catalyst slab": Scenario(
        {"kind": PRERELAX, "structure": PLATINUM_SLAB, "atoms": 76}, PRETRAINED, L3I5
    ),
    # Water: hydrogen and oxygen are in all training sets.
    "prerelax: a box of water": Scenario({"kind": PRERELAX, "structure": WATER, "atoms": 192}, PRETRAINED, L3I5),
    # Ten minutes: of those that likely end SevenNet-0 has the best F1, which tests where a relaxation ends.
    "prerelax: in a hurry": Scenario({"kind": PRERELAX, "atoms": 500, "budget_s": 600.0}, PRETRAINED, SEVENNET_0),
    # Nothing to pre-relax with.
    "prerelax: an element outside": Scenario({"kind": PRERELAX, "structure": LAWRENCIUM, "atoms": 2}, SCRATCH),
    # Labels of distorted cells say that all four are off by 250 meV/Å: a poor start for DFT, mended by tuning.
    "prerelax: labels that no model meets": Scenario(
        {"kind": PRERELAX, "atoms": 56, **LIMIT, "reference": StatedReference(wall_time_s=600, cores=64)},
        TUNE,
        world=World(labels=BAD_LABELS),
    ),
    # A hundred crystals of one family, and labels that no model meets: one tuned model serves all.
    "screen: labels that no model meets": Scenario(
        {
            "kind": SCREEN,
            "structures": 100,
            "atoms": 20,
            **LIMIT,
            "reference": StatedReference(wall_time_s=600, cores=64),
        },
        TUNE,
        world=World(labels=BAD_LABELS),
    ),
    # --- the figure that tells: MACE has κ 0.68 and F1 0.67, SevenNet-0 κ 0.76 and F1 0.72, and both have the time
    # Dynamics and phonons live on forces and their derivatives: κ, so MACE.
    "md: κ tells": Scenario({"structure": SILICON, "atoms": 64, "simulated_time_s": 1e-12}, PRETRAINED, MACE, BOTH),
    "phonons: κ tells": Scenario({"kind": PHONONS, "structure": SILICON, "atoms": 216}, PRETRAINED, MACE, BOTH),
    # A barrier lies away from the minima, where models are too soft: that shows in κ (third derivatives) and not in F1,
    # which tests energies at the minima alone.
    "neb: κ tells": Scenario({"kind": NEB, "images": 7, "atoms": 56}, PRETRAINED, MACE, BOTH),
    # A relaxation ends at a minimum: F1 tests its energy, RMSD its structure, so SevenNet-0.
    "relax: F1 tells": Scenario({"kind": RELAX, "atoms": 50}, PRETRAINED, SEVENNET_0, BOTH),
    "screen: F1 tells": Scenario({"kind": SCREEN, "structures": 100, "atoms": 20}, PRETRAINED, SEVENNET_0, BOTH),
    # The user's own labels come before either.
    "relax: labels tell more than F1": Scenario(
        {"kind": RELAX, "atoms": 50}, PRETRAINED, MACE, World(models=models(*PAIR), labels={MACE: 0.1, SEVENNET_0: 0.2})
    ),
    # --- molecules: figures of crystals say little
    # MACE-OFF23 learned molecules at ωB97M-D3 and has no leaderboard figure; l3i5 has the best one, and saw crystals.
    "md: a molecule": Scenario(
        {"structure": ETHANOL, "atoms": 9, "simulated_time_s": 1e-11, "derived_needs": OF_MOLECULES},
        PRETRAINED,
        "mace-off23",
        World(models=models(L3I5, CHGNET, mace__off23=9.5)),
    ),
    # MACE-MH-1 saw molecules too, but answers with PBE, which lacks the dispersion between them.
    "md: water, with and without dispersion": Scenario(
        {"structure": WATER, "atoms": 192, "simulated_time_s": 1e-12, "derived_needs": OF_MOLECULES},
        PRETRAINED,
        "mace-off23",
        World(models=models(L3I5, mace__mh__1=5.0, mace__off23=9.5)),
    ),
    "relax: a molecule": Scenario(
        {"kind": RELAX, "structure": ETHANOL, "atoms": 9, "derived_needs": OF_MOLECULES},
        PRETRAINED,
        "mace-mh-1",
        World(models=models(L3I5, SEVENNET_0, mace__mh__1=9.5)),
    ),
    # The model of molecules takes 21 days for a nanosecond of water. One of crystals that would end in time is no way
    # out as it is: reference calculations of water have to teach it first.
    "md: water for longer than the right model allows": Scenario(
        {"structure": WATER, "atoms": 192, "simulated_time_s": 1e-9, "derived_needs": OF_MOLECULES},
        TUNE,
        world=World(models={CHGNET: 0.01, "mace-off23": 9.5}),
    ),
    # On the user's labels of this water l3i5 is the better one: that is known, the rest is expectation.
    "md: labels of water": Scenario(
        {"structure": WATER, "atoms": 192, "simulated_time_s": 1e-12, "derived_needs": OF_MOLECULES},
        PRETRAINED,
        L3I5,
        World(models=models(L3I5, mace__off23=9.5), labels={L3I5: 0.03, "mace-off23": 0.05}),
    ),
    # --- an error that is asked and not known
    # Nothing is known of the energies: CHGNet is the fastest, and has 600 meV/Å where l3i5 has 30.
    "md: an energy error asked that nobody knows": Scenario(
        {"structure": SILICON, "atoms": 64, "simulated_time_s": 1e-12, "energy_mae_ev_per_atom": 0.005},
        PRETRAINED,
        L3I5,
        World(labels={L3I5: 0.03, CHGNET: 0.6}),
    ),
    # Of those that meet it the fastest, whatever the others' forces.
    "md: an energy error asked and known": Scenario(
        {"structure": SILICON, "atoms": 64, "simulated_time_s": 1e-12, "energy_mae_ev_per_atom": 0.005},
        PRETRAINED,
        SEVENNET_0,
        World(
            labels={L3I5: 0.03, SEVENNET_0: 0.1, CHGNET: 0.6},
            energies={L3I5: 0.002, SEVENNET_0: 0.004, CHGNET: 0.02},
        ),
        never=(CHGNET,),
    ),
    # --- what is not known
    # All could be started and none was timed: time one before anything is said.
    "unknown: nothing was timed": Scenario({"atoms": 64}, NONE, world=World(models=dict.fromkeys(MS_PER_ATOM, 0.0))),
    # Total charge is an input of no model at hand, and of no fast potential.
    "none: total charge": Scenario({"atoms": 64, "needs": (Need.TOTAL_CHARGE,)}, NONE),
    # Spin likewise.
    "none: spin": Scenario({"atoms": 64, "needs": (Need.SPIN,)}, NONE),
}


def task_of(scenario: Scenario) -> Task:
    return make_task(**scenario.task)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_right_answer(name: str) -> None:
    scenario = SCENARIOS[name]
    found = decision(task_of(scenario), scenario.world)
    assert (found.strategy, found.choice) == (scenario.strategy, scenario.choice), _explained(found)
    for model in scenario.never:
        assert found.verdict(model) is Verdict.INFEASIBLE, model


def _explained(found: Decision) -> str:
    lines = [
        f"{one.model} {one.verdict.value} {one.run_time_s and one.run_time_s.value} "
        f"{[item.kind.value for item in one.rejections]} {one.doubts}"
        for one in found.candidates
    ]
    lines += [
        f"{one.strategy.value} {one.verdict.value} {one.total_wall_time_s and one.total_wall_time_s.value} "
        f"{one.rejections} {one.doubts}"
        for one in found.table.prices
    ]
    return "\n".join(lines)


def test_there_are_enough_scenarios_of_each_kind_and_strategy() -> None:
    assert len(SCENARIOS) >= 40
    for kind in TaskKind:
        assert sum(one.task.get("kind", MD) is kind for one in SCENARIOS.values()) >= 5, kind
    for strategy in Strategy:
        assert sum(one.strategy is strategy for one in SCENARIOS.values()) >= 5, strategy


def test_a_large_run_states_its_break_even() -> None:
    found = decision(task_of(SCENARIOS["md: 100,000 atoms for 10 ns on 64 cores"]), World(cores=64))
    against = {(one.strategy, one.against): one for one in found.table.break_evens}
    assert against[DISTIL, PRETRAINED].simulated_time_s.value < 1e-11


def test_nothing_known_of_the_domain_is_unknown_and_begins_with_a_test() -> None:
    found = decision(make_task(structure=SILICON, atoms=64, simulated_time_s=1e-11, force_mae_ev_per_angstrom=0.1))
    assert feasible(found.candidates) == set()
    assert {one.verdict for one in found.candidates} == {Verdict.UNKNOWN}
    assert "cheapest test" in found.plan[0].action
    assert found.plan[0].wall_time_s is not None


def test_a_student_of_water_is_distilled_by_the_model_that_knows_molecules() -> None:
    scenario = SCENARIOS["md: water for longer than the right model allows"]
    price = decision(task_of(scenario), scenario.world).table.price(DISTIL)
    assert price is not None
    assert price.base == "mace-off23"


def test_a_direct_force_model_never_does_nve_phonons_or_bands() -> None:
    world = World(models={"orb-v2": 0.01, "orb-v2-mptrj": 0.01, "orb-v3-direct-inf-omat": 0.01})
    for task in (
        make_task(structure=SILICON, atoms=64, needs=(Need.NVE,)),
        make_task(structure=SILICON, atoms=64, kind=PHONONS),
        make_task(structure=SILICON, atoms=64, kind=NEB, images=5),
    ):
        assert {one.verdict for one in decision(task, world).candidates} == {Verdict.INFEASIBLE}
