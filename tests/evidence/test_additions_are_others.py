"""A model with something added is another potential: what was found of one never stands for the other."""

from __future__ import annotations

from dataclasses import replace

from factories import SETTINGS, make_task
from kept_records import make_evaluation, make_stability
from mlipguide.evidence.stability.earlier_tests import bears_on
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.store.evidence import record_name

D3 = Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj")
D4 = Addition(kind=AdditionKind.D4, method="pbe")
WITH_D3, WITH_D4 = (replace(SETTINGS, additions=(one,)) for one in (D3, D4))


def test_numbers_are_those_of_what_is_added_too() -> None:
    assert len({one.numerics for one in (SETTINGS, WITH_D3, WITH_D4)}) == 3
    assert replace(WITH_D3, threads=SETTINGS.threads + 1).numerics == WITH_D3.numerics


def test_an_evaluation_has_a_file_of_its_own() -> None:
    plain = make_evaluation()
    names = {
        record_name(replace(plain, accuracy=replace(plain.accuracy, settings=one)))
        for one in (SETTINGS, WITH_D3, WITH_D4)
    }
    assert len(names) == 3


def test_tests_of_stability_bear_on_the_same_potential_alone() -> None:
    plain = make_stability()
    task = make_task(structure=plain.structure, temperature_k=plain.temperature_k)
    with_d3 = replace(plain, settings=WITH_D3)
    asked = replace(task, additions=(AdditionKind.D3,))
    for tested, wanted, bears in (
        (plain, task, True),
        (with_d3, asked, True),
        (with_d3, task, False),
        (plain, asked, False),
    ):
        assert bears_on(tested, wanted, dtype=None, versions={}) is bears
