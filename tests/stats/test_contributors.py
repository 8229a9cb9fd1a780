"""One contributor who is wrong, by whatever, moves no answer by more than its interval."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mlipguide.stats.bursts import NORMAL_90
from mlipguide.stats.contributors import ALONE, Together, Told, together

EXPECTED = Told(0.3, 0.8)
GOOD = (0.0, 0.05, -0.08, 0.02, 0.1, -0.03)


def told(*values: float) -> list[Told]:
    return [Told(value, 0.03) for value in values]


def reach(found: Together) -> float:
    return NORMAL_90 * found.error


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("factor", [100.0, 0.01, 10.0, 0.1, 3.0, 1 / 3, 1.6])
def test_one_more_moves_the_centre_at_most_to_the_end_of_the_interval(count: int, factor: float) -> None:
    for chosen in itertools.combinations(GOOD, count):
        before = together(told(*chosen), EXPECTED)
        after = together(told(*chosen, math.log(factor)), EXPECTED)
        assert before is not None
        assert after is not None
        assert abs(after.logarithm - before.logarithm) <= reach(before) + 1e-12


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_one_a_hundred_times_off_is_set_aside_and_changes_nothing(count: int, factor: float) -> None:
    good = told(*GOOD[:count])
    after = together([*good, Told(math.log(factor), 0.001)], EXPECTED)
    assert after == together(good, EXPECTED)
    assert after is not None
    assert after.kept == tuple(range(count))


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_one_alone_a_hundred_times_off_is_not_believed(factor: float) -> None:
    assert together(told(math.log(factor)), EXPECTED) is None
    assert together(told(math.log(factor)), None) is None


def test_one_alone_reaches_to_what_is_expected() -> None:
    found = together(told(-0.9), EXPECTED)
    assert found is not None
    assert found.logarithm == -0.9
    assert reach(found) == pytest.approx(EXPECTED.logarithm + 0.9)
    near = together(told(0.3), EXPECTED)
    assert near is not None
    assert near.error == ALONE


def test_one_alone_is_not_believed_where_nothing_else_tells() -> None:
    assert together(told(0.0), None) is None


def test_two_who_agree_are_believed_against_what_is_expected() -> None:
    found = together(told(5.0, 5.1), EXPECTED)
    assert found is not None
    assert found.logarithm == pytest.approx(5.05)
    assert found.kept == (0, 1)
    assert together(told(5.0, 5.1), None) == found


def test_of_two_who_contradict_each_other_the_expected_one_counts() -> None:
    found = together(told(0.2, 4.0), EXPECTED)
    assert found is not None
    assert found.kept == (0,)
    assert together(told(0.2, 4.0), None) is None
    assert together(told(-4.0, 4.0), EXPECTED) is None


def test_the_interval_holds_one_more_machine_of_the_kind() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(2000):
        values = rng.normal(0.0, 0.1, size=int(rng.integers(2, 9)))
        found = together(told(*values), EXPECTED)
        assert found is not None
        inside += abs(rng.normal(0.0, 0.1) - found.logarithm) <= reach(found)
    assert 0.88 <= inside / 2000 <= 0.98
