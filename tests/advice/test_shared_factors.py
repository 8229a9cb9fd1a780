"""What labels, training and the run of one price share is high and low together, and counted once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from factories import make_estimate
from known_trainings import make_tried
from mlipguide.advice.prices import pilots, tuning
from mlipguide.records.estimate import Estimate, around, exactly
from mlipguide.records.training.training import Engine

FRAMES = tuning.frames_to_tune(1).estimate
STEP = replace(make_estimate(1e-3, spread=1.5), source="a step")


def reach(estimate: Estimate) -> float:
    found = estimate.relative_spread
    assert found is not None
    return found


def other(estimate: Estimate) -> Estimate:
    """Return another quantity with the same numbers."""
    return replace(estimate, source=f"another {estimate.source}")


def test_labels_and_tuning_share_the_frames() -> None:
    # A few frames mean few labels and a short training: the total reaches further than with independent numbers.
    each = exactly(12.0, source="a reference calculation")
    labels = each.times(FRAMES)
    shared = labels.plus(tuning.tuning_time(STEP, FRAMES, 24).estimate)
    apart = labels.plus(tuning.tuning_time(STEP, other(FRAMES), 24).estimate)
    assert shared.value == pytest.approx(apart.value, rel=0.05)
    assert reach(shared) > 1.02 * reach(apart)


def test_tuning_and_the_run_share_the_step() -> None:
    wide = replace(STEP, low=STEP.value / 4, high=STEP.value * 4)
    training = tuning.tuning_time(wide, exactly(150, source="asked"), 24).estimate
    run = wide.scaled(training.value / wide.value)
    apart = other(wide).scaled(training.value / wide.value)
    assert reach(training.plus(run)) > 1.05 * reach(training.plus(apart))


def test_the_interval_of_tuning_is_the_one_between_the_trial_and_the_rule() -> None:
    found = tuning.tuning_time(STEP, FRAMES, 24).estimate
    short = tuning.TRIAL_SECONDS_PER_FRAME / tuning.TRIAL_SECONDS_PER_ATOM * STEP.value * FRAMES.value
    long = tuning.RULE_UPDATES * tuning.EVALUATIONS_PER_UPDATE * STEP.value * 24
    assert found.value == pytest.approx((short * long) ** 0.5)
    assert found.low == pytest.approx(short / 3)
    assert found.high == pytest.approx(long)
    # Where the two agree, what is not known of frames and step remains.
    as_many = around(tuning.RULE_UPDATES * 3 / (355 / 24 / 0.011) * 0.999, 4.0, basis=FRAMES.basis, source="practice")
    both = tuning.tuning_time(STEP, as_many, 1).estimate
    assert both.at_most == pytest.approx(both.value * math.exp(math.hypot(math.log(1.5), math.log(2))), rel=1e-3)


def test_tuning_by_a_step_of_unknown_spread_keeps_its_own_interval() -> None:
    unknown = make_estimate(1e-3, spread=None)
    assert tuning.tuning_time(unknown, FRAMES, 24).estimate.low is not None


def test_labels_and_training_by_a_pilot_share_the_frames() -> None:
    frames = around(400.0, 2.5, basis=FRAMES.basis, source="a curve")
    model = make_tried(Engine.POD, time_exponent=1.0)
    training = pilots.training_time(model, frames)
    apart = pilots.training_time(model, other(frames))
    assert training is not None
    assert apart is not None
    labels = frames.less(200).scaled(training.estimate.value / 200)
    assert reach(labels.plus(training.estimate)) > 1.1 * reach(labels.plus(apart.estimate))


def test_lopsided_frames_make_a_lopsided_training() -> None:
    frames = Estimate(value=400.0, low=390.0, high=1600.0, basis=FRAMES.basis, source="a curve")
    found = pilots.training_time(make_tried(Engine.POD, time_exponent=1.0), frames)
    assert found is not None
    below, above = found.estimate.value / found.estimate.at_least, found.estimate.at_most / found.estimate.value
    assert above > 3.5
    assert below < 1.5


def test_a_power_of_a_quantity_goes_with_it() -> None:
    frames = around(100.0, 4.0, basis=FRAMES.basis, source="a curve")
    root = frames.raised(0.5)
    assert (root.low, root.value, root.high) == pytest.approx((5.0, 10.0, 20.0))
    square = root.times(root)
    assert (square.low, square.high) == pytest.approx((25.0, 400.0))
    assert frames.raised(0.5).times(frames.inverted(1.0)).high == pytest.approx(0.2)
