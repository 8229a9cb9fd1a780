"""Costs of a model from its measurements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import GIB, SETTINGS, make_measurement, make_summary
from mlipguide.costmodel.costs import costs_from, ns_per_day, time_prior
from mlipguide.costmodel.shapes import TIME_ON_CPU, TIME_ON_CPU_RETAINING, TIME_ON_GPU
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.measurement import Allocator, Measurement

PER_ATOM_S, PER_ATOM_BYTES = 1e-3, 10_000_000
MEASURED = [
    make_measurement(
        atoms,
        wall_s=(PER_ATOM_S * atoms,) * 24,
        steady_bursts=(3,) * 8,
        peak_memory_bytes=GIB // 2 + PER_ATOM_BYTES * atoms,
    )
    for atoms in (28, 56, 112)
]


OTHER = make_summary(source="Cu.cif", formula="Cu4", reduced_formula="Cu", number_density_per_angstrom3=0.0481)
"""Half as dense, of another composition."""


def of_other(atoms: int, *, factor: float = 1.0) -> Measurement:
    """Return a measurement of OTHER: 25 pairs per atom, a tenth of the cost at 280 atoms fixed."""
    step_s = factor * (0.028 + 0.9e-3 * atoms)
    return make_measurement(
        atoms, wall_s=(step_s,) * 5, structure=OTHER, pairs_per_atom=25.0, peak_memory_bytes=GIB // 2 + 10**7 * atoms
    )


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


def test_a_disturbed_measurement_of_a_size_hardly_counts() -> None:
    quiet = make_measurement(wall_s=(0.1, 0.101, 0.099, 0.1))
    busy = make_measurement(wall_s=(0.2, 0.3, 0.15, 0.25))
    for records in ([quiet, busy], [busy, quiet]):
        assert costs_from(records).step_time_s(28).value == pytest.approx(0.1, rel=0.02)
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


def test_what_is_expected_of_a_time_depends_on_device_and_allocator() -> None:
    assert time_prior(SETTINGS) is TIME_ON_CPU_RETAINING
    assert time_prior(replace(SETTINGS, allocator=Allocator.DEFAULT)) is TIME_ON_CPU
    assert time_prior(replace(SETTINGS, device="cuda:0")) is TIME_ON_GPU
    default = [replace(record, settings=replace(SETTINGS, allocator=Allocator.DEFAULT)) for record in MEASURED]
    retained_high, default_high = (costs_from(records).step_time_s(448).high for records in (MEASURED, default))
    assert retained_high is not None
    assert default_high is not None
    assert default_high > 1.03 * retained_high


def test_its_own_sizes_alone_count_where_there_are_two() -> None:
    others = [of_other(atoms, factor=7.0) for atoms in (32, 108, 500)]
    costs = costs_from([*others, *MEASURED], structure=make_summary())
    assert costs.step_time_s(300) == costs_from(MEASURED).step_time_s(300)
    assert costs.peak_memory_bytes(300) == costs_from(MEASURED).peak_memory_bytes(300)
    assert costs.records == tuple(record.record for record in MEASURED)


def test_by_default_costs_are_for_the_structure_of_the_largest_measurement() -> None:
    costs = costs_from([*MEASURED, of_other(108), of_other(500)])
    assert costs.pairs_per_atom == 25
    assert costs.step_time_s(500).basis is Basis.MEASURED


def test_others_lend_their_shape_but_not_their_level() -> None:
    own = make_measurement(28, wall_s=(0.0532,) * 5)
    alone = costs_from([own]).step_time_s(280)
    joined = costs_from([own, *(of_other(atoms) for atoms in (28, 70, 140, 280))], structure=own.structure)
    together = joined.step_time_s(280)
    assert joined.pairs_per_atom == 50
    assert joined.step_time_s(28).value == pytest.approx(0.0532)
    assert joined.step_time_s(28).basis is Basis.MEASURED
    assert together.basis is Basis.EXTRAPOLATED
    assert width(together) < 0.7 * width(alone)
    # A level a tenth higher contradicts nothing: the own point says where the level is.
    high = costs_from([own, *(of_other(atoms, factor=1.1) for atoms in (28, 70, 140, 280))], structure=own.structure)
    assert high.step_time_s(280).value == pytest.approx(together.value, rel=0.05)


def test_a_structure_without_a_point_of_its_own_is_transferred_to() -> None:
    wanted = make_summary(reduced_formula="NaCl", number_density_per_angstrom3=0.0962)
    costs = costs_from(MEASURED, structure=wanted, pairs_per_atom=50.0)
    estimate, own = costs.step_time_s(56), costs_from(MEASURED).step_time_s(60)
    assert estimate.basis is Basis.TRANSFERRED
    assert estimate.value == pytest.approx(0.056, rel=0.02)
    assert 0.05 < width(estimate) / 2 < 0.25
    assert width(own) < width(estimate)
    memory = costs.largest_system_atoms(8 * GIB)
    assert known(memory).basis is Basis.TRANSFERRED
    denser = costs_from(MEASURED, structure=wanted, pairs_per_atom=100.0).step_time_s(56)
    assert denser.value > 1.5 * estimate.value
    assert width(denser) > width(estimate)


def test_pairs_per_atom_follow_the_density_where_they_were_not_counted() -> None:
    assert costs_from(MEASURED, structure=OTHER).pairs_per_atom == pytest.approx(25, rel=0.01)
    molecule = make_summary(number_density_per_angstrom3=None, periodic=(False, False, False))
    assert costs_from(MEASURED, structure=molecule).pairs_per_atom == 50


def test_the_same_structure_at_another_density_is_transferred_to() -> None:
    costs = costs_from(MEASURED, structure=make_summary(), pairs_per_atom=60.0)
    assert costs.step_time_s(112).basis is Basis.TRANSFERRED
    assert 0.112 < costs.step_time_s(112).value < 0.112 * 1.2


def width(estimate: Estimate) -> float:
    """Return the whole interval over the value."""
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / estimate.value
