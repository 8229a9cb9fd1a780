"""Correlated series whose statistical inefficiency is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from mlipguide.stats.autocorrelation import (
    LITTLE_CORRELATION,
    autocorrelation_time,
    effective_size,
    mean_error,
    statistical_inefficiency,
)

SERIES = 200


def autoregressive(phi: float, length: int, *, seed: int, series: int = SERIES) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((series, length + 300))
    walk = lfilter([math.sqrt(1 - phi**2)], [1, -phi], noise, axis=1)
    kept: np.ndarray = walk[:, 300:]
    return kept


def typical(rows: np.ndarray, **options: float | bool) -> float:
    return math.exp(np.mean([math.log(statistical_inefficiency(row, **options)) for row in rows]))  # type: ignore[arg-type]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.95])
def test_long_series_show_their_correlation(phi: float) -> None:
    assert typical(autoregressive(phi, 4000, seed=1, series=20)) == pytest.approx((1 + phi) / (1 - phi), rel=0.2)


def test_a_very_long_series_is_no_trouble() -> None:
    assert typical(autoregressive(0.95, 100_000, seed=2, series=2)) == pytest.approx(39, rel=0.1)


def test_a_slow_part_under_fast_noise_is_seen() -> None:
    slow = autoregressive(0.95, 4000, seed=3, series=20)
    mixed = slow + np.random.default_rng(4).standard_normal(slow.shape)
    assert typical(mixed) == pytest.approx(1 + 38 / 2, rel=0.25)


@pytest.mark.parametrize(("phi", "length", "least"), [(0.0, 3, 0.85), (0.6, 3, 0.85), (0.6, 10, 0.85), (0.9, 10, 0.78)])
def test_the_interval_of_a_mean_knows_what_few_samples_do_not_show(phi: float, length: int, least: float) -> None:
    held = 0
    for row in autoregressive(phi, length, seed=length):
        found = mean_error(row)
        assert found is not None
        held += abs(row.mean()) <= found.half_width(0.9)
    assert held / SERIES >= least


@pytest.mark.parametrize("expected", [0.5, LITTLE_CORRELATION])
def test_more_independent_samples_are_never_worth_less(expected: float) -> None:
    rows = autoregressive(0.0, 40, seed=5, series=100)
    sizes = [
        len(rows[0, :count]) / typical(rows[:, :count], expected=expected)
        for count in (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 40)
    ]
    assert all(later > earlier for earlier, later in itertools.pairwise(sizes))


def test_what_is_expected_counts_where_samples_are_few() -> None:
    few, many = autoregressive(0.0, 5, seed=6), autoregressive(0.0, 500, seed=6, series=20)
    assert typical(few) > 1.5 * typical(few, expected=LITTLE_CORRELATION)
    assert typical(many) == pytest.approx(typical(many, expected=LITTLE_CORRELATION), rel=0.05)


def test_a_trend_is_no_correlation_once_it_is_taken_off() -> None:
    rows = autoregressive(0.0, 100, seed=7, series=50) + np.linspace(0, 10, 100)
    assert typical(rows) > 20
    assert typical(rows, trend=True) < 1.4
    assert typical(rows, trend=True) == pytest.approx(typical(rows + np.linspace(0, 100, 100), trend=True))


def test_time_size_and_inefficiency_tell_the_same() -> None:
    row = autoregressive(0.7, 300, seed=8)[0]
    g = statistical_inefficiency(row)
    assert autocorrelation_time(row) == pytest.approx((g - 1) / 2)
    assert effective_size(row) == pytest.approx(300 / g)


def test_nothing_and_little() -> None:
    assert effective_size([]) == 0.0
    assert effective_size([3.0]) == 1.0
    assert mean_error([3.0]) is None
    assert statistical_inefficiency([2.0] * 50) == 1.0
    one = mean_error([1.0, 3.0])
    assert one is not None
    assert (one.error, one.freedom) == (pytest.approx(1.0), 1.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.booleans())
def test_it_is_between_one_and_the_number_of_samples(samples: list[float], trend: bool) -> None:
    assert 1 <= statistical_inefficiency(samples, trend=trend) <= len(samples)
