"""Reference costs, frames, training and speed: known laws, published figures, and intervals where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import make_estimate, make_summary
from mlipguide.advice.prices.published import (
    ATOMS_THAT_FILL_A_GPU,
    TRIAL_SECONDS_PER_ATOM,
    frames_to_train,
    frames_to_tune,
    step_time,
    suited_family,
    trained_error,
    training_time,
    tuned_error,
    tuning_time,
)
from mlipguide.advice.prices.reference_cost import (
    LEVEL_CORE_S,
    REACH,
    k_points,
    reference_cost,
    valence_electrons,
    volume_angstrom3,
)
from mlipguide.catalog.families import find_family, load_families
from mlipguide.records.advice.strategy import StrategyHardware
from mlipguide.records.estimate import Basis
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference

TWO_CORES = StrategyHardware(cores=2.0)
A_GPU = StrategyHardware(cores=8.0, gpu="NVIDIA A100", gpus=1)


@pytest.mark.parametrize(
    ("symbol", "electrons"),
    [("H", 1), ("He", 2), ("O", 6), ("Ne", 8), ("Fe", 8), ("Zn", 12), ("Ga", 3), ("As", 5), ("Hf", 4), ("Pb", 4)],
)
def test_valence_electrons_are_those_outside_closed_shells(symbol: str, electrons: int) -> None:
    assert valence_electrons(symbol) == electrons


def test_the_reference_cost_is_the_published_one_for_the_published_cell() -> None:
    # 5,898 atoms of GaAs, four electrons each, one k-point: 20 iterations of 102 core-hours.
    crystal = make_summary(formula="As4Ga4", elements=("Ga", "As"), number_density_per_angstrom3=0.0443)
    found = reference_cost(crystal, 5891, None)
    assert k_points(crystal, 5891) == 1
    assert found.estimate.value == pytest.approx(20 * LEVEL_CORE_S / 3600, rel=0.01)
    assert found.estimate.basis is Basis.ASSUMED
    assert found.estimate.high == pytest.approx(REACH * found.estimate.value)
    assert "order of magnitude" in found.words


def _ethanol() -> StructureSummary:
    return make_summary(
        formula="C2H6O",
        elements=("H", "C", "O"),
        atoms=9,
        periodic=(False, False, False),
        cell_lengths_angstrom=None,
        cell_angles_degree=None,
        number_density_per_angstrom3=None,
    )


def test_a_molecule_costs_its_vacuum_too() -> None:
    # Measured with GPAW in a box of 2,027 Å³: 42 s on a core.
    found = reference_cost(_ethanol(), 9, None).estimate
    assert volume_angstrom3(_ethanol(), 9) == pytest.approx(2027, rel=0.5)
    assert found.at_least < 42 / 3600 < found.at_most
    assert found.value == pytest.approx(42 / 3600, rel=0.5)


@pytest.mark.parametrize(
    ("formula", "atoms", "volume", "points", "seconds"),
    [
        ("Si8", 8, 160.1, 4, 15.5),
        ("Mg4O4", 8, 74.6, 32, 35.6),
        ("Cu4", 4, 47.0, 108, 58.5),
        ("Si32", 32, 640.4, 6, 235.0),
    ],
)
def test_small_crystals_cost_what_was_measured(
    formula: str, atoms: int, volume: float, points: int, seconds: float
) -> None:
    crystal = make_summary(formula=formula, atoms=atoms, number_density_per_angstrom3=atoms / volume)
    found = reference_cost(crystal, atoms, None).estimate
    for_these_points = found.scaled(points / k_points(crystal, atoms))
    assert 1 / 2.5 < for_these_points.value * 3600 / seconds < 2.5


def test_a_slab_has_points_along_itself_and_the_volume_of_its_cell() -> None:
    slab = make_summary(
        formula="Cu36",
        elements=("Cu",),
        atoms=36,
        periodic=(True, True, False),
        cell_lengths_angstrom=(7.66, 7.66, 22.0),
        cell_angles_degree=(90.0, 90.0, 120.0),
        number_density_per_angstrom3=None,
    )
    assert volume_angstrom3(slab, 36) == pytest.approx(7.66**2 * 22.0 * 0.75**0.5)
    assert k_points(slab, 36) == 8


def test_larger_cells_have_fewer_k_points_and_molecules_one() -> None:
    points = [k_points(make_summary(), atoms) for atoms in (28, 112, 800, 5000)]
    assert points == sorted(points, reverse=True)
    assert points[-1] == 1
    assert k_points(_ethanol(), 9) == 1


def test_what_the_user_states_is_taken_and_carried_to_other_cells() -> None:
    same = reference_cost(make_summary(), 28, StatedReference(wall_time_s=7200, cores=64))
    assert same.estimate.value == pytest.approx(128)
    assert same.estimate.source == "stated by the user"
    twice = reference_cost(make_summary(), 56, StatedReference(wall_time_s=7200, cores=64, atoms=28))
    assert twice.estimate.value == pytest.approx(128 * 2**2.5)
    assert twice.estimate.low is not None
    assert twice.estimate.high is not None
    assert twice.estimate.low < 128 * 4 < 128 * 8 < twice.estimate.high


def test_what_was_published_counts_only_where_it_reached_the_limit() -> None:
    nep = find_family("nep")
    assert frames_to_train(nep, 4, 0.1).estimate.basis is Basis.TRIAL
    assert frames_to_train(nep, 4, 0.01).estimate.basis is Basis.ASSUMED


def test_published_frames_come_before_practice_and_more_elements_need_more() -> None:
    nep = find_family("nep")
    assert frames_to_train(nep, 4).estimate.value == 140
    assert frames_to_train(nep, 4).estimate.basis is Basis.TRIAL
    six = frames_to_train(nep, 6).estimate
    assert six.value > 140
    assert (six.relative_spread or 0) > (frames_to_train(nep, 4).estimate.relative_spread or 0)
    practice = [frames_to_train(find_family("mtp"), elements).estimate for elements in (1, 2, 5)]
    assert [one.value for one in practice] == [200, 300, 600]
    assert {one.basis for one in practice} == {Basis.ASSUMED}


def test_tuning_takes_what_practice_says_whatever_the_elements() -> None:
    one, five = frames_to_tune(1).estimate, frames_to_tune(5).estimate
    assert one == five
    assert (one.low, one.high) == (50, 500)
    assert "practice" in one.source


def test_training_is_scaled_with_the_frames() -> None:
    nep = find_family("nep")
    once, twice = (training_time(nep, 4, make_estimate(frames)) for frames in (140.0, 280.0))
    assert once is not None
    assert twice is not None
    assert once.estimate.value == pytest.approx(282)
    assert twice.estimate.value == pytest.approx(564)
    assert training_time(find_family("allegro"), 4, make_estimate(100.0)) is None


def test_tuning_on_the_hardware_of_the_trial_takes_at_least_what_the_trial_took() -> None:
    step = make_estimate(TRIAL_SECONDS_PER_ATOM)
    found = tuning_time(step, make_estimate(24.0), 64).estimate
    assert found.low == pytest.approx(355 / 3)
    assert found.high == pytest.approx(200_000 * 3 * TRIAL_SECONDS_PER_ATOM * 64)
    slower = tuning_time(make_estimate(2 * TRIAL_SECONDS_PER_ATOM), make_estimate(24.0), 64).estimate
    assert slower.value == pytest.approx(2 * found.value)


def test_errors_are_published_ones_or_unknown() -> None:
    error = trained_error(find_family("nep"), 4)
    assert error is not None
    assert error.value == 0.062
    assert trained_error(find_family("allegro"), 4) is None
    assert tuned_error(None) is None
    tuned = tuned_error(0.388)
    assert tuned is not None
    assert tuned.value == pytest.approx(0.388 * 85 / 133)
    assert tuned.basis is error.basis is Basis.TRIAL


@pytest.mark.parametrize(
    ("elements", "hardware", "family"),
    [(1, TWO_CORES, "pod"), (2, TWO_CORES, "pod"), (3, TWO_CORES, "nep"), (1, A_GPU, "nep"), (5, A_GPU, "nep")],
)
def test_few_elements_on_cores_take_a_linear_potential_and_others_nep(
    elements: int, hardware: StrategyHardware, family: str
) -> None:
    found = suited_family(load_families(), elements, hardware, commercial=True)
    assert found is not None
    assert found.id == family


def test_no_family_is_no_answer() -> None:
    assert suited_family((), 1, TWO_CORES, commercial=False) is None


def test_the_speed_is_the_published_one_shared_among_cores() -> None:
    nep = find_family("nep")
    one = step_time(nep, 4, 2000, StrategyHardware(cores=1.0))
    ten = step_time(nep, 4, 2000, StrategyHardware(cores=10.0))
    assert one is not None
    assert ten is not None
    assert one.estimate.value == pytest.approx(2000 * 108e-6)
    assert one.estimate.basis is Basis.TRIAL
    assert ten.estimate.value == pytest.approx(2000 * 108e-6 / 10 / 0.8)
    assert ten.estimate.basis is Basis.ASSUMED  # the parallel efficiency is
    few = step_time(nep, 4, 150, StrategyHardware(cores=64.0))
    assert few is not None
    assert few.estimate.value == pytest.approx(150 * 108e-6)  # too few atoms for a second core


def test_a_gpu_is_not_faster_for_fewer_atoms_than_fill_it() -> None:
    nep = find_family("nep")
    small, filled = (step_time(nep, 1, atoms, A_GPU) for atoms in (10, ATOMS_THAT_FILL_A_GPU))
    assert small is not None
    assert small == filled
    assert step_time(find_family("pod"), 1, 1000, A_GPU) is None


def test_how_a_device_is_worded_decides_nothing() -> None:
    nep = find_family("nep")
    reworded = replace(nep, speeds=tuple(replace(one, device="A machine") for one in nep.speeds))
    for hardware in (TWO_CORES, A_GPU):
        assert step_time(reworded, 4, 2000, hardware) == step_time(nep, 4, 2000, hardware)
