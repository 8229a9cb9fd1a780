"""The transfer knows what it does not know: simulated worlds, nearness, and the limits of what was timed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from factories import make_situation
from mlipguide.costmodel.effects import CALIBRATED, Peak, Situation, Spreads, prior_covariance, prior_mean
from mlipguide.costmodel.transfer import Curve, Timing, TransferModel, _law
from mlipguide.stats.bursts import NORMAL_90

FAST, SLOW = Peak(4e12, 6e13), Peak(1e12, 1.5e13)
HERE = make_situation(peak=FAST, system="s")


def timings_of(situation: Situation, *, slope_s: float, fixed_s: float, sizes: tuple[int, ...]) -> list[Timing]:
    return [Timing(situation, float(n), 0.0, fixed_s + slope_s * n, 0.02) for n in sizes]


def width(model: TransferModel, situation: Situation, atoms: float = 1000) -> float:
    return model.curve(situation).log_normal(atoms)[1]


def test_within_a_series_the_law_is_recovered() -> None:
    model = TransferModel(timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(50, 200, 1000, 4000)))
    for atoms in (100, 700, 3000, 8000):
        mean, _ = model.curve(HERE).log_normal(atoms)
        assert math.exp(mean) == pytest.approx(0.02 + 2e-4 * atoms, rel=0.05)


def test_the_less_two_situations_share_the_wider_the_interval() -> None:
    model = TransferModel(timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(50, 200, 1000, 4000)))
    other_device = replace(HERE, device="e", peak=SLOW)
    other_law = replace(other_device, law="b")
    other_family = replace(other_law, family="G")
    widths = [width(model, situation) for situation in (HERE, other_device, other_law, other_family)]
    assert widths == sorted(widths)
    assert widths[0] < 0.15


def test_a_device_with_lower_peaks_is_expected_to_be_slower() -> None:
    model = TransferModel(timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(200, 4000)))
    fast = model.curve(replace(HERE, device="e")).log_normal(10_000)[0]
    slow = model.curve(replace(HERE, device="f", peak=SLOW)).log_normal(10_000)[0]
    assert slow > fast


def test_a_device_learns_its_speed_from_another_model() -> None:
    here = timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(200, 4000))
    there = replace(HERE, device="e")
    other = timings_of(replace(there, law="b"), slope_s=9e-4, fixed_s=0.02, sizes=(200, 4000))
    both = timings_of(replace(HERE, law="b"), slope_s=3e-4, fixed_s=0.02, sizes=(200, 4000))
    without = TransferModel([*here, *both]).curve(there).log_normal(10_000)
    told = TransferModel([*here, *both, *other]).curve(there).log_normal(10_000)
    # The other model is three times slower there than here, and so is this one.
    assert told[0] > without[0] + 0.5
    assert told[1] < without[1]


def test_the_order_of_timings_does_not_matter() -> None:
    timings = [
        *timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(50, 4000)),
        *timings_of(replace(HERE, law="b", device="e", peak=SLOW), slope_s=9e-4, fixed_s=0.05, sizes=(100, 900)),
    ]
    wanted = replace(HERE, device="e", peak=SLOW)
    one, other = (TransferModel(some).curve(wanted).log_normal(500) for some in (timings, timings[::-1]))
    assert one == pytest.approx(other, abs=1e-3)


def test_each_doubling_of_the_devices_costs_the_same_share() -> None:
    curve = TransferModel(timings_of(HERE, slope_s=2e-4, fixed_s=0.02, sizes=(50, 4000))).curve(HERE)
    times = [curve.log_normal(2000, doublings)[0] for doublings in (0, 1, 3)]
    assert times == sorted(times)
    assert times[2] - times[0] == pytest.approx(3 * (times[1] - times[0]))


def test_intervals_hold_nine_in_ten_in_simulated_worlds() -> None:
    """Worlds are drawn from the prior; each time one situation is predicted from the timings of the others."""
    generator = np.random.default_rng(5)
    inside, trials = 0, 240
    for _ in range(trials):
        situations = _random_situations(generator)
        state = _draw(generator, situations, CALIBRATED)
        timings = [
            _timing(generator, situation, state, index, len(situations))
            for index, situation in enumerate(situations)
            for _ in range(2)
        ]
        wanted = timings[-1]
        model = TransferModel([one for one in timings if one.situation.series != wanted.situation.series])
        mean, deviation = model.curve(wanted.situation).log_normal(wanted.load_atoms)
        inside += abs(math.log(wanted.step_time_s) - mean) <= NORMAL_90 * deviation
    assert 0.85 <= inside / trials <= 0.95


def _random_situations(generator: np.random.Generator) -> list[Situation]:
    found: dict[object, Situation] = {}
    while len(found) < 12:
        law, device = int(generator.integers(6)), int(generator.integers(4))
        situation = Situation(
            law=f"law {law}",
            family=f"family {law // 2}",
            driver="ase",
            code=f"code {generator.integers(2)}",
            kernels="torch",
            device=f"device {device}",
            platform="gpu",
            vendor="V",
            peak=Peak(1e12 * (1 + device), 2e13),
            system=f"system {generator.integers(2)}",
        )
        found[situation.series] = situation
    return list(found.values())


def _draw(generator: np.random.Generator, situations: list[Situation], spreads: Spreads) -> np.ndarray:
    covariance = prior_covariance(situations, situations, spreads)
    return generator.multivariate_normal(prior_mean(situations, spreads), covariance, method="eigh")


def _timing(generator: np.random.Generator, situation: Situation, state: np.ndarray, index: int, count: int) -> Timing:
    atoms = math.exp(generator.uniform(math.log(50), math.log(20_000)))
    noise = generator.normal(0, math.hypot(0.03, CALIBRATED.timing))
    time_s = math.exp(state[count + index]) + math.exp(state[index]) * atoms
    return Timing(situation, atoms, 0.0, time_s * math.exp(noise), 0.03)


def test_a_curve_is_the_law_of_the_fit() -> None:
    random = np.random.default_rng(3)
    mean, half = np.array([-9.0, -4.0, 0.1]), random.standard_normal((3, 3))
    curve = Curve(mean, half @ half.T, 0.05)
    for load, doublings in ((1.0, 0.0), (300.0, 2.0), (1e6, 0.0)):
        values, slopes = _law(mean, [(0, load, doublings)])
        deviation = np.sqrt((slopes @ half @ half.T @ slopes.T)[0, 0] + 0.05**2)
        assert curve.log_normal(load, doublings) == pytest.approx((values[0], deviation))
