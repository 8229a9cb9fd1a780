"""Where a run has settled, on series whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from mlipguide.stats.settling import settling_of


def noise(count: int, *, seed: int, memory: float = 0.0) -> np.ndarray:
    """An autoregressive series of unit variance, shape (count,)."""
    random = np.random.default_rng(seed)
    found = np.zeros(count)
    found[0] = random.standard_normal()
    for place in range(1, count):
        found[place] = memory * found[place - 1] + np.sqrt(1 - memory**2) * random.standard_normal()
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_way_to_equilibrium_is_cut_off(seed: int) -> None:
    way = 10 * np.exp(-np.arange(200) / 15)
    found = settling_of((way + noise(200, seed=seed)).tolist())
    assert found is not None
    assert 20 <= found.start <= 80


@pytest.mark.parametrize("seed", range(5))
def test_a_settled_run_is_hardly_cut(seed: int) -> None:
    found = settling_of(noise(200, seed=seed).tolist())
    assert found is not None
    assert found.start < 30
    assert found.independent > 60


@pytest.mark.parametrize("seed", range(5))
def test_a_run_that_never_arrives_has_not_settled(seed: int) -> None:
    assert settling_of((np.linspace(0, 30, 100) + noise(100, seed=seed)).tolist()) is None


def test_the_slowest_of_several_series_decides() -> None:
    quick, way = noise(200, seed=1).tolist(), (10 * np.exp(-np.arange(200) / 15) + noise(200, seed=2)).tolist()
    both, slow = settling_of(quick, way), settling_of(way)
    assert both is not None
    assert slow is not None
    assert both.start >= slow.start


def test_correlated_samples_count_as_few() -> None:
    loose, tight = settling_of(noise(400, seed=3).tolist()), settling_of(noise(400, seed=3, memory=0.9).tolist())
    assert loose is not None
    assert tight is None or tight.independent < loose.independent / 5


def test_few_samples_tell_nothing() -> None:
    assert settling_of(noise(15, seed=0).tolist()) is None


def test_a_long_settled_run_is_seldom_taken_for_one_on_its_way() -> None:
    settled = [settling_of(noise(200, seed=seed, memory=0.8).tolist()) is not None for seed in range(100)]
    assert sum(settled) >= 85
