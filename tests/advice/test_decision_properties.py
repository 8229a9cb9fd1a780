"""What must hold of every decision."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import make_task
from mlipguide.advice.ranking import meets_limits
from mlipguide.core.units import SIMULATED_TIME
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.task import Task, TaskKind
from world import HOUR, LIFEPO4, MS_PER_ATOM, SILICON, World, decision, feasible

TASKS = st.builds(
    lambda kind, structure, atoms, budget_h, limit, energy_limit: make_task(
        kind=kind,
        structure=structure,
        atoms=atoms,
        structures=50 if kind is TaskKind.SCREEN else 1,
        images=5 if kind is TaskKind.NEB else 1,
        budget_s=budget_h * HOUR,
        force_mae_ev_per_angstrom=limit,
        energy_mae_ev_per_atom=energy_limit,
    ),
    kind=st.sampled_from(TaskKind),
    structure=st.sampled_from([LIFEPO4, SILICON]),
    atoms=st.integers(10, 20_000),
    budget_h=st.floats(0.01, 10_000),
    limit=st.none() | st.floats(0.01, 0.5),
    energy_limit=st.none() | st.floats(0.001, 0.05),
)
LABELS = st.dictionaries(st.sampled_from(sorted(MS_PER_ATOM)), st.floats(0.01, 0.5), max_size=4)
ENERGIES = st.dictionaries(st.sampled_from(sorted(MS_PER_ATOM)), st.floats(0.001, 0.05), max_size=4)


@settings(max_examples=80, deadline=None)
@given(task=TASKS, labels=LABELS, energies=ENERGIES)
def test_an_error_that_is_asked_and_not_known_is_never_met(
    task: Task, labels: dict[str, float], energies: dict[str, float]
) -> None:
    found = decision(task, World(labels=labels, energies=energies))
    force, energy = task.force_mae_ev_per_angstrom, task.energy_mae_ev_per_atom
    for one in found.candidates:
        meets = (force is None or labels.get(one.model, math.inf) <= force) and (
            energy is None or energies.get(one.model, math.inf) <= energy
        )
        assert meets_limits(one, task) is (meets and not (force is None and energy is None))
        if one.verdict is Verdict.FEASIBLE:
            assert meets
    chosen = [one for one in found.candidates if one.model == found.choice]
    meeting = [one for one in found.candidates if meets_limits(one, task) and one.verdict is Verdict.FEASIBLE]
    if meeting:
        assert meets_limits(chosen[0], task)


@settings(max_examples=60, deadline=None)
@given(task=TASKS, labels=LABELS, energies=ENERGIES)
def test_knowing_an_energy_error_never_makes_a_stricter_limit_easier(
    task: Task, labels: dict[str, float], energies: dict[str, float]
) -> None:
    world = World(labels=labels, energies=energies)
    strict = replace(task, energy_mae_ev_per_atom=1e-4)
    assert feasible(decision(strict, world).candidates) == set()


@settings(max_examples=60, deadline=None)
@given(task=TASKS, labels=LABELS)
def test_what_is_chosen_is_as_accurate_as_all_of_its_verdict_where_nothing_is_asked(
    task: Task, labels: dict[str, float]
) -> None:
    """By the figure of the task: F1 where it ends at a minimum, κ where forces decide, labels before both."""
    plain = replace(task, force_mae_ev_per_angstrom=None, energy_mae_ev_per_atom=None)
    found = decision(plain, World(labels=labels))
    if found.choice is None:
        return
    chosen = found.candidate(found.choice)
    rivals = [one for one in found.candidates if one.verdict is Verdict.FEASIBLE and one.model not in labels]
    if chosen.model in labels or chosen.verdict is not Verdict.FEASIBLE:
        return
    by_f1 = plain.kind in (TaskKind.RELAX, TaskKind.SCREEN, TaskKind.PRERELAX)
    for one in rivals:
        assert one.evidence.f1 is not None
        assert one.evidence.kappa_srme is not None
        assert chosen.evidence.f1 is not None
        assert chosen.evidence.kappa_srme is not None
        if by_f1:
            assert chosen.evidence.f1 >= one.evidence.f1
        else:
            assert chosen.evidence.kappa_srme <= one.evidence.kappa_srme


@settings(max_examples=80, deadline=None)
@given(task=TASKS, labels=LABELS, factor=st.floats(1.0, 100.0))
def test_more_budget_never_makes_a_feasible_candidate_infeasible(
    task: Task, labels: dict[str, float], factor: float
) -> None:
    world = World(labels=labels)
    now = decision(task, world)
    more = decision(replace(task, budget_s=task.budget_s * factor), world)
    assert feasible(now.candidates) <= feasible(more.candidates)


@settings(max_examples=80, deadline=None)
@given(task=TASKS, labels=LABELS, factor=st.floats(0.1, 1.0))
def test_a_stricter_accuracy_never_adds_a_candidate(task: Task, labels: dict[str, float], factor: float) -> None:
    world = World(labels=labels)
    limit = task.force_mae_ev_per_angstrom
    now = decision(task, world)
    stricter = replace(task, force_mae_ev_per_angstrom=(0.5 if limit is None else limit) * factor)
    assert feasible(decision(stricter, world).candidates) <= feasible(now.candidates)


@settings(max_examples=60, deadline=None)
@given(task=TASKS, labels=LABELS, order=st.permutations(sorted(MS_PER_ATOM)))
def test_the_order_of_the_catalogue_changes_nothing(task: Task, labels: dict[str, float], order: list[str]) -> None:
    found = [
        decision(task, World(models={name: MS_PER_ATOM[name] for name in names}, labels=labels))
        for names in (MS_PER_ATOM, order)
    ]
    assert found[0] == found[1]


@settings(max_examples=60, deadline=None)
@given(task=TASKS, labels=LABELS)
def test_every_number_has_a_basis_and_a_source(task: Task, labels: dict[str, float]) -> None:
    found = decision(task, World(labels=labels))
    estimates = list(_estimates(found))
    assert estimates
    for one in estimates:
        assert isinstance(one.basis, Basis)
        assert one.source
        if one.low is not None and one.high is not None:
            assert one.low <= one.value <= one.high


@settings(max_examples=60, deadline=None)
@given(task=TASKS, labels=LABELS)
def test_the_strategy_agrees_with_the_choice_and_the_table(task: Task, labels: dict[str, float]) -> None:
    found = decision(task, World(labels=labels))
    assert (found.choice is not None) is (found.strategy is Strategy.PRETRAINED)
    if found.strategy not in (Strategy.NONE, Strategy.PRETRAINED):
        price = found.table.price(found.strategy)
        assert price is not None
        assert price.verdict.value != "infeasible"
        assert price.total_wall_time_s is not None
        assert found.plan


@pytest.mark.parametrize(("one", "other"), [("1ns", "1000ps"), ("500fs", "0.5ps"), ("0.001us", "1ns")])
def test_units_change_nothing(one: str, other: str) -> None:
    found = [
        decision(make_task(atoms=64, simulated_time_s=SIMULATED_TIME.parse(text, option="--time")))
        for text in (one, other)
    ]
    assert found[0].strategy is found[1].strategy
    assert found[0].choice == found[1].choice
    for mine, theirs in zip(found[0].candidates, found[1].candidates, strict=True):
        assert mine.run_time_s is not None
        assert theirs.run_time_s is not None
        assert mine.run_time_s.value == pytest.approx(theirs.run_time_s.value, rel=1e-4)


def _estimates(value: Any) -> Any:
    if isinstance(value, Estimate):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            yield from _estimates(getattr(value, item.name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _estimates(item)
