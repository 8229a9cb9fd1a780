"""Bursts by known spreads: what one tells, what several tell together, how much bursts differ."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlipguide.stats.bursts import (
    EXPECTATION_WEIGHT,
    EXPECTED_SPREAD,
    LONE_SAMPLE_ERROR,
    SMALLEST_ERROR,
    BurstTiming,
    average,
    timing_of,
    variance_between,
)

OF_NORMAL = 1.644854
"""The quantiles at 0.95, from tables: of the normal distribution and of Student's t."""
OF_T = {4: 2.131847, 103: 1.659782}


def test_a_burst_tells_its_median_and_one_step_little() -> None:
    alike = timing_of((0.1,) * 5)
    assert math.exp(alike.logarithm) == pytest.approx(0.1)
    assert alike.error == SMALLEST_ERROR
    assert timing_of((0.1,)).error == LONE_SAMPLE_ERROR
    assert timing_of((0.1,) * 5, added_error=0.3).error == pytest.approx(0.3)


def test_before_anything_is_compared_a_machine_is_expected_to_be_ordinary() -> None:
    found = variance_between([[BurstTiming(0.0, 0.01)], [BurstTiming(1.0, 0.01)]])
    assert found == pytest.approx((EXPECTED_SPREAD * OF_T[4] / OF_NORMAL) ** 2)


@pytest.mark.parametrize("spread", [0.02, 0.05, 0.15])
def test_the_variance_of_many_bursts_is_recovered_across_sizes(spread: float) -> None:
    random = np.random.default_rng(3)
    groups = [
        [BurstTiming(float(size + spread * random.standard_normal()), 0.01) for _ in range(4)] for size in range(100)
    ]
    # Errors of 1 % are stated and were not drawn: the estimate is lower by their square.
    assert variance_between(groups) == pytest.approx(spread**2 - 0.01**2, rel=0.2)


def test_a_quiet_machine_becomes_known_as_one_step_by_step() -> None:
    variances = [variance_between([[BurstTiming(0.0, 0.01)] * count]) for count in (1, 2, 5, 20, 100)]
    assert variances == sorted(variances, reverse=True)
    expected = EXPECTED_SPREAD**2 * EXPECTATION_WEIGHT / (EXPECTATION_WEIGHT + 99)
    assert variances[-1] == pytest.approx(expected * (OF_T[103] / OF_NORMAL) ** 2)


def test_bursts_are_averaged_by_their_certainty() -> None:
    together = average([BurstTiming(0.0, 0.01), BurstTiming(0.3, 0.2)], between=0.0)
    assert 0 < together.logarithm < 0.002
    alike = average([BurstTiming(0.0, 0.01), BurstTiming(0.3, 0.2)], between=1.0)
    assert alike.logarithm == pytest.approx(0.15, rel=0.05)
    assert average([BurstTiming(0.0, 0.05)] * 4, between=0.0).error == pytest.approx(0.025)
    assert average([BurstTiming(0.0, 0.05)] * 400, between=0.0).error == SMALLEST_ERROR


def test_the_interval_covers_the_truth_when_the_machine_drifts() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        sizes = [
            [timing_of(tuple(np.exp(drift + 0.02 * random.standard_normal(3)))) for drift in drifts]
            for drifts in 0.06 * random.standard_normal((4, 4))
        ]
        between = variance_between(sizes)
        together = average(sizes[0], between)
        covered += abs(together.logarithm) <= math.log1p(together.relative_half_width)
    assert 0.8 <= covered / 300 <= 0.96


def test_a_burst_of_few_steps_states_its_standard_error_beside_its_interval() -> None:
    random = np.random.default_rng(9)
    timings = [timing_of(tuple(np.exp(0.2 * random.standard_normal(3)))) for _ in range(400)]
    stated = [one.standard_error or 0.0 for one in timings]
    # Of three normal samples the median has a standard error of 0.67 standard deviations.
    assert math.sqrt(np.mean(np.square(stated))) == pytest.approx(0.2 * 0.67, rel=0.3)
    assert all(one.error > 1.5 * own for one, own in zip(timings, stated, strict=True))


def test_bursts_of_few_steps_do_not_hide_how_much_bursts_differ() -> None:
    random = np.random.default_rng(10)
    groups = [
        [timing_of(tuple(np.exp(drift + 0.06 * random.standard_normal(3)))) for drift in drifts]
        for drifts in 0.06 * random.standard_normal((60, 5))
    ]
    assert math.sqrt(variance_between(groups)) == pytest.approx(0.06, rel=0.12)
