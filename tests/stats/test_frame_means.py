"""Intervals of means over frames hold the truth for few frames and for correlated ones, or there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from mlipguide.stats.frame_means import FrameGroups, FrameMean, mean_over


def mean(values: NDArray[np.float64], runs: Sequence[int], groups: Sequence[str | None] | None = None) -> FrameMean:
    return mean_over(values, np.ones(len(values)), FrameGroups(tuple(runs), tuple(groups or [None] * len(runs))))


def skewed(random: np.random.Generator, frames: int, correlation: float) -> NDArray[np.float64]:
    """Return errors of one trajectory, lognormal, with the mean exp(0.125)."""
    series = [random.standard_normal()]
    for noise in random.standard_normal(frames - 1):
        series.append(correlation * series[-1] + np.sqrt(1 - correlation**2) * noise)
    return np.exp(0.5 * np.array(series))


@pytest.mark.parametrize(
    ("lengths", "correlation"),
    [([1, 1, 1], 0.0), ([1] * 5, 0.0), ([15], 0.8), ([30], 0.9), ([60], 0.9), ([5] * 3, 0.8)],
)
def test_the_interval_holds_the_truth_nine_times_of_ten(lengths: list[int], correlation: float) -> None:
    random = np.random.default_rng(4)
    runs = [run for run, length in enumerate(lengths) for _ in range(length)]
    held = 0
    for _ in range(150):
        values = np.concatenate([skewed(random, length, correlation) for length in lengths])
        found = mean(values, runs)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= np.exp(0.125) <= found.high
    assert held >= 0.82 * 150, "0.36 to 0.66 before"


def test_a_short_run_has_no_interval() -> None:
    values = np.array([1.0, 1.1, 1.2, 1.1, 1.0, 1.3, 1.2, 1.1, 1.0])
    assert (mean(values, [0] * 9).low, mean(values[:1], [0]).low) == (None, None)


def test_runs_that_differ_are_not_taken_for_one_another() -> None:
    random = np.random.default_rng(0)
    values = np.concatenate([1.0 + 0.01 * random.standard_normal(50), 2.0 + 0.01 * random.standard_normal(50)])
    found = mean(values, [0] * 50 + [1] * 50)
    assert found.low is not None
    assert found.low < 1.0
    assert found.independent < 3


def test_groups_are_strata_and_their_differences_no_chance() -> None:
    random = np.random.default_rng(0)
    values = np.concatenate([1.0 + 0.01 * random.standard_normal(50), 2.0 + 0.01 * random.standard_normal(50)])
    found = mean(values, [0] * 50 + [1] * 50, ["bulk"] * 50 + ["slab"] * 50)
    assert found.low == pytest.approx(1.5, abs=0.01)
    assert found.high == pytest.approx(1.5, abs=0.01)
    lonely = mean(np.append(values, 5.0), [0] * 50 + [1] * 50 + [2], ["bulk"] * 50 + ["slab"] * 50 + ["one"])
    assert lonely.high is not None
    assert lonely.high > 1.55, "a frame that stands alone in its group is no exact stratum"


def test_errors_that_are_all_zero_have_an_exact_mean() -> None:
    found = mean(np.zeros(6), list(range(6)))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_weights_whose_squares_leave_the_range_of_floats_change_nothing(scale: float) -> None:
    random = np.random.default_rng(0)
    values, runs = skewed(random, 12, 0.0), tuple(range(12))
    plain = mean(values, list(runs))
    found = mean_over(values * scale, np.full(12, scale), FrameGroups(runs, (None,) * 12))
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))
