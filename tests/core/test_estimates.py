"""Estimates multiply as independent quantities do."""

from __future__ import annotations

import math

import pytest

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


def test_a_sum_has_the_errors_of_each_side_in_quadrature() -> None:
    one = Estimate(value=10, low=7, high=14, basis=Basis.MEASURED, source="a")
    other = Estimate(value=20, low=16, high=23, basis=Basis.PUBLISHED, source="b; a")
    found = one.plus(other)
    assert (found.value, found.low, found.high) == (30, 25, 35)
    assert found.basis is Basis.PUBLISHED
    assert found.source == "a; b"
    assert one.plus(other).value == other.plus(one).value


def test_nothing_adds_nothing_and_an_unknown_spread_stays_unknown() -> None:
    one = estimate(10, 2.0, Basis.ASSUMED)
    assert one.plus(nothing("none needed")) == nothing("none needed").plus(one) == one
    assert not one.is_nothing
    unknown = one.plus(estimate(1, None))
    assert (unknown.value, unknown.low, unknown.high) == (11, None, None)
