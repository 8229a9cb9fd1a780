"""Shifts of the elements are found in spite of wrong labels, and what they leave is not flattered."""

from __future__ import annotations

import numpy as np
import pytest

from mlipguide.records.accuracy.accuracy import ErrorGap
from mlipguide.stats.energy_shifts import fit_shifts, shifted_energies
from mlipguide.stats.frame_means import FrameGroups


def apart(frames: int) -> FrameGroups:
    return FrameGroups(tuple(range(frames)), (None,) * frames)


def test_shifts_are_found_in_spite_of_a_wrong_label() -> None:
    generator = np.random.default_rng(0)
    compositions = [{"Li": int(a), "O": int(b)} for a, b in generator.integers(1, 9, (20, 2))]
    truth = {"Li": 1.5, "O": -3.25}
    differences = np.array([sum(truth[name] * count for name, count in one.items()) for one in compositions])
    differences[3] += 50.0
    fit = fit_shifts(compositions, differences)
    assert fit.is_unique
    assert fit.shifts_ev == pytest.approx(truth, abs=1e-4)


def test_one_compound_leaves_the_shifts_open_and_the_residuals_not() -> None:
    compositions = [{"Li": 2 * n, "O": n} for n in (1, 2, 3, 4, 5)]
    fit = fit_shifts(compositions, np.array([sum(one.values()) * 0.7 for one in compositions]))
    assert not fit.is_unique
    assert np.abs(fit.residuals_ev_per_atom).max() < 1e-9


@pytest.mark.parametrize(("frames", "elements"), [(5, 4), (6, 5), (8, 4)])
def test_the_error_after_a_shift_is_that_with_the_true_shifts(frames: int, elements: int) -> None:
    random = np.random.default_rng(1)
    shown = []
    for _ in range(300):
        compositions = [
            {f"E{place}": int(count) for place, count in enumerate(random.integers(1, 9, elements))}
            for _ in range(frames)
        ]
        atoms = np.array([sum(one.values()) for one in compositions])
        found = shifted_energies(compositions, atoms * random.standard_normal(frames), apart(frames))
        assert found.mae is not None
        shown.append(found.mae.value)
    assert np.mean(shown) / np.sqrt(2 / np.pi) == pytest.approx(1.0, abs=0.1), "0.31 to 0.69 before"


def test_frames_that_the_shifts_take_whole_say_nothing() -> None:
    found = shifted_energies([{"Li": 1}, {"Li": 1, "O": 1}], np.array([1.0, 2.0]), apart(2))
    assert (found.mae, found.gap) == (None, ErrorGap.TOO_FEW_FOR_SHIFTS)


def test_the_only_frame_of_an_element_is_left_out_of_the_error() -> None:
    compositions = [{"Cu": 4}] * 6 + [{"Cu": 2, "O": 2}]
    found = shifted_energies(compositions, np.array([0.4, -0.4, 0.0, 0.2, -0.2, 0.0, 99.0]), apart(7))
    assert found.mae is not None
    assert found.mae.value == pytest.approx(0.05, rel=0.2)
    assert found.rmse is not None
    assert found.rmse < 0.2
