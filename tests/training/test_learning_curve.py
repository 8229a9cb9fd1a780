"""Curves with a known truth: intervals hold it as often as they say, and nothing is said that the data cannot bear."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from mlipguide.core.errors import InputError
from mlipguide.training.pilot.learning_curve import CurveDatum, FittedCurve, fit_curve

SIZES = (14, 27, 54, 107)


@dataclass(frozen=True)
class Truth:
    """A curve, and the scatter of fits about it."""

    floor: float
    exponent: float
    spread: float
    fall: float
    scale: float = 0.07

    def mean(self, frames: int) -> float:
        """Return the mean error."""
        return self.scale * (self.floor + (1 - self.floor) * math.pow(frames / SIZES[-1], -self.exponent))

    def drawn(self, frames: int, random: np.random.Generator) -> float:
        """Return the error of one fit."""
        spread = self.spread * math.pow(frames / SIZES[-1], -self.fall)
        return self.mean(frames) * math.exp(spread * random.standard_normal())


def data_of(truth: Truth, random: np.random.Generator, *, repeats: int = 2) -> list[CurveDatum]:
    return [CurveDatum(frames, truth.drawn(frames, random), repeat) for frames in SIZES for repeat in range(repeats)]


def fitted(data: list[CurveDatum]) -> FittedCurve:
    curve = fit_curve(data)
    assert curve is not None
    return curve


@pytest.fixture(scope="module")
def trials() -> list[tuple[Truth, FittedCurve, float, float]]:
    """Return truths drawn as the prior says, their fits, and the errors of further fits at twice and four times."""
    random = np.random.default_rng(7)
    found = []
    for _ in range(300):
        truth = Truth(
            floor=random.uniform(0, 0.95),
            exponent=random.uniform(0.1, 1.4),
            spread=math.exp(random.normal(math.log(0.05), 0.7)),
            fall=float(random.choice([0.0, 0.5])),
        )
        curve = fitted(data_of(truth, random))
        found.append((truth, curve, truth.drawn(214, random), truth.drawn(428, random)))
    return found


Trials = list[tuple[Truth, FittedCurve, float, float]]


def test_ninety_per_cent_intervals_hold_nine_of_ten_new_fits(trials: Trials) -> None:
    twice = [curve.fit_at(214) for _, curve, _, _ in trials]
    four = [curve.fit_at(428) for _, curve, _, _ in trials]
    hits = [one.low <= error <= one.high for one, (_, _, error, _) in zip(twice, trials, strict=True)]
    hits += [one.low <= error <= one.high for one, (_, _, _, error) in zip(four, trials, strict=True)]
    assert 0.86 <= np.mean(hits) <= 0.97  # above nine of ten: curves that are no power law are allowed for too
    widths = [math.log(one.high / one.low) / 2 for one in twice]
    assert np.median(widths) < 0.25, "an interval that says nothing holds everything"


def test_intervals_of_the_mean_and_of_the_frames_for_a_target_hold_the_truth(trials: Trials) -> None:
    means, needs = [], []
    for truth, curve, _, _ in trials:
        mean = curve.mean_at(428)
        means.append(mean.low <= truth.mean(428) <= mean.high)
        need = curve.need(truth.mean(214))
        if need.frames is not None:
            needs.append(need.frames.low <= 214 <= need.frames.high)
    assert 0.86 <= np.mean(means) <= 0.97
    assert len(needs) > 200
    assert 0.86 <= np.mean(needs) <= 0.99


def test_many_exact_fits_give_the_three_numbers() -> None:
    truth = Truth(floor=0.5, exponent=0.8, spread=0.005, fall=0.0)
    random = np.random.default_rng(1)
    curve = fitted(
        [CurveDatum(n, truth.drawn(n, random), 0) for n in (10, 20, 40, 80, 160, 320, 640) for _ in range(4)]
    )
    assert curve.exponent.low <= 0.8 <= curve.exponent.high
    assert curve.exponent.high - curve.exponent.low < 0.3
    assert curve.floor.low <= 0.5 * 0.07 <= curve.floor.high
    at = curve.mean_at(300)
    assert at.value == pytest.approx(truth.mean(300), rel=0.02)
    a, b, c = curve.floor.value, curve.scale.value, curve.exponent.value
    assert a + b * 300**-c == pytest.approx(at.value, rel=0.05)


def test_beyond_four_times_the_data_nothing_is_predicted() -> None:
    curve = fitted(data_of(Truth(floor=0.2, exponent=0.5, spread=0.03, fall=0.0), np.random.default_rng(2)))
    assert curve.farthest == 428
    assert curve.fit_at(428).high > curve.fit_at(428).low
    with pytest.raises(InputError, match="429 frames is not predicted from fits with 107"):
        curve.mean_at(429)


def test_a_floor_above_the_target_is_seen() -> None:
    truth = Truth(floor=0.95, exponent=0.8, spread=0.01, fall=0.0)
    random = np.random.default_rng(3)
    curve = fitted([CurveDatum(n, truth.drawn(n, random), r) for n in (25, 50, 100, 200, 400) for r in range(3)])
    need = curve.need(0.4 * curve.mean_at(400).value)
    assert need.frames is None
    assert need.probability_reachable < 0.05
    assert need.probability < 0.05


def test_a_target_that_is_reached_needs_no_more_than_the_data() -> None:
    truth = Truth(floor=0.1, exponent=0.5, spread=0.02, fall=0.0)
    curve = fitted(data_of(truth, np.random.default_rng(4)))
    need = curve.need(truth.mean(50))
    assert need.frames is not None
    assert need.frames.low < 50 < need.frames.high
    assert need.probability > 0.99


def test_two_numbers_of_frames_are_no_curve() -> None:
    assert fit_curve([CurveDatum(10, 0.3), CurveDatum(20, 0.2), CurveDatum(20, 0.21, 1)]) is None


def test_errors_of_any_unit_give_the_same_curve() -> None:
    data = data_of(Truth(floor=0.2, exponent=0.5, spread=0.05, fall=0.0), np.random.default_rng(5))
    one = fitted(data)
    other = fitted([CurveDatum(item.frames, item.error * 1e3, item.repeat) for item in data])
    assert other.fit_at(300).low == pytest.approx(1e3 * one.fit_at(300).low)
    assert other.exponent.value == pytest.approx(one.exponent.value)


def test_more_scatter_widens_the_interval() -> None:
    random = np.random.default_rng(6)
    calm = fitted(data_of(Truth(floor=0.2, exponent=0.5, spread=0.01, fall=0.0), random))
    wild = fitted(data_of(Truth(floor=0.2, exponent=0.5, spread=0.2, fall=0.0), random))
    widths = [math.log(one.fit_at(214).high / one.fit_at(214).low) for one in (calm, wild)]
    assert widths[1] > 2 * widths[0]
