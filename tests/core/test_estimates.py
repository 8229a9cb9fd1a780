"""Estimates multiply as independent quantities do."""

from __future__ import annotations

import math

import pytest

from mlipguide.records.estimate import Basis, Estimate


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
