"""Pair distribution functions against known answers: the ideal gas, shells of a crystal, and draws from one law."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mlipguide.training.distil.pair_distributions import (
    BIN_ANGSTROM,
    PairSeries,
    chances_of,
    distance,
    distances,
    partial_distributions,
)


def gas(frames: int) -> list[Atoms]:
    random = np.random.default_rng(0)
    return [
        Atoms("Na20Cl20", positions=random.random((40, 3)) * 13, cell=[13, 13, 13], pbc=True) for _ in range(frames)
    ]


def peak(width: float) -> NDArray[np.float64]:
    radii = np.arange(0, 6, BIN_ANGSTROM / 10)
    return np.exp(-(((radii - 3) / width) ** 2) / 2) / width


def autoregressive(frames: int, *, phi: float, seed: int) -> PairSeries:
    random = np.random.default_rng(seed)
    modes = np.zeros((frames, 6))
    modes[0] = random.standard_normal(6)
    for place in range(1, frames):
        modes[place] = phi * modes[place - 1] + np.sqrt(1 - phi**2) * random.standard_normal(6)
    shapes = gaussian_filter1d(np.random.default_rng(99).standard_normal((6, 60)), 2, axis=1)
    return PairSeries(10 + modes @ shapes)


def test_of_the_ideal_gas_it_is_one() -> None:
    found = partial_distributions(gas(300))
    assert set(found) == {"Na-Na", "Na-Cl", "Cl-Cl"}
    # An atom is no partner of its own, so that of n atoms n - 1 are left.
    assert found["Na-Cl"].mean[15:50].mean() == pytest.approx(1, rel=0.02)
    assert found["Na-Na"].mean[15:50].mean() == pytest.approx(19 / 20, rel=0.02)


def test_shells_of_a_crystal_are_where_they_are_and_hold_their_atoms() -> None:
    salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    found = partial_distributions([salt])
    assert np.argmax(found["Na-Cl"].mean) == int(2.82 / BIN_ANGSTROM)
    assert found["Na-Na"].mean[:32].sum() == pytest.approx(0, abs=1e-6)
    radii = (np.arange(60) + 0.5) * BIN_ANGSTROM
    neighbours = found["Na-Cl"].mean * 4 * np.pi * radii**2 * BIN_ANGSTROM * 4 / salt.get_volume()
    assert neighbours[:40].sum() == pytest.approx(6, rel=0.01)


def test_the_distance_of_equal_functions_is_0_and_of_strangers_1() -> None:
    one, other = np.eye(60)[10], np.eye(60)[30]
    assert (distance(one, one), distance(one, other)) == (0, 1)
    known = {"A-A": PairSeries(one[None])}
    assert distances(known, {}) == {"A-A": 1.0}


def test_a_peak_that_is_wider_by_a_tenth_is_a_twentieth_away() -> None:
    assert distance(peak(0.11), peak(0.1)) == pytest.approx(0.05, abs=0.005)
    assert distance(peak(0.2), peak(0.1)) == pytest.approx(0.32, abs=0.01)


@pytest.mark.parametrize(("frames", "phi"), [(20, 0.0), (40, 0.6), (60, 0.9)])
def test_equal_runs_stay_within_chance(frames: int, phi: float) -> None:
    within = []
    for seed in range(60):
        teacher = autoregressive(frames, phi=phi, seed=2 * seed)
        student = autoregressive(5 * frames, phi=phi, seed=2 * seed + 1)
        chance = chances_of({"A-A": teacher}, share_of_other=0.2, confidence=0.95)["A-A"]
        assert chance is not None
        within.append(distance(teacher.mean, student.mean) <= chance)
    assert np.mean(within) >= 0.95


def test_chance_is_less_in_a_longer_run_and_unknown_in_three_frames() -> None:
    short, long = (
        chances_of({"A-A": autoregressive(frames, phi=0.6, seed=1)}, share_of_other=0.1, confidence=0.95)["A-A"]
        for frames in (30, 480)
    )
    assert short is not None
    assert long is not None
    assert 2.5 * long < short
    assert chances_of({"A-A": autoregressive(3, phi=0.6, seed=1)}, share_of_other=0.1, confidence=0.95)["A-A"] is None


def test_a_run_that_stands_still_differs_by_no_chance() -> None:
    still = PairSeries(np.ones((20, 60)))
    assert chances_of({"A-A": still}, share_of_other=0.1, confidence=0.95)["A-A"] == 0
