"""Laws are recovered, and intervals hold the truth about as often as they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlipguide.costmodel.scaling import Point, ScalingLaw
from mlipguide.records.estimate import Basis, Estimate

SIZES = (1000.0, 2000.0, 4000.0, 8000.0)


def law_of(
    values: Sequence[float] | np.ndarray, *, pairs: Sequence[float] | np.ndarray = SIZES, error: float = 0.02
) -> ScalingLaw:
    points = [Point(float(p), float(v), error) for p, v in zip(pairs, values, strict=True)]
    return ScalingLaw(points, source="test")


def affine(fixed: float, per_pair: float, pairs: Sequence[float] = SIZES) -> list[float]:
    return [fixed + per_pair * p for p in pairs]


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@pytest.mark.parametrize("fixed_share", [0.0, 0.2, 0.5, 0.8])
def test_affine_laws_are_recovered(fixed_share: float) -> None:
    values = [0.3 * (fixed_share + (1 - fixed_share) * pairs / SIZES[-1]) for pairs in SIZES]
    law = law_of(values, error=0.01)
    assert law.fixed == pytest.approx(0.3 * fixed_share, abs=0.01)
    assert law.per_pair * SIZES[-1] == pytest.approx(0.3 * (1 - fixed_share), abs=0.01)
    far = 0.3 * (fixed_share + (1 - fixed_share) * 10)
    assert law.predict(10 * SIZES[-1]).value == pytest.approx(far, rel=0.08)


def test_a_cost_that_falls_with_size_gives_no_negative_coefficient() -> None:
    law = law_of([1.0, 0.98, 0.99, 0.97])
    assert law.per_pair >= 0
    assert law.fixed == pytest.approx(0.985, rel=0.1)


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
    assert all(narrow < wide for narrow, wide in pairwise(widths))


def test_one_point_leaves_open_how_much_is_fixed() -> None:
    law = law_of([0.1], pairs=[1000])
    for pairs in (100, 10_000):
        low, high = ends(law.predict(pairs))
        assert law.predict(pairs).basis is Basis.EXTRAPOLATED
        proportional, half_fixed = 0.1 * pairs / 1000, 0.05 + 0.05 * pairs / 1000
        assert low / 1.2 < proportional < high * 1.2
        assert low < half_fixed < high


def test_without_a_prior_one_point_leaves_nearly_all_open() -> None:
    law = ScalingLaw([Point(1000, 0.1, 0.02)], source="test", prior_power=0)
    low, high = ends(law.predict(100_000))
    assert low < 0.1 * (0.9 + 0.1 * 100)
    assert high > 0.1 * (0.1 + 0.9 * 100)


@settings(deadline=None)
@given(
    fixed_share=st.floats(0, 0.9),
    scale=st.floats(1e-6, 1e6),
    pairs=st.floats(100, 1e8),
    count=st.integers(1, 4),
)
def test_inversion_is_the_inverse(fixed_share: float, scale: float, pairs: float, count: int) -> None:
    sizes = SIZES[:count]
    law = law_of([scale * (fixed_share + (1 - fixed_share) * p / sizes[-1]) for p in sizes], pairs=sizes)
    estimate = law.predict(pairs)
    assume(estimate.basis is not Basis.MEASURED)
    inverse = law.invert(estimate.value)
    assert inverse is not None
    assert inverse.value == pytest.approx(pairs, rel=1e-4)
    low, high = ends(inverse)
    assert low <= inverse.value <= high
    for end, quantile in ((low, 1), (high, 0)):
        if sizes[-1] * 1.1 < end < 9e5 * sizes[-1]:
            assert ends(law.predict(end))[quantile] == pytest.approx(estimate.value, rel=1e-3)


def test_what_cannot_be_reached_has_no_inverse() -> None:
    assert law_of([0.3 * (0.9 + 0.1 * p / SIZES[-1]) for p in SIZES]).invert(0.1) is None


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("noise", [0.01, 0.06])
@pytest.mark.parametrize("distance", [1.5, 20.0])
def test_the_interval_holds_an_affine_truth_of_which_most_scales(count: int, noise: float, distance: float) -> None:
    held = coverage(count, noise, distance, share=lambda random: random.beta(1, 4))
    assert held >= 0.85


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("distance", [1.5, 20.0])
def test_the_interval_holds_a_fixed_cost_that_was_seen(count: int, distance: float) -> None:
    assert coverage(count, 0.01, distance, share=lambda random: random.uniform(0.5, 0.95)) >= 0.85


def coverage(
    count: int, noise: float, distance: float, *, share: Callable[[np.random.Generator], float], cases: int = 80
) -> float:
    """Return how often the interval holds the truth at ``distance`` times the largest size."""
    random = np.random.default_rng(count)
    sizes = 1000 * 2.0 ** np.arange(count)
    held = 0
    for _ in range(cases):
        fixed = share(random)
        truth = fixed + (1 - fixed) * np.array([*sizes, distance * sizes[-1]]) / sizes[-1]
        law = law_of(truth[:-1] * np.exp(noise * random.standard_normal(count)), pairs=sizes, error=noise)
        low, high = ends(law.predict(distance * sizes[-1]))
        held += low <= truth[-1] <= high
    return held / cases


def test_points_that_scatter_more_than_they_say_widen_the_interval() -> None:
    values = affine(0.01, 1e-5)
    tight = law_of(values, error=0.01)
    values = [value * factor for value, factor in zip(values, (1.2, 0.8, 1.2, 0.8), strict=True)]
    loose = law_of(values, error=0.01)
    assert loose.scatter > 5 * tight.scatter


def test_points_close_together_do_not_break_the_extrapolation() -> None:
    low, high = ends(law_of([1.0, 1.3], pairs=[1000, 1030]).predict(1e6))
    assert 0 < low < high < float("inf")


@pytest.mark.parametrize("points", [[], [Point(1, 0, 0.1)], [Point(0, 1, 0.1)], [Point(1, float("nan"), 0.1)]])
def test_unusable_points_are_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="point"):
        ScalingLaw(points, source="test")
