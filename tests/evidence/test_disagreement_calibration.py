"""The calibration finds a known law, covers chemistries that it never saw, and knows where it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlipguide.catalog.sources import read_sources
from mlipguide.evidence.disagreement.calibration import (
    CALIBRATION_FILE,
    LabelledErrors,
    Ratios,
    expected_force_mae,
    fit_ratios,
    load_calibration,
    why_extrapolated,
)
from mlipguide.records.estimate import Basis
from mlipguide.records.task.structure import StructureSummary


def errors(
    chemistries: int,
    *,
    ratio: float = 0.7,
    between: float = 0.4,
    within: float = 0.2,
    frames: int = 8,
    source: str = "a",
    seed: int = 0,
) -> LabelledErrors:
    """Return errors that are a ratio of d, times what a chemistry has of its own and what a frame has."""
    generator = np.random.default_rng(seed)
    disagreements = np.exp(generator.uniform(np.log(0.002), np.log(0.3), (chemistries, frames)))
    own = between * generator.standard_normal((chemistries, 1)) + within * generator.standard_normal(
        (chemistries, frames)
    )
    return LabelledErrors(
        source=np.full(chemistries * frames, source),
        chemistry=np.repeat([f"{source}{seed}-{number}" for number in range(chemistries)], frames),
        disagreement_ev_per_angstrom=disagreements.ravel(),
        force_mae_ev_per_angstrom=(ratio * disagreements * np.exp(own)).ravel(),
    )


def together(*parts: LabelledErrors) -> LabelledErrors:
    return LabelledErrors(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("source", "chemistry", "disagreement_ev_per_angstrom", "force_mae_ev_per_angstrom")
        }
    )


def test_a_known_law_is_found() -> None:
    found = fit_ratios(errors(2000))
    spread = np.hypot(0.4, 0.2)
    assert found.median == pytest.approx(0.7, rel=0.03)
    assert found.low == pytest.approx(0.7 * np.exp(-1.645 * spread), rel=0.06)
    assert found.high == pytest.approx(0.7 * np.exp(1.645 * spread), rel=0.06)


def test_intervals_hold_on_chemistries_that_were_left_out() -> None:
    """Frames of a chemistry err alike: 80 chemistries of 8 frames are not 640 independent errors."""
    shares = [fit_ratios(errors(80, seed=seed)).coverage(errors(100, seed=1000 + seed))[0] for seed in range(60)]
    assert 0.89 <= np.mean(shares) <= 0.94


def test_intervals_hold_on_another_source_as_far_as_sources_differ() -> None:
    """Two sources at 0.5 and 1.5 are fitted; a third in between is held, one far off is not, and that shows."""
    fitted = together(errors(100, ratio=0.5, source="a"), errors(100, ratio=1.5, source="b"))
    ratios = fit_ratios(fitted)
    assert ratios.coverage(errors(200, ratio=0.9, source="c", seed=1))[0] > 0.9
    share, above = ratios.coverage(errors(200, ratio=6.0, source="c", seed=1))
    assert share < 0.5
    assert above == pytest.approx(1 - share)


def test_a_small_chemistry_and_a_small_source_count_as_much_as_large_ones() -> None:
    small, large = errors(1, frames=4, ratio=3.0, within=0.01, between=0.0), errors(1, frames=400, between=0.0)
    one_source = together(replace(small, chemistry=np.full(4, "small")), large)
    assert one_source.weights()[:4].sum() == pytest.approx(0.5)
    two = together(errors(5, frames=2, source="a"), errors(50, frames=2, source="b"))
    assert two.weights()[:10].sum() == pytest.approx(0.5)
    assert two.weights().sum() == pytest.approx(1.0)


def test_few_chemistries_give_their_whole_range() -> None:
    few = errors(8, frames=3)
    found = fit_ratios(few)
    assert (found.low, found.high) == (few.ratios.min(), few.ratios.max())
    assert found.coverage(few) == (1.0, 0.0)
    with pytest.raises(ValueError, match="labelled frames"):
        fit_ratios(few.only(np.zeros(len(few), dtype=bool)))


def test_an_interval_scales_with_the_disagreement() -> None:
    three = replace(
        errors(1, frames=3),
        disagreement_ev_per_angstrom=np.array([0.1, 0.2, 0.3]),
        force_mae_ev_per_angstrom=np.array([0.049, 0.39, 0.61]),
    )
    assert Ratios(0.5, 1.0, 2.0).coverage(three) == pytest.approx((1 / 3, 1 / 3))
    assert Ratios(0.4, 1.0, 2.0).coverage(three) == pytest.approx((2 / 3, 1 / 3))
    assert Ratios(0.4, 1.0, 2.1).coverage(three) == pytest.approx((1.0, 0.0))


def test_the_file_in_the_package() -> None:
    calibration = load_calibration()
    assert calibration.low_ratio < calibration.ratio < calibration.high_ratio
    assert calibration.smallest_ev_per_angstrom < calibration.largest_ev_per_angstrom
    assert set(calibration.sources) <= set(read_sources(CALIBRATION_FILE.parent / "sources.bib"))
    assert calibration.limits
    assert len(calibration.elements) > 80
    assert len(calibration.models) >= 6
    coverage = {one.left_out: one for one in calibration.coverage}
    assert 0.85 <= coverage["a tenth of the chemistries"].share <= 0.95
    sources = [one for name, one in coverage.items() if name.startswith("the source")]
    assert len(sources) == 3
    assert all(0.85 <= one.share <= 0.95 for one in sources)


def silicon(**changes: Any) -> StructureSummary:
    return replace(
        StructureSummary(
            source="Si.cif",
            formula="Si2",
            reduced_formula="Si",
            elements=("Si",),
            atoms=2,
            periodic=(True, True, True),
            cell_lengths_angstrom=None,
            cell_angles_degree=None,
            number_density_per_angstrom3=None,
            shortest_distance_angstrom=2.35,
        ),
        **changes,
    )


def test_outside_of_what_it_was_fitted_on_it_says_so() -> None:
    calibration = load_calibration()
    inside: dict[str, Any] = {
        "structure": silicon(),
        "models": calibration.models[:2],
        "disagreement_ev_per_angstrom": 0.1,
    }
    assert why_extrapolated(calibration, **inside) == ()
    assert why_extrapolated(calibration, **{**inside, "structure": silicon(elements=("O", "Fe"))}) == ()
    (reason,) = why_extrapolated(calibration, **{**inside, "structure": silicon(elements=("O", "Po"))})
    assert reason == "no labelled structure held Po"
    (reason,) = why_extrapolated(calibration, **{**inside, "structure": silicon(periodic=(True, True, False))})
    assert reason == "the labelled structures are crystals, periodic in three directions"
    (reason,) = why_extrapolated(calibration, **{**inside, "models": ("mine", "sevennet-0")})
    assert reason == "fitted without mine"
    for size in (1e-6, 50.0):
        (reason,) = why_extrapolated(calibration, **{**inside, "disagreement_ev_per_angstrom": size})
        assert reason.endswith("meV/Å of disagreement")


def test_an_expected_error_is_the_law_of_the_file() -> None:
    calibration = load_calibration()
    fitted, extrapolated = (expected_force_mae(0.1, calibration, extrapolated=flag) for flag in (False, True))
    assert fitted.basis is Basis.FITTED
    assert extrapolated.basis is Basis.EXTRAPOLATED
    assert fitted.value == pytest.approx(0.1 * calibration.ratio)
    assert (fitted.low, fitted.high) == (0.1 * calibration.low_ratio, 0.1 * calibration.high_ratio)
    assert (extrapolated.low, extrapolated.high) == (fitted.low, fitted.high)
