"""What must hold of every decision."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import make_task
from mlipguide.core.units import SIMULATED_TIME
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task import Task, TaskKind
from mlipguide.records.verdict import Strategy
from world import HOUR, LIFEPO4, MS_PER_ATOM, SILICON, World, decision, feasible

TASKS = st.builds(
    lambda kind, structure, atoms, budget_h, limit: make_task(
        kind=kind,
        structure=structure,
        atoms=atoms,
        structures=50 if kind is TaskKind.SCREEN else 1,
        images=5 if kind is TaskKind.NEB else 1,
        budget_s=budget_h * HOUR,
        force_mae_ev_per_angstrom=limit,
    ),
    kind=st.sampled_from(TaskKind),
    structure=st.sampled_from([LIFEPO4, SILICON]),
    atoms=st.integers(10, 20_000),
    budget_h=st.floats(0.01, 10_000),
    limit=st.none() | st.floats(0.01, 0.5),
)
LABELS = st.dictionaries(st.sampled_from(sorted(MS_PER_ATOM)), st.floats(0.01, 0.5), max_size=4)


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
