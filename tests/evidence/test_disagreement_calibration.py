"""The calibration finds a known law, covers what it says, and knows where it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlipguide.catalog.sources import read_sources
from mlipguide.evidence.disagreement.calibration import (
    CALIBRATION_FILE,
    CalibrationPoint,
    Ratios,
    expected_force_mae,
    fit_ratios,
    load_calibration,
    why_extrapolated,
)
from mlipguide.records.estimate import Basis


def points(count: int, *, ratio: float, group: str = "a", spread: float = 0.3, seed: int = 0) -> list[CalibrationPoint]:
    generator = np.random.default_rng(seed)
    disagreements = generator.uniform(0.02, 0.3, count)
    errors = ratio * disagreements * np.exp(spread * generator.standard_normal(count))
    return [
        CalibrationPoint(
            system="X",
            group=group,
            frame=f"{group}{place}",
            disagreement_ev_per_angstrom=disagreement,
            force_mae_ev_per_angstrom=error,
        )
        for place, (disagreement, error) in enumerate(zip(disagreements, errors, strict=True))
    ]


def test_a_known_law_is_found() -> None:
    found = fit_ratios(points(4000, ratio=0.7))
    assert found.median == pytest.approx(0.7, rel=0.03)
    assert found.low == pytest.approx(0.7 * np.exp(-0.3 * 1.645), rel=0.05)
    assert found.high == pytest.approx(0.7 * np.exp(0.3 * 1.645), rel=0.05)


def test_intervals_hold_on_frames_that_were_not_fitted_on() -> None:
    shares = []
    for seed in range(60):
        found = fit_ratios(points(60, ratio=1.3, seed=seed))
        shares.append(np.mean([found.covers(one) for one in points(200, ratio=1.3, seed=1000 + seed)]))
    assert np.mean(shares) == pytest.approx(0.9, abs=0.03)


def test_a_small_group_counts_as_much_as_a_large_one() -> None:
    found = fit_ratios([*points(400, ratio=1.0, spread=0.01), *points(20, ratio=3.0, spread=0.01, group="b")])
    assert found.low == pytest.approx(1.0, rel=0.05)
    assert found.high == pytest.approx(3.0, rel=0.05)


def test_few_frames_give_their_whole_range() -> None:
    few = points(8, ratio=1.0)
    ratios = [one.force_mae_ev_per_angstrom / one.disagreement_ev_per_angstrom for one in few]
    found = fit_ratios(few)
    assert (found.low, found.high) == (min(ratios), max(ratios))
    with pytest.raises(ValueError, match="labelled frames"):
        fit_ratios([])


def test_an_interval_scales_with_the_disagreement() -> None:
    ratios = Ratios(0.5, 1.0, 2.0)
    (point,) = points(1, ratio=1.9, spread=0.0)
    assert ratios.covers(point)
    (point,) = points(1, ratio=2.1, spread=0.0)
    assert not ratios.covers(point)


def test_the_file_in_the_package() -> None:
    calibration = load_calibration()
    assert calibration.low_ratio < calibration.ratio < calibration.high_ratio
    assert calibration.smallest_ev_per_angstrom < calibration.largest_ev_per_angstrom
    assert set(calibration.coverage_left_out) == set(calibration.systems)
    assert set(calibration.sources) <= set(read_sources(CALIBRATION_FILE.parent / "sources.bib"))
    assert calibration.limits


def test_outside_of_what_it_was_fitted_on_it_says_so() -> None:
    calibration = load_calibration()
    inside: dict[str, Any] = {
        "elements": ("Si",),
        "models": calibration.models[:2],
        "disagreement_ev_per_angstrom": 0.1,
    }
    assert why_extrapolated(calibration, **inside) == ()
    assert "not on Fe-O" in why_extrapolated(calibration, **{**inside, "elements": ("Fe", "O")})[0]
    assert "not on Li-Si" in why_extrapolated(calibration, **{**inside, "elements": ("Li", "Si")})[0]
    assert "without mine" in why_extrapolated(calibration, **{**inside, "models": ("mine", "sevennet-0")})[0]
    for size in (1e-4, 5.0):
        assert "meV/Å" in why_extrapolated(calibration, **{**inside, "disagreement_ev_per_angstrom": size})[0]
    fitted, extrapolated = (expected_force_mae(0.1, calibration, extrapolated=flag) for flag in (False, True))
    assert fitted.basis is Basis.FITTED
    assert extrapolated.basis is Basis.EXTRAPOLATED
    assert fitted.value == pytest.approx(0.1 * calibration.ratio)
    assert (fitted.low, fitted.high) == (0.1 * calibration.low_ratio, 0.1 * calibration.high_ratio)
