"""Measurements become points: combined over runs, less certain where the machine was disturbed or drifted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from factories import GIB, make_measurement
from mlipguide.costmodel.points import LARGEST_DRIFT, MEMORY_ERROR, OWN, Point, memory_points, time_points
from mlipguide.records.measurement import Disturbance, Measurement

STEADY = (0.1,) * 8
NOISY = tuple(0.1 * (1 + 0.02 * sign) for sign in (1, -1) * 10)


def points_of(*records: Measurement) -> list[Point]:
    return time_points([(OWN, record) for record in records])


def test_a_point_holds_size_pairs_and_median() -> None:
    (point,) = points_of(make_measurement(28, wall_s=(0.1, 0.1, 0.1, 0.1, 0.2)))
    assert (point.atoms, point.pairs, point.kind) == (28, 1400, OWN)
    assert point.value == pytest.approx(0.1)
    assert point.pairs_per_atom == 50


def test_no_time_is_trusted_to_better_than_a_percent() -> None:
    assert points_of(make_measurement(wall_s=STEADY))[0].error == pytest.approx(0.01)


def test_one_sample_says_little_and_a_loaded_machine_less_than_a_quiet_one() -> None:
    lone = points_of(make_measurement(wall_s=(0.1,)))[0]
    loaded = points_of(make_measurement(wall_s=STEADY, disturbance=Disturbance(other_load_share=0.25)))[0]
    assert lone.error == pytest.approx(0.2)
    assert loaded.error == pytest.approx(0.3)


def test_equal_runs_are_better_known_together() -> None:
    one = points_of(make_measurement(wall_s=NOISY))[0]
    four = points_of(*(make_measurement(wall_s=NOISY) for _ in range(4)))[0]
    assert four.value == pytest.approx(one.value)
    assert four.error == pytest.approx(one.error / 2, rel=0.01)


def test_runs_that_differ_are_averaged_and_tell_how_much_runs_differ() -> None:
    runs = [make_measurement(28, wall_s=tuple(factor * t for t in STEADY)) for factor in (0.9, 1.0, 1.1)]
    alone = make_measurement(56, wall_s=tuple(2 * t for t in STEADY))
    small, large = points_of(*runs, alone)
    assert small.value == pytest.approx(0.1, rel=0.01)
    assert small.error == pytest.approx(0.1 / np.sqrt(3), rel=0.1)
    assert large.error == pytest.approx(0.1, rel=0.1)


def test_the_between_run_variance_is_recovered() -> None:
    random = np.random.default_rng(2)
    runs = [
        make_measurement(atoms, wall_s=tuple(1e-3 * atoms * np.exp(0.05 * random.standard_normal()) * np.ones(8)))
        for atoms in range(20, 60)
        for _ in range(3)
    ]
    errors = [point.error for point in points_of(*runs)]
    assert np.mean(errors) == pytest.approx(np.hypot(0.05, 0.01) / np.sqrt(3), rel=0.2)


def test_a_disturbed_run_does_not_say_how_much_runs_differ() -> None:
    quiet = make_measurement(28, wall_s=STEADY)
    disturbed = make_measurement(28, wall_s=tuple(3 * t for t in STEADY), disturbance=Disturbance(other_load_share=0.3))
    (point,) = points_of(quiet, disturbed)
    assert point.value == pytest.approx(0.1, rel=0.01)
    assert point.error == pytest.approx(0.01, rel=0.01)


def test_a_machine_that_drifted_between_sizes_makes_them_less_certain() -> None:
    sizes = (28, 56, 112)
    usual = [make_measurement(n, wall_s=STEADY, reference_s=(0.01, 0.0101, 0.0099)) for n in sizes]
    assert [point.error for point in points_of(*usual)] == pytest.approx([0.01] * 3)
    slow = replace(usual[2], reference_s=(0.0105, 0.0106, 0.0104))
    drifted = points_of(usual[0], usual[1], slow)
    assert [point.error for point in drifted[:2]] == pytest.approx([0.01] * 2)
    assert drifted[2].error == pytest.approx(0.048, rel=0.1)
    assert drifted[2].value == pytest.approx(0.1), "the value is not corrected"


def test_drift_within_the_kernels_own_spread_means_nothing_and_much_of_it_is_capped() -> None:
    spread = (0.009, 0.01, 0.011)
    usual = make_measurement(28, wall_s=STEADY, reference_s=spread)
    within = make_measurement(56, wall_s=STEADY, reference_s=tuple(1.02 * t for t in spread))
    assert points_of(usual, within)[1].error == pytest.approx(0.01)
    twice = [make_measurement(n, wall_s=STEADY, reference_s=(0.01,) * 3) for n in (28, 56)]
    far = make_measurement(112, wall_s=STEADY, reference_s=(0.02,) * 3)
    assert points_of(*twice, far)[2].error == pytest.approx(LARGEST_DRIFT)


def test_records_without_a_reference_are_taken_as_they_are() -> None:
    old, new = make_measurement(28, wall_s=STEADY, reference_s=()), make_measurement(56, wall_s=STEADY)
    assert [point.error for point in points_of(old, new)] == pytest.approx([0.01, 0.01])


def test_kinds_of_structure_are_kept_apart() -> None:
    labelled = [(OWN, make_measurement(28)), ("Cu", make_measurement(28, pairs_per_atom=25.0))]
    assert [(point.kind, point.pairs) for point in time_points(labelled)] == [(OWN, 1400), ("Cu", 700)]


def test_the_highest_peak_of_memory_counts_and_what_was_not_measured_is_no_point() -> None:
    records = [
        make_measurement(28, peak_memory_bytes=GIB),
        make_measurement(28, peak_memory_bytes=2 * GIB),
        make_measurement(56, peak_memory_bytes=None),
    ]
    (point,) = memory_points([(OWN, record) for record in records])
    assert (point.atoms, point.value, point.error) == (28, 2 * GIB, MEMORY_ERROR)
