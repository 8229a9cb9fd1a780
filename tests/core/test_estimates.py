"""Estimates multiply as independent quantities do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.records.estimate import Basis, Estimate, nothing


def estimate(value: float, factor: float | None, basis: Basis = Basis.MEASURED, source: str = "here") -> Estimate:
    ends = (None, None) if factor is None else (value / factor, value * factor)
    return Estimate(value=value, low=ends[0], high=ends[1], basis=basis, source=source)


def test_a_product_has_the_spreads_in_quadrature_and_the_lesser_basis() -> None:
    found = estimate(2.0, 1.5).times(estimate(10.0, 2.0, Basis.ASSUMED, "practice"))
    assert found.value == 20
    assert found.high is not None
    assert math.log(found.high / 20) == pytest.approx(math.hypot(math.log(1.5), math.log(2)))
    assert found.basis is Basis.ASSUMED
    assert found.source == "here; practice"


def test_a_product_with_an_exact_number_keeps_the_spread() -> None:
    found = estimate(2.0, 1.5).times(estimate(10.0, 1.0))
    assert found.low == pytest.approx(20 / 1.5)
    assert found.source == "here"


def test_a_product_with_an_unknown_spread_has_none() -> None:
    found = estimate(2.0, None).times(estimate(10.0, 2.0))
    assert (found.value, found.low, found.high) == (20, None, None)


def test_a_sum_has_the_errors_of_each_side_nearly_in_quadrature() -> None:
    one = Estimate(value=10, low=7, high=14, basis=Basis.MEASURED, source="a")
    other = Estimate(value=20, low=16, high=23, basis=Basis.PUBLISHED, source="b; a")
    found = one.plus(other)
    assert (found.value, found.low, found.high) == pytest.approx((30, 25, 35), rel=0.025)
    assert found.basis is Basis.PUBLISHED
    assert found.source == "a; b"
    assert one.plus(other).value == other.plus(one).value


def test_nothing_adds_nothing_and_an_unknown_spread_stays_unknown() -> None:
    one = estimate(10, 2.0, Basis.ASSUMED)
    assert one.plus(nothing("none needed")) == nothing("none needed").plus(one) == one
    assert not one.is_nothing
    unknown = one.plus(estimate(1, None))
    assert (unknown.value, unknown.low, unknown.high) == (11, None, None)


def test_lopsided_intervals_stay_lopsided() -> None:
    one = Estimate(value=1.0, low=0.9, high=4.0, basis=Basis.MEASURED, source="a")
    exact = Estimate(value=1.0, low=1.0, high=1.0, basis=Basis.MEASURED, source="exact")
    unchanged = one.times(exact)
    assert (unchanged.low, unchanged.value, unchanged.high) == pytest.approx((0.9, 1.0, 4.0))
    product = one.times(estimate(2.0, 1.5, source="b"))
    assert product.value == 2
    assert product.high == pytest.approx(2 * math.exp(math.hypot(math.log(4), math.log(1.5))))
    assert product.low == pytest.approx(2 * math.exp(-math.hypot(math.log(1 / 0.9), math.log(1.5))))
    shifted = one.plus(exact)
    assert (shifted.low, shifted.value, shifted.high) == pytest.approx((1.9, 2.0, 5.0))
    assert one.inverted(1.0).times(one).low == pytest.approx(1.0)


def test_a_shared_factor_counts_once() -> None:
    frames = estimate(100.0, 8.0, source="practice")
    labels, training = (frames.times(estimate(each, 1.0001, source=name)) for each, name in ((1, "dft"), (3, "engine")))
    total = labels.plus(training)
    assert total.high == pytest.approx(400 * 8, rel=0.03)
    assert total.low == pytest.approx(400 / 8, rel=0.03)
    assert total.value == pytest.approx(400, rel=0.03)
    apart = estimate(100.0, 8.0, source="a").plus(estimate(300.0, 8.0, source="b"))
    assert apart.high is not None
    assert apart.high < 0.95 * 400 * 8
    squared = frames.times(frames)
    assert squared.high == pytest.approx(10000 * 64)


def test_a_changed_copy_stands_for_itself() -> None:
    product = estimate(2.0, 2.0).times(estimate(3.0, 3.0, source="other"))
    changed = replace(product, low=5.9, high=6.1)
    assert changed.scaled(2.0).times(nothing_but(1.0)).high == pytest.approx(12.2)
    assert from_plain(Estimate, to_plain(product), what="a test") == product
    assert set(to_plain(product)) == {"value", "low", "high", "basis", "source"}


def test_what_is_left_still_shares_its_factor() -> None:
    frames = estimate(100.0, 4.0, source="practice")
    missing = frames.less(60)
    assert (missing.low, missing.value, missing.high) == (0.0, 40.0, 340.0)
    wall = missing.times(estimate(2.0, 1.5, source="dft"))
    assert wall.low == pytest.approx(0, abs=0.5)
    assert wall.value == 80
    total = wall.plus(frames.times(estimate(1.0, 1.5, source="engine")))
    independent = Estimate(value=80, low=0, high=wall.high, basis=Basis.MEASURED, source="x").plus(
        estimate(100, 4.3, source="y")
    )
    assert total.high is not None
    assert independent.high is not None
    assert total.high > independent.high


@pytest.mark.parametrize("shared", [False, True])
def test_sums_of_widely_uncertain_parts_hold_the_truth(shared: bool) -> None:
    random = np.random.default_rng(1)
    reach, width = 8.0, math.log(8.0) / 1.6448536
    held = above = 0
    for trial in range(300):
        sizes = np.exp(random.uniform(0, 3, 3))
        frames = estimate(10.0, reach if shared else 1.0, source=f"frames {trial}")
        parts = [frames.times(estimate(float(size), reach, source=f"{place}")) for place, size in enumerate(sizes)]
        truth = 10 * float(sizes @ np.exp(width * random.standard_normal(3)))
        truth *= math.exp(width * random.standard_normal()) if shared else 1.0
        total = parts[0].plus(parts[1]).plus(parts[2])
        held += total.at_least <= truth <= total.at_most
        above += truth > total.value
    assert 0.86 <= held / 300 <= 0.94
    assert 0.43 <= above / 300 <= 0.57


def nothing_but(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value, basis=Basis.MEASURED, source="exact")
