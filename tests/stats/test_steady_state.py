"""Warm-up is found where it is, and not where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from mlipguide.stats.steady_state import slow_steps, steady_start


def noisy(length: int, *, seed: int, noise: float = 0.03) -> np.ndarray:
    return np.exp(noise * np.random.default_rng(seed).standard_normal(length))


@pytest.mark.parametrize("slow", [1, 3, 10, 20])
def test_a_known_warm_up_is_found(slow: int) -> None:
    starts = []
    for seed in range(50):
        samples = noisy(60, seed=seed)
        samples[:slow] *= 1.5
        starts.append(steady_start(list(samples)))
    assert min(starts) >= slow
    assert np.median(starts) <= slow + 2


def test_a_decaying_warm_up_is_cut_where_it_drowns_in_the_noise() -> None:
    starts = [steady_start(list(noisy(100, seed=seed) * (1 + np.exp(-np.arange(100) / 5)))) for seed in range(50)]
    assert 8 <= np.median(starts) <= 30


def test_a_late_outlier_neither_hides_a_warm_up_nor_makes_one() -> None:
    for seed in range(50):
        samples = noisy(60, seed=seed)
        samples[45] = 20.0
        plain = steady_start(list(samples))
        samples[:5] *= 1.5
        assert 5 <= steady_start(list(samples)) <= max(12, plain)


def test_an_early_outlier_takes_at_most_what_precedes_it() -> None:
    samples = 1 + 1e-3 * (np.arange(40) % 7)
    samples[2] = 50.0
    assert steady_start(list(samples)) <= 4


def test_steady_samples_are_kept() -> None:
    kept = [1 - steady_start(list(noisy(50, seed=seed))) / 50 for seed in range(200)]
    assert np.mean(kept) > 0.95


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_few_samples_all_count(length: int) -> None:
    assert steady_start([5.0, 1.0, 1.0][:length]) == 0


def test_no_more_than_half_is_cut_of_a_drift() -> None:
    assert steady_start(list(np.linspace(2, 1, 30))) == 15


def test_equal_samples_are_all_steady() -> None:
    assert steady_start([0.1] * 30) == 0


def test_a_slower_burst_is_not_a_slow_start() -> None:
    bursts = [(1.10, 1.11, 1.09), (1.0, 1.01, 0.99), (1.02, 1.0, 1.01), (0.98, 1.0, 0.99)]
    assert slow_steps(bursts) == (0, 0, 0, 0)
    assert slow_steps([(1.3, 1.3, 1.3, 1.3), (1.0, 1.0, 1.0)])[1] == 0


def test_the_slow_start_is_cut_within_the_first_burst() -> None:
    assert slow_steps([(3.0, 2.0, 1.0, 1.01, 1.0, 0.99), (1.0, 1.0)]) == (2, 0)
    assert slow_steps([(3.0, 2.0, 1.0, 1.01, 1.0, 0.99)]) == (2,)


def test_a_start_that_is_slow_by_a_factor_may_take_the_first_bursts() -> None:
    assert slow_steps([(3.0, 3.1, 1.0), (1.0, 1.0, 1.1), (1.0,), (1.0,)]) == (2, 0, 0, 0)
    assert slow_steps([(3.0, 3.1, 3.0), (3.0, 1.0, 1.1), (1.0,), (1.0,)]) == (3, 1, 0, 0)
    assert slow_steps([(3.0,), (3.0,), (3.0,), (1.0,)]) == (0, 0, 0, 0)
