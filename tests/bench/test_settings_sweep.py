"""Which settings are tried, and which one is recommended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import SETTINGS, make_estimate
from mlipguide.bench.agreement import AgreementFound
from mlipguide.bench.settings_sweep import (
    SettingTried,
    fastest_acceptable,
    plain_settings,
    settings_grid,
    settings_to_compare,
)
from mlipguide.core.errors import InputError
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.measurement import Allocator, Settings

ONE, TWO = SETTINGS, replace(SETTINGS, threads=2)
DOUBLE = replace(SETTINGS, dtype="float64")
DOUBLE_TWO = replace(DOUBLE, threads=2)


def agreement(size: float) -> AgreementFound:
    """Return differences of ``size`` times the tolerance."""
    return AgreementFound(
        energy_difference_ev_per_atom=-1e-3 * size,
        force_mae_ev_per_angstrom=1e-3 * size,
        force_max_ev_per_angstrom=1e-2 * size,
        structures=4,
    )


def tried(
    settings: Settings, step_s: float, *, spread: float | None = 1.02, found: AgreementFound | None = None
) -> SettingTried:
    step_time_s = make_estimate(step_s, spread=spread, basis=Basis.MEASURED)
    return SettingTried(settings=settings, step_time_s=step_time_s, agreement=found)


def test_a_grid_has_every_combination_once_and_the_base_first() -> None:
    grid = settings_grid(TWO, threads=[1, 2, 1], dtypes=["float32", "float64"], devices=["cpu"])
    assert grid[0] == TWO
    assert set(grid) == {ONE, TWO, DOUBLE, DOUBLE_TWO}
    assert len(grid) == 4
    assert settings_grid(ONE, threads=[], dtypes=[], devices=[]) == (ONE,)
    away = settings_grid(ONE, threads=[4], dtypes=[], devices=["cuda:0"])
    assert away == (ONE, replace(ONE, threads=4, device="cuda:0"))


@pytest.mark.parametrize("changes", [{"threads": [0]}, {"dtypes": ["float16"]}])
def test_what_cannot_be_swept_is_refused(changes: dict[str, list[str]]) -> None:
    with pytest.raises(InputError) as raised:
        settings_grid(ONE, **{"threads": [], "dtypes": [], "devices": [], **changes})  # type: ignore[arg-type]
    assert raised.value.hint


def test_the_plain_setting_is_double_precision_on_one_thread() -> None:
    plain = plain_settings(replace(TWO, device="cuda:1"))
    assert plain == Settings(
        threads=1, dtype="float64", device="cuda:1", driver=TWO.driver, allocator=Allocator.DEFAULT
    )
    assert plain_settings(replace(TWO, device="mps")).device == "cpu"


def test_threads_are_not_compared() -> None:
    grid = settings_grid(ONE, threads=[1, 2], dtypes=["float32", "float64"], devices=["cpu", "cuda:0"])
    compared = settings_to_compare(grid, plain_settings(ONE))
    assert [(one.dtype, one.device) for one in compared] == [
        ("float32", "cpu"),
        ("float32", "cuda:0"),
        ("float64", "cuda:0"),
    ]


def test_the_fastest_of_those_that_agree_is_chosen() -> None:
    choice = fastest_acceptable(
        [
            tried(DOUBLE, 0.20),
            tried(DOUBLE_TWO, 0.12),
            tried(ONE, 0.10, found=agreement(0.01)),
            tried(TWO, 0.06),  # same dtype and device as the one that was compared
        ],
        DOUBLE,
    )
    assert choice.settings == TWO
    assert choice.speed_up.value == pytest.approx(0.20 / 0.06)
    assert choice.speed_up.basis is Basis.MEASURED
    assert choice.passed_over == ()
    assert "3.33 times" in choice.reason
    assert "0.01 meV/atom" in choice.reason


def test_a_faster_setting_that_differs_is_passed_over() -> None:
    choice = fastest_acceptable(
        [tried(DOUBLE, 0.20), tried(DOUBLE_TWO, 0.12), tried(ONE, 0.05, found=agreement(1.5))], DOUBLE
    )
    assert choice.settings == DOUBLE_TWO
    (passed,) = choice.passed_over
    assert passed.settings == ONE
    assert "more than the tolerance" in passed.reason
    assert "1.5 meV/atom" in passed.reason


def test_a_setting_that_could_not_be_compared_is_passed_over() -> None:
    choice = fastest_acceptable([tried(DOUBLE, 0.20), tried(ONE, 0.05)], DOUBLE)
    assert choice.settings == DOUBLE
    assert "could not be compared" in choice.passed_over[0].reason


def test_without_a_plain_setting_threads_can_still_be_chosen() -> None:
    choice = fastest_acceptable([tried(ONE, 0.10), tried(TWO, 0.06)], ONE)
    assert choice.settings == TWO
    assert "order of sums" in choice.reason


@pytest.mark.parametrize(("spread", "expected"), [(1.02, TWO), (1.2, ONE), (None, ONE)])
def test_an_advantage_has_to_be_significant(spread: float | None, expected: Settings) -> None:
    choice = fastest_acceptable([tried(ONE, 0.100, spread=spread), tried(TWO, 0.090, spread=spread)], ONE)
    assert choice.settings == expected
    if expected is ONE:
        assert "not significant" in choice.passed_over[0].reason
        assert choice.speed_up.value == choice.speed_up.low == choice.speed_up.high == 1


def test_a_base_that_differs_gives_way_to_a_slower_setting() -> None:
    choice = fastest_acceptable(
        [tried(ONE, 0.05, found=agreement(-3)), tried(DOUBLE, 0.20), tried(DOUBLE_TWO, 0.12)], ONE
    )
    assert choice.settings == DOUBLE_TWO
    assert choice.speed_up.value == pytest.approx(0.05 / 0.12)
    assert "cannot be kept" in choice.reason
    assert [passed.settings for passed in choice.passed_over] == [ONE]


def test_a_base_that_differs_is_kept_for_want_of_another() -> None:
    choice = fastest_acceptable([tried(ONE, 0.05, found=agreement(3)), tried(TWO, 0.03)], ONE)
    assert choice.settings == ONE
    assert "for want of" in choice.reason


def test_the_interval_of_a_ratio_adds_distances_in_quadrature() -> None:
    def step(value: float, low: float, high: float) -> Estimate:
        return Estimate(value=value, low=low, high=high, basis=Basis.MEASURED, source="test")

    choice = fastest_acceptable(
        [
            SettingTried(settings=ONE, step_time_s=step(0.4, 0.4 / 1.3, 0.4 * 1.1), agreement=None),
            SettingTried(settings=TWO, step_time_s=step(0.2, 0.2, 0.2), agreement=None),
        ],
        ONE,
    )
    assert choice.settings == TWO
    assert choice.speed_up.low == pytest.approx(2 / 1.3)
    assert choice.speed_up.high == pytest.approx(2 * 1.1)
    both = fastest_acceptable([tried(ONE, 0.4, spread=1.1), tried(TWO, 0.2, spread=1.1)], ONE)
    assert both.speed_up.low == pytest.approx(2 / 1.1 ** (2**0.5))
    assert both.speed_up.high == pytest.approx(2 * 1.1 ** (2**0.5))


def test_an_interval_that_reaches_zero_proves_nothing() -> None:
    base = Estimate(value=0.4, low=0.0, high=0.9, basis=Basis.MEASURED, source="test")
    choice = fastest_acceptable(
        [SettingTried(settings=ONE, step_time_s=base, agreement=None), tried(TWO, 0.1)],
        ONE,
    )
    assert choice.settings == ONE


def test_the_base_has_to_be_tried() -> None:
    with pytest.raises(ValueError, match="not among"):
        fastest_acceptable([tried(TWO, 0.1)], ONE)
