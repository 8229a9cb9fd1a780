"""Drifts that are known in closed form are found, and told apart by where they come from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from mlipguide.core.units import EV_PER_DALTON_ANGSTROM2_FS2
from mlipguide.evidence.stability import drift
from mlipguide.evidence.stability.timestep import is_stable, recommended_fs, search
from mlipguide.records.accuracy.stability import DriftCause
from mlipguide.sessions.interface import DynamicsPlan, Trajectory
from mlipguide.testing.calculators import Lagging, Noisy, Springs, Turned
from mlipguide.testing.in_process import in_process_session

FREQUENCY_PER_FS = 0.05


@pytest.fixture
def crystal() -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True).repeat((2, 2, 1))
    return atoms


def trajectory(calculator: Any, atoms: Atoms, *, timestep_fs: float, steps: int, kelvin: float = 300.0) -> Trajectory:
    plan = DynamicsPlan(steps=steps, every=1, timestep_s=timestep_fs * 1e-15, temperature_k=kelvin, seed=3)
    return in_process_session(calculator).dynamics(atoms, plan)


def energies(calculator: Any, atoms: Atoms, *, timestep_fs: float, steps: int, kelvin: float = 300.0) -> drift.Energies:
    run = trajectory(calculator, atoms, timestep_fs=timestep_fs, steps=steps, kelvin=kelvin)
    return drift.energies_of(run.snapshots, atoms.get_masses(), timestep_fs)


def test_the_energy_of_oscillators_oscillates_as_is_known_and_their_shadow_energy_hardly(crystal: Atoms) -> None:
    found = energies(Springs(crystal.positions, FREQUENCY_PER_FS), crystal, timestep_fs=8.0, steps=200)
    share = (FREQUENCY_PER_FS * 8.0) ** 2 / 4
    kinetic = float(found.kinetic_ev.max())
    assert np.ptp(found.total_ev) == pytest.approx(share / (1 - share) * kinetic, rel=0.05)
    finer = energies(Springs(crystal.positions, FREQUENCY_PER_FS), crystal, timestep_fs=4.0, steps=400)
    assert drift.unconserved_ev(found) < 0.05 * drift.fluctuation_ev(found)
    assert drift.unconserved_ev(found) / drift.unconserved_ev(finer) == pytest.approx(16, rel=0.1)  # fourth order


def test_fluctuations_grow_with_the_square_of_the_step(crystal: Atoms) -> None:
    points = [
        (step, drift.fluctuation_ev(energies(EMT(), crystal, timestep_fs=step, steps=round(400 / step))))
        for step in (2.0, 4.0, 8.0)
    ]
    assert drift.scaling_exponent(points) == pytest.approx(2.0, abs=0.05)


def test_a_known_error_of_the_integrator_is_found(crystal: Atoms) -> None:
    step = 0.5
    lagging = energies(Lagging(Springs(crystal.positions, FREQUENCY_PER_FS)), crystal, timestep_fs=step, steps=800)
    rate = drift.linear_drift(lagging.times_fs, np.log(lagging.total_ev))
    assert rate is not None
    assert rate.value == pytest.approx(math.log(1 + (FREQUENCY_PER_FS * step) ** 2) / step, rel=0.03)


def test_a_known_heating_lies_within_the_interval_of_the_drift(crystal: Atoms) -> None:
    sigma, step = 0.5, 2.0
    masses = crystal.get_masses()
    expected = float((3 * sigma**2 * step / (2 * masses * EV_PER_DALTON_ANGSTROM2_FS2)).sum())
    found: list[drift.Slope] = []
    for seed in range(6):
        noisy = Noisy(Springs(crystal.positions, FREQUENCY_PER_FS), sigma, seed=seed)
        run = energies(noisy, crystal, timestep_fs=step, steps=400, kelvin=1.0)
        slope = drift.linear_drift(run.times_fs, run.shadow_ev)
        assert slope is not None
        found.append(slope)
    assert np.mean([one.value for one in found]) == pytest.approx(expected, rel=0.15)
    assert sum(abs(one.value - expected) <= one.half_width for one in found) >= 4
    assert all(one.value > one.half_width for one in found)


def test_an_exact_run_has_no_drift(crystal: Atoms) -> None:
    found = energies(Springs(crystal.positions, FREQUENCY_PER_FS), crystal, timestep_fs=2.0, steps=300)
    slope = drift.linear_drift(found.times_fs, found.shadow_ev)
    assert slope is not None
    assert abs(slope.value) / len(crystal) * 1e6 < 1e-3  # meV/atom/ps


@pytest.mark.parametrize(
    ("calculator", "cause"),
    [
        (lambda atoms: Lagging(Springs(atoms.positions, FREQUENCY_PER_FS)), DriftCause.TIME_STEP),
        (lambda _: Turned(EMT(), 0.05), DriftCause.FORCES),
    ],
)
def test_half_the_step_tells_where_a_drift_comes_from(calculator: Any, cause: DriftCause, crystal: Atoms) -> None:
    whole, half = (
        drift.unconserved_ev(energies(calculator(crystal), crystal, timestep_fs=step, steps=round(160 / step)))
        for step in (1.0, 0.5)
    )
    assert drift.cause_of(whole, half) is cause


def test_intervals_of_slopes_hold_for_samples_that_depend_on_each_other() -> None:
    generator = np.random.default_rng(5)
    times = np.arange(400.0)
    inside = {"correlated": 0, "walk": 0}
    for _ in range(100):
        steps = generator.standard_normal(400)
        correlated = np.array([steps[: i + 1][-40:] @ 0.8 ** np.arange(min(i + 1, 40))[::-1] for i in range(400)])
        for name, series in (("correlated", correlated), ("walk", np.cumsum(steps))):
            slope = drift.linear_drift(times, series)
            assert slope is not None
            inside[name] += abs(slope.value) <= slope.half_width
    assert inside["correlated"] >= 75
    assert inside["walk"] >= 75


def test_too_few_samples_give_no_slope() -> None:
    assert drift.linear_drift(np.arange(5.0), np.arange(5.0)) is None


def test_the_search_ends_around_the_limit_of_an_oscillator(crystal: Atoms) -> None:
    limit_fs = 2 / FREQUENCY_PER_FS / 4

    def stable(step: float) -> bool:
        springs = Springs(crystal.positions, 4 * FREQUENCY_PER_FS)
        return is_stable(trajectory(springs, crystal, timestep_fs=step, steps=60))

    bracket = search(stable, 1.0, bisections=3)
    assert bracket.stable_fs is not None
    assert bracket.unstable_fs is not None
    assert bracket.stable_fs <= limit_fs <= bracket.unstable_fs
    assert bracket.unstable_fs / bracket.stable_fs < 1.07
    below = search(stable, 18.0)
    assert below.stable_fs is not None
    assert below.stable_fs <= limit_fs


def test_the_recommended_step_keeps_the_fluctuation_small() -> None:
    bracket = search(lambda step: step < 9.0, 1.0)
    chosen = recommended_fs(bracket, {1.0: 0.02, 2.0: 0.08}, limit=0.05, excluded=(), highest_fs=2.0)
    assert chosen == pytest.approx(1.5)
    assert recommended_fs(bracket, {1.0: 0.001}, limit=0.05, excluded=(2.0,), highest_fs=2.0) == pytest.approx(1.5)
    assert recommended_fs(search(lambda _: False, 1.0), {}, limit=0.05, excluded=(), highest_fs=2.0) is None
