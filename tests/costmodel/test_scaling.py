"""Laws are recovered, and intervals hold the truth about as often as they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlipguide.costmodel.scaling import Point, ScalingLaw
from mlipguide.records.estimate import Basis, Estimate

SIZES = (1000.0, 2000.0, 4000.0, 8000.0)


def law_of(values: Sequence[float], *, pairs: Sequence[float] = SIZES, error: float = 0.02) -> ScalingLaw:
    points = [Point(p, v, error) for p, v in zip(pairs, values, strict=True)]
    return ScalingLaw(points, source="test")


def affine(fixed: float, per_pair: float, pairs: Sequence[float] = SIZES) -> list[float]:
    return [fixed + per_pair * p for p in pairs]


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@given(fixed=st.floats(0, 1), per_pair=st.floats(1e-7, 1e-2))
def test_affine_laws_are_recovered(fixed: float, per_pair: float) -> None:
    law = law_of(affine(fixed, per_pair))
    assert law.per_pair == pytest.approx(per_pair, rel=1e-3, abs=1e-6 * fixed)
    assert law.fixed == pytest.approx(fixed, rel=1e-3, abs=1e-3 * per_pair * SIZES[0])
    assert law.predict(50_000).value == pytest.approx(fixed + per_pair * 50_000, rel=1e-2)


def test_a_cost_that_falls_with_size_gives_no_negative_coefficient() -> None:
    law = law_of([1.0, 0.98, 0.99, 0.97])
    assert law.per_pair == 0
    assert law.fixed == pytest.approx(0.985, rel=0.02)


def test_basis_says_how_a_number_was_got() -> None:
    law = law_of(affine(0.01, 1e-5))
    assert law.predict(2000).basis is Basis.MEASURED
    assert law.predict(2030).basis is Basis.MEASURED
    assert law.predict(3000).basis is Basis.FITTED
    assert law.predict(500).basis is Basis.EXTRAPOLATED
    assert law.predict(9000).basis is Basis.EXTRAPOLATED


def test_a_measured_size_gives_what_was_measured() -> None:
    values = affine(0.01, 1e-5)
    values[1] *= 1.3
    assert law_of(values).predict(2000).value == pytest.approx(values[1])


@pytest.mark.parametrize("sizes", [(1000.0,), (1000.0, 2000.0), SIZES])
def test_the_interval_widens_with_the_distance(sizes: tuple[float, ...]) -> None:
    law = law_of(affine(0.01, 1e-5, sizes), pairs=sizes)
    widths = [np.divide(*ends(law.predict(sizes[-1] * factor))[::-1]) for factor in (1.1, 2, 4, 16, 64)]
    assert all(narrow < wide for narrow, wide in zip(widths, widths[1:], strict=False))


def test_one_point_is_proportional_and_holds_a_constant_cost() -> None:
    law = law_of([0.1], pairs=[1000])
    for pairs in (100, 10_000):
        estimate = law.predict(pairs)
        low, high = ends(estimate)
        assert estimate.value == pytest.approx(0.1 * pairs / 1000)
        assert estimate.basis is Basis.EXTRAPOLATED
        assert low <= 0.1 * 1.0001
        assert high >= 0.1 * 0.9999


@given(
    fixed=st.floats(0, 1),
    per_pair=st.floats(1e-6, 1e-3),
    pairs=st.floats(10, 1e8),
    count=st.integers(1, 4),
)
def test_inversion_is_the_inverse(fixed: float, per_pair: float, pairs: float, count: int) -> None:
    law = law_of(affine(fixed, per_pair, SIZES[:count]), pairs=SIZES[:count])
    # Beside the measured sizes, which are given as they were measured.
    value = law.fixed + law.per_pair * pairs
    inverse = law.invert(value)
    assert inverse is not None
    assert inverse.value == pytest.approx(pairs, rel=1e-4)
    assert inverse.low is not None
    assert inverse.low <= inverse.value
    assert inverse.high is None or inverse.high >= inverse.value
    if inverse.low > 1:
        assert ends(law.predict(inverse.low))[1] == pytest.approx(value, rel=0.08)
    if inverse.high is not None:
        assert ends(law.predict(inverse.high))[0] == pytest.approx(value, rel=0.08)


def test_what_cannot_be_reached_has_no_inverse() -> None:
    law = law_of(affine(1.0, 1e-5))
    assert law.invert(0.5) is None
    flat = law_of([1.0] * 4)
    assert flat.invert(2.0) is None


def test_a_doubtful_growth_leaves_the_high_end_open() -> None:
    inverse = law_of([0.1], pairs=[1000]).invert(1.0)
    assert inverse is not None
    assert inverse.value == pytest.approx(10_000)
    assert inverse.high is None


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("noise", [0.01, 0.03, 0.06])
@pytest.mark.parametrize("distance", [0.5, 1.5, 4.0, 20.0])
def test_the_interval_holds_a_noisy_affine_truth(count: int, noise: float, distance: float) -> None:
    random = np.random.default_rng(count)
    sizes = 1000 * 2.0 ** np.arange(count)
    held, cases = 0, 200
    for _ in range(cases):
        fixed, per_pair = 10 ** random.uniform(-3, 0), 10 ** random.uniform(-6, -3)
        values = (fixed + per_pair * sizes) * np.exp(noise * random.standard_normal(count))
        law = law_of(list(values), pairs=list(sizes), error=noise)
        pairs = float(distance * (sizes[-1] if distance > 1 else sizes[0]))
        low, high = ends(law.predict(pairs))
        held += low <= fixed + per_pair * pairs <= high
    assert held / cases >= 0.88


def test_points_that_scatter_more_than_they_say_widen_the_interval() -> None:
    values = affine(0.01, 1e-5)
    tight = law_of(values, error=0.01)
    values = [value * factor for value, factor in zip(values, (1.2, 0.8, 1.2, 0.8), strict=True)]
    loose = law_of(values, error=0.01)
    assert loose.scatter > 10 * tight.scatter


def test_points_close_together_do_not_break_the_extrapolation() -> None:
    law = law_of([1.0, 1.3], pairs=[1000, 1030])
    low, high = ends(law.predict(1e6))
    assert 0 < low < high < float("inf")
    assert law.invert(1e6) is None or law.invert(1e6) is not None


@pytest.mark.parametrize("points", [[], [Point(1, 0, 0.1)], [Point(0, 1, 0.1)], [Point(1, float("nan"), 0.1)]])
def test_unusable_points_are_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="point"):
        ScalingLaw(points, source="test")
