"""Laws are recovered, and intervals behave: they widen with distance and hold the truth about as often as they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlipguide.costmodel.scaling import Point, ScalingLaw, transfer_error
from mlipguide.costmodel.shapes import MEMORY, TIME_ON_CPU, TIME_ON_CPU_RETAINING, TIME_ON_GPU, ShapePrior
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.testing.fake_session import flat_then_linear, knee

SIZES = (20.0, 40.0, 80.0, 160.0)
DENSITY = 50.0


def law_of(
    values: Sequence[float] | np.ndarray,
    *,
    atoms: Sequence[float] | np.ndarray = SIZES,
    error: float = 0.02,
    prior: ShapePrior | None = None,
) -> ScalingLaw:
    points = [Point(float(n), DENSITY * float(n), float(v), error) for n, v in zip(atoms, values, strict=True)]
    return ScalingLaw(points, source="test", prior=prior)


def affine(fixed: float, per_atom: float, atoms: Sequence[float] = SIZES) -> list[float]:
    return [fixed + per_atom * n for n in atoms]


def predict(law: ScalingLaw, atoms: float, density: float = DENSITY) -> Estimate:
    return law.predict(atoms, density * atoms)


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def relative_width(estimate: Estimate) -> float:
    low, high = ends(estimate)
    return high / low


@pytest.mark.parametrize("prior", [ShapePrior(), TIME_ON_CPU_RETAINING, TIME_ON_CPU])
@pytest.mark.parametrize("fixed_share", [0.0, 0.2, 0.5, 0.8])
def test_affine_laws_are_recovered(fixed_share: float, prior: ShapePrior) -> None:
    values = [0.3 * (fixed_share + (1 - fixed_share) * atoms / SIZES[-1]) for atoms in SIZES]
    law = law_of(values, error=0.01, prior=prior)
    assert law.fixed == pytest.approx(0.3 * fixed_share, abs=0.01)
    assert law.per_pair * DENSITY * SIZES[-1] == pytest.approx(0.3 * (1 - fixed_share), abs=0.01)
    far = 0.3 * (fixed_share + (1 - fixed_share) * 10)
    assert predict(law, 10 * SIZES[-1]).value == pytest.approx(far, rel=0.08)


def test_a_gpu_that_was_filled_goes_on_linearly() -> None:
    truth = flat_then_linear(0.03, 0.03 / 60)
    law = law_of([truth(round(n)) for n in SIZES], error=0.01, prior=TIME_ON_GPU)
    assert predict(law, 1000).value == pytest.approx(truth(1000), rel=0.05)


def test_a_gpu_that_was_never_filled_is_flat_until_nobody_knows() -> None:
    law = law_of([0.03] * 4, error=0.01, prior=TIME_ON_GPU)
    low, high = ends(predict(law, 10 * SIZES[-1]))
    assert low < 0.036
    assert high > 0.06


def test_behind_a_knee_the_risen_cost_is_what_counts() -> None:
    sizes = (20, 40, 80, 160, 320, 640)
    truth = knee(1e-3, rise=1.7, begin=50, end=200)
    law = law_of([truth(n) for n in sizes], atoms=sizes, error=0.01, prior=TIME_ON_CPU)
    for atoms in (1280, 2560):
        low, high = ends(predict(law, atoms))
        assert predict(law, atoms).value == pytest.approx(truth(atoms), rel=0.05)
        assert low < truth(atoms) < high


def test_a_knee_that_may_lie_ahead_raises_the_upper_end_only() -> None:
    values = affine(0.0, 1e-3)
    without, with_knee = (predict(law_of(values, prior=prior), 640) for prior in (ShapePrior(), TIME_ON_CPU))
    assert ends(with_knee)[1] > 1.15 * ends(without)[1]
    assert ends(with_knee)[0] == pytest.approx(ends(without)[0], rel=0.03)
    assert with_knee.value == pytest.approx(0.64, rel=0.05)


def test_a_cost_that_falls_with_size_gives_no_negative_coefficient() -> None:
    law = law_of([1.0, 0.98, 0.99, 0.97])
    assert law.per_pair >= 0
    assert law.fixed == pytest.approx(0.985, rel=0.1)


def test_basis_says_how_a_number_was_got() -> None:
    law = law_of(affine(0.01, 1e-3))
    assert predict(law, 40).basis is Basis.MEASURED
    assert predict(law, 40.6).basis is Basis.MEASURED
    assert predict(law, 60).basis is Basis.FITTED
    assert predict(law, 10).basis is Basis.EXTRAPOLATED
    assert predict(law, 180).basis is Basis.EXTRAPOLATED
    assert predict(law, 40, density=80).basis is Basis.TRANSFERRED
    for atoms, basis in ((60, Basis.FITTED), (10, Basis.EXTRAPOLATED), (180, Basis.EXTRAPOLATED)):
        inverse = law.invert(0.01 + 1e-3 * atoms)
        assert inverse is not None
        assert inverse.basis is basis


def test_a_measured_size_gives_what_was_measured() -> None:
    values = affine(0.01, 1e-3)
    values[1] *= 1.3
    assert predict(law_of(values), 40).value == pytest.approx(values[1])


@pytest.mark.parametrize("prior", [MEMORY, TIME_ON_CPU, TIME_ON_GPU])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_interval_widens_with_the_distance(count: int, prior: ShapePrior) -> None:
    sizes = SIZES[:count]
    law = law_of(affine(0.01, 1e-3, sizes), atoms=sizes, prior=prior)
    widths = [relative_width(predict(law, sizes[-1] * factor)) for factor in (1.1, 2, 4, 16, 64)]
    assert all(narrow < wide for narrow, wide in pairwise(widths))


@settings(deadline=None, max_examples=25)
@given(
    values=st.lists(st.floats(0.5, 2.0), min_size=1, max_size=4),
    growth=st.floats(0.0, 1.2),
    error=st.floats(0.005, 0.3),
    prior=st.sampled_from([MEMORY, TIME_ON_CPU_RETAINING, TIME_ON_CPU, TIME_ON_GPU]),
)
def test_the_upper_end_rises_with_size(values: list[float], growth: float, error: float, prior: ShapePrior) -> None:
    sizes = SIZES[: len(values)]
    costs = [value * size**growth for value, size in zip(values, sizes, strict=True)]
    law = law_of(costs, atoms=sizes, error=error, prior=prior)
    highs = [ends(predict(law, size))[1] for size in sizes[-1] * np.geomspace(1.03, 100, 15)]
    assert all(low < high * (1 + 1e-5) for low, high in pairwise(highs))


def test_one_point_leaves_open_how_much_is_fixed() -> None:
    law = law_of([0.1], atoms=[20])
    for atoms in (2, 200):
        low, high = ends(predict(law, atoms))
        assert predict(law, atoms).basis is Basis.EXTRAPOLATED
        proportional, half_fixed = 0.1 * atoms / 20, 0.05 + 0.05 * atoms / 20
        assert low / 1.2 < proportional < high * 1.2
        assert low < half_fixed < high


def test_without_a_prior_one_point_leaves_nearly_all_open() -> None:
    low, high = ends(predict(law_of([0.1], atoms=[20], prior=MEMORY), 2000))
    assert low < 0.1 * (0.9 + 0.1 * 100)
    assert high > 0.1 * (0.1 + 0.9 * 100)


@settings(deadline=None, max_examples=60)
@given(
    fixed_share=st.floats(0, 0.9),
    scale=st.floats(1e-6, 1e6),
    atoms=st.floats(2, 1e6),
    count=st.integers(1, 4),
    prior=st.sampled_from([ShapePrior(), TIME_ON_CPU_RETAINING]),
)
def test_inversion_is_the_inverse(
    fixed_share: float, scale: float, atoms: float, count: int, prior: ShapePrior
) -> None:
    sizes = SIZES[:count]
    law = law_of([scale * (fixed_share + (1 - fixed_share) * n / sizes[-1]) for n in sizes], atoms=sizes, prior=prior)
    estimate = predict(law, atoms)
    assume(estimate.basis is not Basis.MEASURED)
    inverse = law.invert(estimate.value)
    assert inverse is not None
    assert inverse.value == pytest.approx(atoms, rel=1e-4)
    low, high = ends(inverse)
    assert low <= inverse.value <= high
    for end, quantile in ((low, 1), (high, 0)):
        if sizes[-1] * 1.1 < end < 9e5 * sizes[-1]:
            assert ends(predict(law, end))[quantile] == pytest.approx(estimate.value, rel=1e-3)


def test_what_cannot_be_reached_has_no_inverse() -> None:
    assert law_of([0.3 * (0.9 + 0.1 * n / SIZES[-1]) for n in SIZES]).invert(0.1) is None


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("noise", [0.01, 0.06])
@pytest.mark.parametrize("distance", [1.5, 20.0])
def test_the_interval_holds_an_affine_truth_of_which_most_scales(count: int, noise: float, distance: float) -> None:
    assert coverage(count, noise, distance, share=lambda random: random.beta(1, 4)) >= 0.85


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("distance", [1.5, 20.0])
def test_the_interval_holds_a_fixed_cost_that_was_seen(count: int, distance: float) -> None:
    assert coverage(count, 0.01, distance, share=lambda random: random.uniform(0.5, 0.95)) >= 0.85


def coverage(
    count: int, noise: float, distance: float, *, share: Callable[[np.random.Generator], float], cases: int = 80
) -> float:
    """Return how often the interval holds the truth at ``distance`` times the largest size."""
    random = np.random.default_rng(count)
    sizes = 20 * 2.0 ** np.arange(count)
    held = 0
    for _ in range(cases):
        fixed = share(random)
        truth = fixed + (1 - fixed) * np.array([*sizes, distance * sizes[-1]]) / sizes[-1]
        law = law_of(truth[:-1] * np.exp(noise * random.standard_normal(count)), atoms=sizes, error=noise)
        low, high = ends(predict(law, distance * sizes[-1]))
        held += low <= truth[-1] <= high
    return held / cases


def test_points_that_scatter_more_than_they_say_widen_the_interval() -> None:
    values = affine(0.01, 1e-3)
    tight = law_of(values, error=0.01)
    values = [value * factor for value, factor in zip(values, (1.2, 0.8, 1.2, 0.8), strict=True)]
    loose = law_of(values, error=0.01)
    assert loose.scatter > 5 * tight.scatter


def test_points_close_together_do_not_break_the_extrapolation() -> None:
    low, high = ends(predict(law_of([1.0, 1.3], atoms=[20, 20.6]), 1e5))
    assert 0 < low < high < float("inf")


@pytest.mark.parametrize("points", [[], [Point(1, 1, 0, 0.1)], [Point(1, 0, 1, 0.1)], [Point(1, 1, float("nan"), 0.1)]])
def test_unusable_points_are_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="point"):
        ScalingLaw(points, source="test")


def two_densities(per_pair: float, *, error: float = 0.01) -> ScalingLaw:
    """Return the law of work of which a share ``per_pair`` at 50 pairs per atom is done along pairs."""
    points = [
        Point(n, density * n, 1e-3 * n * (per_pair * density / 50 + 1 - per_pair), error)
        for density, sizes in ((50.0, (20.0, 40.0, 80.0, 160.0)), (20.0, (30.0, 60.0, 120.0)))
        for n in sizes
    ]
    return ScalingLaw(points, source="test")


def test_one_density_says_the_same_of_itself_whatever_is_done_along_pairs() -> None:
    law = law_of(affine(0.01, 1e-3))
    before = [predict(law, atoms) for atoms in (60, 500)]
    assert predict(law, 60, density=100).basis is Basis.TRANSFERRED
    assert [predict(law, atoms) for atoms in (60, 500)] == before
    rescaled = [Point(p.atoms, 7 * p.pairs, p.value, p.error) for p in law.points]
    assert ScalingLaw(rescaled, source="test").predict(500, 7 * DENSITY * 500) == before[1]


@pytest.mark.parametrize("per_pair", [0.3, 0.6, 0.95])
def test_structures_of_two_densities_tell_what_is_done_along_pairs(per_pair: float) -> None:
    law = two_densities(per_pair)
    truth = 1e-3 * 500 * (per_pair * 2 + 1 - per_pair)
    estimate = predict(law, 500, density=100)
    assert estimate.basis is Basis.TRANSFERRED
    assert estimate.value == pytest.approx(truth, rel=0.07)
    low, high = ends(estimate)
    assert low < truth < high


def test_a_density_that_was_not_measured_carries_what_is_unknown_of_it() -> None:
    law = law_of(affine(0.0, 1e-3), error=0.01)
    widths = [relative_width(predict(law, 500, density=density)) for density in (50, 60, 100, 200)]
    assert all(narrow < wide for narrow, wide in pairwise(widths))
    low, high = ends(predict(law, 500, density=100))
    assert low < 0.5 * (0.5 * 2 + 0.5) * 1.02
    assert high > 0.5 * 2 * 0.98
    assert widths[2] > 1.1 * relative_width(predict(two_densities(0.6), 500, density=100))


def test_a_denser_structure_costs_more_and_so_fewer_atoms_are_affordable() -> None:
    law = law_of(affine(0.0, 1e-3))
    own, denser = law.invert(1.0), law.invert(1.0, pairs_per_atom=100)
    assert own is not None
    assert denser is not None
    assert denser.value < 0.75 * own.value
    assert denser.basis is Basis.TRANSFERRED


def test_nothing_is_transferred_between_equals() -> None:
    assert transfer_error(1.0, same_composition=True) == 0
    assert transfer_error(1.0, same_composition=False) > 0
    assert transfer_error(2.0, same_composition=True) == pytest.approx(transfer_error(0.5, same_composition=True))
    assert transfer_error(3.0, same_composition=False) > transfer_error(1.0, same_composition=False)
