"""What labels, training and the run of one price share is high and low together, and counted once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from factories import make_estimate
from known_trainings import make_tried
from mlipguide.advice.prices import published
from mlipguide.advice.prices.break_even import break_even
from mlipguide.records.advice.strategy import HoursOf, LabelPrice, StrategyPrice
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.estimate import Estimate, around, exactly, nothing
from mlipguide.records.training.training import Engine

FRAMES = published.frames_to_tune(1).estimate
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
    shared = labels.plus(published.tuning_time(STEP, FRAMES, 24).estimate)
    apart = labels.plus(published.tuning_time(STEP, other(FRAMES), 24).estimate)
    assert shared.value == pytest.approx(apart.value, rel=0.05)
    assert reach(shared) > 1.02 * reach(apart)


def test_tuning_and_the_run_share_the_step() -> None:
    wide = replace(STEP, low=STEP.value / 4, high=STEP.value * 4)
    training = published.tuning_time(wide, exactly(150, source="asked"), 24).estimate
    run = wide.scaled(training.value / wide.value)
    apart = other(wide).scaled(training.value / wide.value)
    assert reach(training.plus(run)) > 1.05 * reach(training.plus(apart))


def test_the_interval_of_tuning_is_the_one_between_the_trial_and_the_rule() -> None:
    found = published.tuning_time(STEP, FRAMES, 24).estimate
    short = published.TRIAL_SECONDS_PER_FRAME / published.TRIAL_SECONDS_PER_ATOM * STEP.value * FRAMES.value
    long = published.RULE_UPDATES * published.EVALUATIONS_PER_UPDATE * STEP.value * 24
    assert found.value == pytest.approx((short * long) ** 0.5)
    assert found.low == pytest.approx(short / 3)
    assert found.high == pytest.approx(long)
    # Where the two agree, what is not known of frames and step remains.
    as_many = around(
        published.RULE_UPDATES * 3 / (355 / 24 / 0.011) * 0.999, 4.0, basis=FRAMES.basis, source="practice"
    )
    both = published.tuning_time(STEP, as_many, 1).estimate
    assert both.at_most == pytest.approx(both.value * math.exp(math.hypot(math.log(1.5), math.log(2))), rel=1e-3)


def test_tuning_by_a_step_of_unknown_spread_keeps_its_own_interval() -> None:
    unknown = make_estimate(1e-3, spread=None)
    assert published.tuning_time(unknown, FRAMES, 24).estimate.low is not None


def test_labels_and_training_by_a_pilot_share_the_frames() -> None:
    frames = around(400.0, 2.5, basis=FRAMES.basis, source="a curve")
    model = make_tried(Engine.POD, time_exponent=1.0)
    training = model.training_time(frames)
    apart = model.training_time(other(frames))
    assert training is not None
    assert apart is not None
    labels = frames.less(200).scaled(training.estimate.value / 200)
    assert reach(labels.plus(training.estimate)) > 1.1 * reach(labels.plus(apart.estimate))


def test_lopsided_frames_make_a_lopsided_training() -> None:
    frames = Estimate(value=400.0, low=390.0, high=1600.0, basis=FRAMES.basis, source="a curve")
    found = make_tried(Engine.POD, time_exponent=1.0).training_time(frames)
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


def price_of(strategy: Strategy, labels: Estimate, run: Estimate) -> StrategyPrice:
    """Return a price whose labels and run take so long, without any training."""
    return StrategyPrice(
        strategy=strategy,
        model="nep",
        base=None,
        verdict=Verdict.FEASIBLE,
        rejections=(),
        doubts=(),
        labels=LabelPrice(frames=FRAMES, atoms=24, reference_core_hours=labels, wall_time_s=labels),
        training_time_s=nothing("no training"),
        production_time_s=run,
        total_wall_time_s=labels.plus(run),
        hours=None,
        hours_of=HoursOf.CORES,
        force_mae_ev_per_angstrom=None,
        reasons=(),
    )


def paying_from(price: StrategyPrice, against: StrategyPrice) -> tuple[float | None, float, float | None]:
    """Return from which simulated time a strategy pays, for runs of 1 ns."""
    found = break_even(price, against, 1.0)
    assert found is not None
    return found.simulated_time_s.low, found.simulated_time_s.value, found.simulated_time_s.high


def test_what_two_strategies_pay_for_each_label_cancels_where_they_break_even() -> None:
    # 300 labels against 100, whatever one costs: 200 of them are paid back by 2 s saved for each unit of the run.
    each = around(10.0, 2.0, basis=FRAMES.basis, source="a reference calculation")
    own = price_of(Strategy.TRAIN_FROM_SCRATCH, each.scaled(300), exactly(1.0, source="a run"))
    other = price_of(Strategy.FINE_TUNE, each.scaled(100), exactly(3.0, source="a run"))
    assert paying_from(own, other) == pytest.approx((500.0, 1000.0, 2000.0), rel=0.01)


def test_a_step_that_labels_and_the_slow_run_share_cancels_where_they_break_even() -> None:
    # 1,000 steps of the teacher are labels, and each unit of the run saves one: 1,000 units, however long a step is.
    own = price_of(Strategy.DISTIL, STEP.scaled(1000), STEP)
    assert paying_from(own, price_of(Strategy.PRETRAINED, STEP.scaled(0), STEP.scaled(2))) == pytest.approx([1000] * 3)


def test_what_two_strategies_do_not_share_does_not_cancel() -> None:
    own = price_of(Strategy.DISTIL, STEP.scaled(1000), exactly(0.0, source="a run"))
    low, value, high = paying_from(own, price_of(Strategy.PRETRAINED, nothing("no labels"), other(STEP)))
    assert value == pytest.approx(1000.0)
    # Two factors of 1.5, independent.
    both = math.exp(math.hypot(math.log(1.5), math.log(1.5)))
    assert (low, high) == pytest.approx((1000 / both, 1000 * both), rel=0.03)


def test_a_run_that_may_save_nothing_has_no_time_from_which_it_surely_pays() -> None:
    own = price_of(Strategy.DISTIL, STEP.scaled(1000), STEP)
    low, _, high = paying_from(own, price_of(Strategy.PRETRAINED, nothing("no labels"), other(STEP).scaled(1.2)))
    assert (low, high) == (None, None)


def test_rates_whose_medians_are_alike_never_break_even() -> None:
    # Half of a product of lopsided factors lies above the product of their halves: no run is long enough.
    lopsided = Estimate(value=1.0, low=0.9, high=3.0, basis=FRAMES.basis, source="a step")
    slow = lopsided.times(other(lopsided))
    own = price_of(Strategy.DISTIL, replace(STEP, source="labels"), slow)
    against = price_of(Strategy.PRETRAINED, nothing("no labels"), exactly(1.001, source="a run"))
    assert break_even(own, against, 1.0) is None
