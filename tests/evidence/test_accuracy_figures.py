"""Errors of forces and energies, their intervals and comparisons, against truths that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelled import Labels, errors_of
from mlipguide.evidence.accuracy.energy_errors import energy_errors
from mlipguide.evidence.accuracy.force_errors import (
    by_element,
    by_magnitude,
    force_cosine,
    force_mae,
    force_rmse,
    largest_error,
)
from mlipguide.evidence.accuracy.model_differences import compare, ranking
from mlipguide.evidence.accuracy.softening import force_slope
from mlipguide.records.accuracy.accuracy import ErrorGap, FrameErrors
from mlipguide.structures.trajectories import RunFinder


def noisy_frames(count: int, sigma: float, *, seed: int = 0, slope: float = 1.0) -> list[FrameErrors]:
    generator = np.random.default_rng(seed)
    frames = []
    for index in range(count):
        reference = generator.normal(0, 1, (20, 3))
        predicted = slope * reference + generator.normal(0, sigma, (20, 3))
        frames.append(errors_of(Labels(reference=reference, predicted=predicted), index=index))
    return frames


def test_the_mae_is_that_of_the_components() -> None:
    frame = errors_of(Labels(reference=np.zeros((2, 3)), predicted=np.array([[3.0, 4.0, 0.0], [0.0, 0.0, -1.0]])))
    assert force_mae([frame]).value == pytest.approx(8 / 6)
    assert force_rmse([frame]).value == pytest.approx(np.sqrt(26 / 6))
    worst = largest_error([frame])
    assert (worst.ev_per_angstrom, worst.atom) == (4.0, 0)


def test_forces_without_direction_have_no_cosine() -> None:
    still = errors_of(Labels(reference=np.zeros((2, 3)), predicted=np.ones((2, 3))))
    assert force_cosine([still], source="x") is None
    assert force_slope([still], source="x") is None


def test_errors_are_told_by_element_and_by_magnitude() -> None:
    reference = np.array([[0.05, 0.0, 0.0], [2.0, 0.0, 0.0]])
    labels = Labels(
        reference=reference, predicted=reference + np.array([[0.3, 0, 0], [0.6, 0, 0]]), symbols=("Li", "O")
    )
    frame = errors_of(labels)
    found = {part.name: part.force_mae_ev_per_angstrom.value for part in by_element([frame], source="x")}
    assert found == pytest.approx({"Li": 0.1, "O": 0.2})
    ranges = {part.name: part.force_mae_ev_per_angstrom.value for part in by_magnitude([frame], source="x")}
    assert ranges == pytest.approx({"0 to 0.1 eV/Å": 0.1, "1 to 3 eV/Å": 0.2})


@pytest.mark.parametrize("truth", [0.8, 1.0, 1.2])
def test_the_slope_is_found_through_noise(truth: float) -> None:
    frames = noisy_frames(30, 0.3, slope=truth)
    slope = force_slope(frames, source="x")
    assert slope is not None
    assert slope.at_least < truth < slope.at_most
    assert slope.value == pytest.approx(truth, abs=0.03)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = 0.1 * np.sqrt(2 / np.pi)
    inside = 0
    for trial in range(60):
        frames = noisy_frames(12, 0.1, seed=trial)
        mae = force_mae(frames)
        assert mae.low is not None
        assert mae.high is not None
        inside += mae.low <= truth <= mae.high
    assert 46 <= inside <= 60, "of 60 at 90 %, 54 are expected; fewer than 46 have a chance of 1 in 1000"


def test_few_frames_of_one_run_have_no_interval() -> None:
    frames = [replace(frame, run=0) for frame in noisy_frames(9, 0.1)]
    assert force_mae(frames).low is None
    assert force_mae([*frames, replace(noisy_frames(1, 0.1)[0], run=0)]).low is not None


def test_runs_are_of_one_cell_or_of_cells_that_drift() -> None:
    finder = RunFinder()
    cell = np.diag([10.0, 10.0, 10.0])
    silicon = {"Si": 64}
    first = finder.run_of("AIMD", silicon, cell)
    assert finder.run_of("AIMD", silicon, cell * 1.005) == first, "a barostat moved the cell"
    strained = finder.run_of("Elastic", silicon, cell * 1.06)
    assert strained != first
    assert finder.run_of("Elastic", silicon, cell * np.array([[0.94], [1.0], [1.0]])) != strained
    assert finder.run_of("AIMD", silicon, cell) == first, "shuffled frames of one run"
    assert finder.run_of("AIMD", {"Si": 63}, cell) != first


def test_energies_are_judged_after_the_shift_and_only_with_enough_frames() -> None:
    def frame(index: int, off: float) -> FrameErrors:
        zero = np.zeros((10, 3))
        return errors_of(
            Labels(reference=zero, predicted=zero, energy=-50.0 + off, predicted_energy=-20.0), index=index
        )

    frames = [frame(index, off) for index, off in enumerate([0.1, -0.1, 0.0, 0.2, -0.2, 0.0])]
    found = energy_errors(frames, source="x")
    assert found is not None
    mae = found.mae("x")
    assert mae is not None
    assert mae.value == pytest.approx(0.01 * np.sqrt(6 / 5), abs=1e-6), "0.01, and what a fit to six frames takes away"
    assert mae.low is not None
    assert found.shifted.gap is None
    assert found.unshifted_mae.value == pytest.approx(3.0)
    few = energy_errors(frames[:1], source="x")
    assert few is not None
    assert (few.mae("x"), few.shifted.gap) == (None, ErrorGap.TOO_FEW_FOR_SHIFTS)


def test_a_difference_is_significant_where_it_is_and_not_where_it_is_none() -> None:
    good, bad = noisy_frames(15, 0.10, seed=1), noisy_frames(15, 0.14, seed=2)
    pair = compare("good", "bad", {"good": good, "bad": bad})
    assert pair is not None
    assert (pair.better, pair.significant) == ("good", True)
    same = compare("a", "b", {"a": good, "b": noisy_frames(15, 0.10, seed=3)})
    assert same is not None
    assert same.significant is False


def test_the_ranking_compares_neighbours_and_the_first_with_all() -> None:
    errors = {name: noisy_frames(8, sigma, seed=4) for name, sigma in (("a", 0.1), ("b", 0.2), ("c", 0.3))}
    pairs = [(one.better, one.worse) for one in ranking(["a", "b", "c"], errors)]
    assert pairs == [("a", "b"), ("b", "c"), ("a", "c")]


def test_models_are_compared_on_common_frames_only() -> None:
    frames = noisy_frames(10, 0.1)
    pair = compare("a", "b", {"a": frames[:7], "b": noisy_frames(10, 0.2, seed=5)[2:]})
    assert pair is not None
    assert pair.frames == 5
    assert compare("a", "b", {"a": frames[:2], "b": frames[5:]}) is None
