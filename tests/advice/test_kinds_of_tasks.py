"""Kinds and needs: what rules out, what only makes a doubt, what is suggested, and how it is switched off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import GIB, make_card, make_estimate, make_findings, make_task
from mlipguide.advice.assumptions import assumption_notices
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.explanation import (
    HardwareReach,
    feasible_structures,
    feasible_time_s,
    reasons_for_choice,
    reasons_for_none,
)
from mlipguide.advice.judgement import judge
from mlipguide.advice.plans import next_commands, plan_for
from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.models.model_card import DomainFact, ModelCard
from mlipguide.records.models.terms import Domain, Forces, Need
from mlipguide.records.task.structure import AtomMass
from mlipguide.records.task.task import DerivedNeed, Task, TaskKind
from mlipguide.report.words.reason_words import reason_words
from mlipguide.structures.presets import build_preset
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.derived_needs import derived_needs
from mlipguide.tasks.prerelaxation import dft_saving
from mlipguide.tasks.time_step import propose_timestep


def direct(card: ModelCard) -> ModelCard:
    return replace(card, architecture=replace(card.architecture, forces=Forces.DIRECT))


def covering(domain: Domain) -> ModelCard:
    card = make_card()
    fact = DomainFact(domain=domain, evidence="It has them.", sources=("b",))
    return replace(card, training=replace(card.training, domains=(fact,)))


def verdict(card: ModelCard, task: Task) -> Verdict:
    return judge(make_findings(card=card), task, memory_bytes=8 * GIB).verdict


def test_excited_states_rule_out_every_model_of_the_catalogue() -> None:
    # No model of the catalogue follows more than one energy surface.
    task = make_task(needs=(Need.EXCITED_STATES,))
    for card in load_catalogue().cards:
        assert "needs" in {rejection.constraint for rejection in card_rejections(card, task)}, card.id


@pytest.mark.parametrize(
    "task",
    [
        make_task(needs=(Need.NVE,)),
        make_task(needs=(Need.PHONONS,)),
        make_task(kind=TaskKind.PHONONS),
        make_task(kind=TaskKind.NEB),
    ],
    ids=["nve", "phonons asked", "phonons", "neb"],
)
def test_direct_forces_are_never_for_nve_phonons_and_bands(task: Task) -> None:
    # Forces that are no gradients do not conserve energy; their derivatives are no force constants.
    assert verdict(direct(make_card()), task) is Verdict.INFEASIBLE
    assert verdict(make_card(), task) is not Verdict.INFEASIBLE
    for card in load_catalogue().cards:
        if card.architecture.forces is Forces.DIRECT:
            assert any("no gradients" in reason_words(item) for item in card_rejections(card, task)), card.id


@pytest.mark.parametrize("kind", [TaskKind.MD, TaskKind.RELAX, TaskKind.SCREEN, TaskKind.PRERELAX])
def test_direct_forces_may_do_for_the_other_kinds(kind: TaskKind) -> None:
    assert verdict(direct(make_card()), make_task(kind=kind)) is Verdict.FEASIBLE


@pytest.mark.parametrize(
    ("need", "domain"),
    [
        (Need.SURFACES, Domain.SURFACES),
        (Need.HIGH_PRESSURE, Domain.HIGH_PRESSURE),
        (Need.REACTIVE, Domain.OFF_EQUILIBRIUM),
        (Need.MOLECULES, Domain.MOLECULES),
    ],
)
def test_coverage_passes_where_a_card_says_so_and_is_a_doubt_where_it_is_silent(need: Need, domain: Domain) -> None:
    task = make_task(needs=(need,))
    assert verdict(covering(domain), task) is Verdict.FEASIBLE
    silent = judge(make_findings(), task, memory_bytes=8 * GIB)
    assert silent.verdict is Verdict.UNKNOWN
    assert list(map(reason_words, silent.doubts)) == [f"Nothing says that it covers {need.value}."]


def test_long_range_is_a_doubt_unless_a_model_has_it() -> None:
    task = make_task(needs=(Need.LONG_RANGE,))
    assert verdict(make_card(), task) is Verdict.UNKNOWN
    assert verdict(make_card(provides=(Need.LONG_RANGE,)), task) is Verdict.FEASIBLE


def suggested(preset: str, kind: TaskKind = TaskKind.MD) -> set[Need]:
    atoms = build_preset(preset)
    return {one.need for one in derived_needs(find_signs(atoms), kind, periodic=all(atoms.pbc))}


@pytest.mark.parametrize(
    ("preset", "needs"),
    [
        ("pt111-co", {Need.SURFACES}),
        ("water", {Need.MOLECULES}),
        ("urea", {Need.MOLECULES}),
        ("cantor-alloy", {Need.MAGNETISM}),
        ("lifepo4", {Need.MAGNETISM, Need.LONG_RANGE}),
        ("ethanol", {Need.MOLECULES}),
        ("silicon", set()),
    ],
)
def test_what_the_presets_suggest(preset: str, needs: set[Need]) -> None:
    assert suggested(preset) == needs


def test_relaxing_a_cell_suggests_the_stress() -> None:
    assert suggested("silicon", TaskKind.RELAX) == {Need.STRESS}
    assert suggested("silicon", TaskKind.PHONONS) == set()
    assert Need.STRESS not in suggested("pt111-co", TaskKind.RELAX)
    assert Need.STRESS not in suggested("ethanol", TaskKind.RELAX)


@pytest.mark.parametrize("need", list(Need))
def test_a_suggestion_never_rules_a_model_out(need: Need) -> None:
    task = make_task(derived_needs=(DerivedNeed(need=need, reason="a sign"),))
    assert verdict(direct(make_card()), task) is not Verdict.INFEASIBLE


def test_a_suggested_surface_makes_a_doubt_and_suggested_magnetism_none() -> None:
    slab = make_task(derived_needs=(DerivedNeed(need=Need.SURFACES, reason="a slab"),))
    assert verdict(make_card(), slab) is Verdict.UNKNOWN
    assert verdict(covering(Domain.SURFACES), slab) is Verdict.FEASIBLE
    magnet = make_task(derived_needs=(DerivedNeed(need=Need.MAGNETISM, reason="Fe"),))
    assert verdict(make_card(), magnet) is Verdict.FEASIBLE


@pytest.mark.parametrize(
    ("elements", "temperature_k", "step_fs"),
    [
        (("H", "O"), 300, 0.5),
        (("H", "O"), 600, 0.5),
        (("H", "C"), 2000, 0.25),
        (("Li", "O", "P", "Fe"), 600, 1.0),
        (("Si",), 300, 2.0),
        (("Si",), 3000, 1.0),
        (("Cr", "Mn", "Fe", "Co", "Ni"), 300, 3.0),
        (("W",), 300, 5.0),
        ((), 300, 1.0),
    ],
)
def test_proposed_steps(elements: tuple[str, ...], temperature_k: float, step_fs: float) -> None:
    assert propose_timestep(elements, temperature_k).seconds == pytest.approx(step_fs * 1e-15)


def test_a_step_has_a_reason_and_heat_never_lengthens_it() -> None:
    assert propose_timestep(("H", "O"), 300).reason == "H is the lightest atom"
    assert "moves fast at 3000 K" in propose_timestep(("Si",), 3000).reason
    for symbol in ("H", "Li", "Si", "W"):
        steps = [propose_timestep((symbol,), kelvin).seconds for kelvin in (100, 300, 1000, 3000, 1e4)]
        assert steps == sorted(steps, reverse=True)


def test_heavier_hydrogen_takes_a_longer_step() -> None:
    def step_fs(*masses: float) -> float:
        of_atoms = [AtomMass(element="H", mass_dalton=mass, atoms=1) for mass in masses]
        oxygen = AtomMass(element="O", mass_dalton=15.999, atoms=1)
        return propose_timestep(("H", "O"), 300, (*of_atoms, oxygen)).seconds * 1e15

    assert step_fs(1.008) == pytest.approx(0.5)
    assert step_fs(2.014) == pytest.approx(0.7)
    assert step_fs(3.024) == pytest.approx(0.7)
    assert step_fs(4.04) == pytest.approx(1.0)
    assert step_fs(1.008, 2.014) == pytest.approx(0.5)
    assert propose_timestep(("H",), 300, [AtomMass(element="H", mass_dalton=2.014, atoms=1)]).reason == (
        "H of 2.014 Da is the lightest atom"
    )


def test_notices_say_how_to_change_each() -> None:
    task = make_task(
        assumed=("kind", "atoms", "time", "timestep", "temperature", "budget"),
        derived_needs=(DerivedNeed(need=Need.SURFACES, reason="a slab"), DerivedNeed(need=Need.MAGNETISM, reason="Fe")),
    )
    assumed, derived = assumption_notices(task)
    for option in ("--kind md", "--atoms 2000", "--time 100ps", "--timestep 1fs (Li is the lightest atom)"):
        assert option in assumed.message
    for option in ("--temperature 600K", "--budget 24h", "--force-mae", "--commercial", "--models"):
        assert option in assumed.message
    assert "surfaces (a slab)" in derived.message
    assert "--needs=-surfaces" in derived.message
    assert "--no-derive" in derived.message
    assert assumption_notices(make_task()) == ()


def test_fewer_structures_are_offered_and_would_be_feasible() -> None:
    task = make_task(kind=TaskKind.SCREEN, structures=1000, atoms=28)
    slow = judge(make_findings(step_time_s=make_estimate(50.0)), task, memory_bytes=8 * GIB)
    assert slow.verdict is Verdict.INFEASIBLE
    number = feasible_structures(slow, task)
    assert number is not None
    assert feasible_time_s(slow, task) is None
    reach = HardwareReach(memory_bytes=8 * GIB, most_speed_up=4000.0)
    assert f"{number} structures" in " ".join(reasons_for_none([slow], task, reason_words, reach))
    assert f"mlipguide recommend a.cif --kind screen --structures {number} --atoms 28" in next_commands(
        task, None, [slow], subject="a.cif --kind screen"
    )
    fewer = make_task(kind=TaskKind.SCREEN, structures=number, atoms=28)
    assert verdict_of(50.0, fewer) is Verdict.FEASIBLE


def verdict_of(step_s: float, task: Task) -> Verdict:
    return judge(make_findings(step_time_s=make_estimate(step_s)), task, memory_bytes=8 * GIB).verdict


def test_the_plan_and_the_reasons_speak_of_the_kind() -> None:
    task = make_task(kind=TaskKind.PRERELAX, dft_saving=dft_saving(make_estimate(600.0)))
    choice = judge(make_findings(), task, memory_bytes=8 * GIB)
    assert "start DFT from there" in plan_for(task, None, choice, None)[-1].action
    words = " ".join(reasons_for_choice(choice, [choice], task, reason_words))
    assert "saves most of the ionic steps" in words
    assert "3 h" in words  # 0.6 of 30 steps of 10 min
    band = make_task(kind=TaskKind.NEB, images=5)
    assert "band of 5 images" in plan_for(band, None, choice, None)[-1].action


def test_more_structures_never_make_a_feasible_candidate_of_an_infeasible_one() -> None:
    order = [Verdict.FEASIBLE, Verdict.UNKNOWN, Verdict.INFEASIBLE]
    found = [order.index(verdict_of(1.0, make_task(kind=TaskKind.SCREEN, structures=10**power))) for power in range(7)]
    assert found == sorted(found)
    assert {found[0], found[-1]} == {0, 2}
