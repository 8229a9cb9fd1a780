"""Intervals hold the truth about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from mlipguide.stats.autocorrelation import effective_size
from mlipguide.stats.centres import centre_of

SERIES = 1000


def coverage(series: np.ndarray) -> float:
    centres = [centre_of(list(row)) for row in series]
    return float(np.mean([c.low is not None and c.high is not None and c.low <= 1 <= c.high for c in centres]))


def correlated(rho: float, length: int, *, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((SERIES, length + 100))
    walk = lfilter([np.sqrt(1 - rho**2)], [1, -rho], noise, axis=1)
    kept: np.ndarray = walk[:, 100:]
    return 1 + 0.05 * kept


@pytest.mark.parametrize("length", [2, 3, 5, 10, 30, 100])
def test_coverage_of_independent_samples(length: int) -> None:
    series = 1 + 0.05 * np.random.default_rng(length).standard_normal((SERIES, length))
    assert 0.85 <= coverage(series) <= 0.97


@pytest.mark.parametrize(("rho", "length"), [(0.3, 12), (0.5, 20), (0.5, 100), (0.8, 50), (0.8, 200)])
def test_coverage_of_correlated_samples(rho: float, length: int) -> None:
    assert 0.80 <= coverage(correlated(rho, length, seed=length)) <= 0.97


def test_more_samples_make_a_narrower_interval() -> None:
    series = 1 + 0.05 * np.random.default_rng(8).standard_normal((300, 40))
    counts = (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 40)
    widths = [[centre_of(row[:count].tolist()).relative_half_width or 0.0 for row in series] for count in counts]
    for typical in (np.mean(widths, axis=1), np.quantile(widths, 0.95, axis=1)):
        assert (np.diff(typical) < 0).all(), typical


def test_one_sample_has_no_interval() -> None:
    centre = centre_of([0.5])
    assert (centre.value, centre.low, centre.high, centre.samples) == (0.5, None, None, 1)
    assert centre.relative_half_width is None


def test_no_sample_has_no_centre() -> None:
    with pytest.raises(ValueError, match="at least one"):
        centre_of([])


def test_equal_samples_have_a_width_of_zero() -> None:
    assert centre_of([0.25] * 20).relative_half_width == 0.0


def test_an_outlier_moves_the_mean_and_not_the_median() -> None:
    steady = list(1 + 0.01 * np.random.default_rng(5).standard_normal(40))
    disturbed = [*steady[:20], 9.0, *steady[20:]]
    centre = centre_of(disturbed)
    assert centre.value == pytest.approx(1, rel=0.01)
    assert centre.high is not None
    assert centre.high >= np.mean(disturbed)
    assert centre.low is not None
    assert centre.low > 0.98


def test_correlated_samples_are_worth_less() -> None:
    worth = {
        rho: np.mean([effective_size(row) for row in correlated(rho, 400, seed=1)[:50]]) for rho in (0.0, 0.5, 0.9)
    }
    assert worth[0.0] == pytest.approx(400, rel=0.15)
    assert worth[0.5] == pytest.approx(400 / 3, rel=0.25)
    assert worth[0.9] == pytest.approx(400 / 19, rel=0.35)


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=60))
def test_the_interval_holds_median_and_mean_and_scales(samples: list[float]) -> None:
    centre = centre_of(samples)
    assert centre.low is not None
    assert centre.high is not None
    slack = 1e-9 * max(samples)
    assert 0 <= centre.low <= centre.value + slack
    assert centre.low - slack <= np.mean(samples) <= centre.high + slack
    assert centre.value <= centre.high + slack
    assert centre_of([8 * sample for sample in samples]).value == pytest.approx(8 * centre.value)
