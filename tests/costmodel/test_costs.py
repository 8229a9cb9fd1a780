"""Costs of a model from its measurements."""

from __future__ import annotations

import pytest

from factories import GIB, make_measurement
from mlipguide.costmodel.costs import costs_from, ns_per_day
from mlipguide.records.estimate import Basis, Estimate

PER_ATOM_S, PER_ATOM_BYTES = 1e-3, 10_000_000
MEASURED = [
    make_measurement(
        atoms,
        wall_s=(PER_ATOM_S * atoms,) * 5,
        peak_memory_bytes=GIB // 2 + PER_ATOM_BYTES * atoms,
    )
    for atoms in (28, 56, 112)
]


def known(estimate: Estimate | None) -> Estimate:
    assert estimate is not None
    return estimate


def test_times_and_memory_follow_the_measurements() -> None:
    costs = costs_from(MEASURED)
    assert costs.pairs_per_atom == 50
    assert costs.step_time_s(2000).value == pytest.approx(2.0, rel=0.01)
    assert costs.step_time_s(56).basis is Basis.MEASURED
    assert known(costs.peak_memory_bytes(1000)).value == pytest.approx(GIB / 2 + 1e10, rel=0.01)
    assert costs.records == tuple(measurement.record for measurement in MEASURED)
    assert "28, 56, 112 atoms" in costs.step_time_s(2000).source


def test_the_largest_system_fits_exactly() -> None:
    largest = known(costs_from(MEASURED).largest_system_atoms(8 * GIB))
    truth = (7.5 * GIB) / PER_ATOM_BYTES
    assert largest.value == int(largest.value)
    assert largest.value == pytest.approx(truth, rel=0.01)
    assert largest.low is not None
    assert largest.high is not None
    assert largest.low < truth < largest.high


def test_affordable_atoms_take_the_budget() -> None:
    affordable = known(costs_from(MEASURED).affordable_atoms(steps=1000, budget_s=3600))
    assert affordable.value == pytest.approx(3600, rel=0.01)


def test_what_not_even_one_atom_fits_into_has_no_largest_system() -> None:
    assert costs_from(MEASURED).largest_system_atoms(GIB // 4) is None
    assert costs_from(MEASURED).affordable_atoms(steps=10**9, budget_s=1) is None


def test_memory_that_was_not_measured_stays_unknown() -> None:
    costs = costs_from([make_measurement(peak_memory_bytes=None)])
    assert costs.peak_memory_bytes(28) is None
    assert costs.largest_system_atoms(GIB) is None


def test_memory_of_one_size_may_be_mostly_fixed() -> None:
    peak = known(costs_from([make_measurement(28, peak_memory_bytes=GIB)]).peak_memory_bytes(2000))
    assert peak.low is not None
    assert peak.low < 0.1 * GIB * 2000 / 28


def test_of_several_measurements_of_a_size_the_most_certain_counts() -> None:
    quiet = make_measurement(wall_s=(0.1, 0.101, 0.099, 0.1))
    busy = make_measurement(wall_s=(0.2, 0.3, 0.15, 0.25))
    for records in ([quiet, busy], [busy, quiet]):
        assert costs_from(records).step_time_s(28).value == pytest.approx(0.1)
        assert costs_from(records).records == tuple(record.record for record in records)


def test_a_lone_sample_has_a_wide_interval() -> None:
    estimate = costs_from([make_measurement(wall_s=(0.1,))]).step_time_s(28)
    assert estimate.low is not None
    assert estimate.low < 0.08


def test_nanoseconds_per_day() -> None:
    step = Estimate(value=0.0864, low=0.08, high=None, basis=Basis.FITTED, source="")
    speed = ns_per_day(step, timestep_s=1e-15)
    assert speed.value == pytest.approx(1.0)
    assert speed.high == pytest.approx(1.08)
    assert speed.low is None
    assert speed.basis is Basis.FITTED


def test_no_measurement_gives_no_costs() -> None:
    with pytest.raises(ValueError, match="at least one"):
        costs_from([])
