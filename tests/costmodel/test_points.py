"""Measurements become points: combined over runs, less certain where the machine was disturbed or drifted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from factories import GIB, make_measurement
from mlipguide.costmodel.points import MEMORY_ERROR, OWN, Point, memory_points, time_points
from mlipguide.records.timing.measurement import Disturbance, Measurement
from mlipguide.stats.bursts import EXPECTED_SPREAD, SMALLEST_ERROR

STEADY = (0.1,) * 8
NOISY = tuple(0.1 * (1 + 0.02 * sign) for sign in (1, -1) * 10)


SPREAD = EXPECTED_SPREAD * 2.131847 / 1.644854
"""Widened by the quantile of Student's t with four degrees of freedom over that of the normal distribution."""
EXPECTED = math.hypot(SPREAD, SMALLEST_ERROR)


def points_of(*records: Measurement) -> list[Point]:
    return time_points([(OWN, record) for record in records])


def in_bursts(atoms: int, *bursts: tuple[float, ...]) -> Measurement:
    wall_s = tuple(time_s for burst in bursts for time_s in burst)
    return make_measurement(atoms, wall_s=wall_s, steady_bursts=tuple(len(burst) for burst in bursts))


def test_a_point_holds_size_pairs_and_median() -> None:
    (point,) = points_of(make_measurement(28, wall_s=(0.1, 0.1, 0.1, 0.1, 0.2)))
    assert (point.atoms, point.pairs, point.kind) == (28, 1400, OWN)
    assert point.value == pytest.approx(0.1)
    assert point.pairs_per_atom == 50


def test_a_lone_burst_is_as_uncertain_as_the_speed_of_machines() -> None:
    assert points_of(make_measurement(wall_s=STEADY))[0].error == pytest.approx(EXPECTED)


def test_no_time_is_trusted_to_better_than_a_percent() -> None:
    assert points_of(in_bursts(28, *[STEADY] * 100))[0].error == pytest.approx(SMALLEST_ERROR)


def test_one_sample_says_little_and_a_loaded_machine_less_than_a_quiet_one() -> None:
    lone = points_of(make_measurement(wall_s=(0.1,)))[0]
    loaded = points_of(make_measurement(wall_s=STEADY, disturbance=Disturbance(other_load_share=0.25)))[0]
    assert lone.error == pytest.approx(math.hypot(0.2, SPREAD))
    assert loaded.error == pytest.approx(math.hypot(0.3, SPREAD))


def test_a_load_that_was_always_there_does_not_average_out() -> None:
    loaded = replace(in_bursts(28, *[STEADY] * 9), disturbance=Disturbance(other_load_share=0.25))
    assert points_of(loaded)[0].error == pytest.approx(0.3, rel=0.02)


def test_equal_bursts_are_better_known_together() -> None:
    one = points_of(in_bursts(28, NOISY))[0]
    four = points_of(in_bursts(28, NOISY, NOISY), in_bursts(28, NOISY, NOISY))[0]
    assert four.value == pytest.approx(one.value)
    assert four.error < one.error / 2


def test_records_and_bursts_of_one_size_count_alike() -> None:
    bursts = [tuple(factor * t for t in STEADY) for factor in (0.9, 1.0, 1.1)]
    assert points_of(in_bursts(28, *bursts)) == points_of(*(in_bursts(28, burst) for burst in bursts))


def test_bursts_that_differ_are_averaged_and_tell_how_much_bursts_of_other_sizes_differ() -> None:
    bursts = [tuple(factor * t for t in STEADY) for factor in (0.9, 1.0, 1.1) * 5]
    alone = in_bursts(56, tuple(2 * t for t in STEADY))
    small, large = points_of(in_bursts(28, *bursts), alone)
    assert small.value == pytest.approx(0.1, rel=0.01)
    assert small.error == pytest.approx(0.08 / np.sqrt(15), rel=0.1)
    assert large.error == pytest.approx(0.08, rel=0.1)


def test_the_variance_between_bursts_is_recovered() -> None:
    random = np.random.default_rng(2)
    records = [
        in_bursts(
            atoms, *(tuple(1e-3 * atoms * np.exp(0.08 * random.standard_normal()) * np.ones(8)) for _ in range(3))
        )
        for atoms in range(20, 60)
    ]
    errors = [point.error for point in points_of(*records)]
    assert np.mean(errors) == pytest.approx(np.hypot(0.08, 0.01) / np.sqrt(3), rel=0.2)


def test_a_quiet_machine_is_soon_known_to_be_one() -> None:
    records = [in_bursts(atoms, *[tuple(atoms * t for t in STEADY)] * 4) for atoms in (28, 56, 112, 224)]
    assert max(point.error for point in points_of(*records)) < EXPECTED_SPREAD / 3


def test_a_disturbed_run_does_not_say_how_much_runs_differ() -> None:
    quiet = make_measurement(28, wall_s=STEADY)
    disturbed = make_measurement(28, wall_s=tuple(3 * t for t in STEADY), disturbance=Disturbance(other_load_share=0.3))
    (point,) = points_of(quiet, disturbed)
    assert point.value == pytest.approx(0.1, rel=0.03)
    assert point.error == pytest.approx(EXPECTED, rel=0.02)


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
