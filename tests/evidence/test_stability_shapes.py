"""Jumps, equations of state, broken symmetries and contacts of known size are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT

from mlipguide.catalog.card_sources import read_all_sources
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.evidence.stability import contacts, smoothness, symmetry
from mlipguide.evidence.stability import equation_of_state as eos
from mlipguide.evidence.stability.thresholds import THRESHOLDS, verdict_of
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.sessions.interface import Snapshot
from mlipguide.testing.calculators import Asymmetric, Kinked
from mlipguide.testing.in_process import in_process_session


def scan(calculator: Any) -> tuple[Any, Any, Any]:
    """Pull one of two atoms away."""
    places = np.linspace(0.0, 0.6, 31)
    energies, forces = [], []
    session = in_process_session(calculator)
    for place in places:
        found = session.single_point(Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.3 + place]]))
        energies.append(found.energy_ev)
        forces.append(found.forces_ev_per_angstrom[1][2])
    return places, np.array(energies), np.array(forces)


def test_a_jump_of_the_energy_is_found_where_it_is() -> None:
    jump = smoothness.energy_jump(*scan(Kinked(EMT(), 2.613, 0.004)))
    assert jump.size == pytest.approx(0.004, rel=0.02)
    assert jump.at_angstrom == pytest.approx(0.313, abs=0.02)
    assert smoothness.energy_jump(*scan(EMT())).size < 1e-5


def test_a_jump_of_the_force_is_found_where_it_is() -> None:
    places, _, forces = scan(EMT())
    kinked = forces + 0.05 * (places > 0.25)
    assert smoothness.force_jump(places, kinked).size == pytest.approx(0.05, rel=0.1)
    assert smoothness.force_jump(places, kinked).at_angstrom == pytest.approx(0.25, abs=0.02)
    assert smoothness.force_jump(places, forces).size < 1e-3


def test_a_short_scan_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot show"):
        smoothness.force_jump(np.arange(5.0), np.arange(5.0))


def test_a_birch_murnaghan_curve_gives_its_own_parameters() -> None:
    volume, modulus = 160.0, 98.0 / GPA_PER_EV_ANGSTROM3
    volumes = np.linspace(0.9, 1.1, 11) * 155
    strain = (volume / volumes) ** (2 / 3)
    energies = -5 + 9 * volume * modulus / 16 * ((strain - 1) ** 3 * 4.2 + (strain - 1) ** 2 * (6 - 4 * strain))
    found = eos.fit(volumes, energies)
    assert found.volume_angstrom3 == pytest.approx(volume, rel=1e-6)
    assert found.bulk_modulus_gpa == pytest.approx(98.0, rel=1e-6)
    assert found.residual_ev < 1e-9
    assert found.minima == 1


def test_a_second_minimum_and_a_missing_one_are_seen() -> None:
    volumes = np.linspace(90.0, 110.0, 11)
    assert eos.fit(volumes, -volumes).volume_angstrom3 is None
    assert eos.count_minima(-volumes, 1e-5) == 0
    wavy = (volumes - 100) ** 2 / 100 - 0.5 * (np.abs(volumes - 106) < 1)
    assert eos.count_minima(wavy, 1e-5) == 2
    assert eos.count_minima(np.array([2.0, 1.0, 1.000001, 1.0, 2.0]), 1e-5) == 1


@pytest.mark.parametrize("image_of", [symmetry.rotated, symmetry.translated, symmetry.permuted])
def test_symmetries_hold_for_a_pair_potential_and_are_seen_to_break(image_of: Any) -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    image = image_of(atoms, seed=4)

    def away(calculator: Any) -> symmetry.Deviation:
        session = in_process_session(calculator)
        one, other = (session.single_point(item) for item in (atoms, image.atoms))
        return symmetry.deviation(
            image,
            energy=other.energy_ev,
            forces=np.array(other.forces_ev_per_angstrom),
            of_energy=one.energy_ev,
            of_forces=np.array(one.forces_ev_per_angstrom),
        )

    assert away(EMT()).force_ev_per_angstrom < 1e-9
    assert away(EMT()).energy_ev_per_atom < 1e-9
    broken = away(Asymmetric(EMT(), 0.05)).force_ev_per_angstrom
    assert broken > 0.01 if image_of is symmetry.rotated else broken < 1e-9


def test_a_repeated_cell_has_twice_the_energy() -> None:
    image = symmetry.repeated(bulk("Cu", cubic=True))
    assert image is not None
    assert len(image.atoms) == 8
    assert symmetry.repeated(Atoms("Cu")) is None


def snapshot(atoms: Atoms, **changes: Any) -> Snapshot:
    known: dict[str, Any] = {
        "step": 0,
        "positions_angstrom": atoms.positions,
        "velocities_angstrom_per_fs": np.zeros((len(atoms), 3)),
        "energy_ev": 0.0,
        "kinetic_ev": 1.5 * (len(atoms) - 1) * units.kB * 300,
        "forces_ev_per_angstrom": np.zeros((len(atoms), 3)),
        "stress_ev_per_angstrom3": None,
    }
    return Snapshot(**{**known, **changes})


def test_atoms_that_meet_and_atoms_that_fly_are_seen() -> None:
    atoms = bulk("Cu", cubic=True)
    near = atoms.positions.copy()
    near[1] = near[0] + (0, 0, 1.32)
    share = contacts.shortest_share(atoms, [snapshot(atoms), snapshot(atoms, positions_angstrom=near)])
    assert share == pytest.approx(0.5, rel=1e-6)
    near[1] = near[0]
    assert contacts.shortest_share(atoms, [snapshot(atoms, positions_angstrom=near)]) == 0
    fast = np.zeros((4, 3))
    fast[2, 0] = 0.05
    hot = contacts.hottest_atom([snapshot(atoms, velocities_angstrom_per_fs=fast)], atoms.get_masses(), 300)
    assert hot == pytest.approx(0.5 * 63.546 * 0.05**2 * 103.642696562 / (units.kB * 300))
    assert contacts.temperatures_k([snapshot(atoms)], 4)[0] == pytest.approx(300)
    assert contacts.temperature_excess(np.array([300.0, 600.0]), 300, 4) == pytest.approx(1 / np.sqrt(2 / 9))


def test_pressure_is_that_of_stress_and_motion() -> None:
    atoms = bulk("Cu", cubic=True)
    stressed = snapshot(atoms, stress_ev_per_angstrom3=np.array([-0.01, -0.01, -0.01, 0, 0, 0]), kinetic_ev=0.3)
    pressures = contacts.pressures_gpa([stressed], 50.0)
    assert pressures is not None
    assert pressures[0] == pytest.approx((0.01 + 2 * 0.3 / 150) * GPA_PER_EV_ANGSTROM3)
    assert contacts.pressures_gpa([snapshot(atoms)], 50.0) is None


def test_a_verdict_waits_for_its_interval() -> None:
    limit = THRESHOLDS["nve-drift"]
    assert verdict_of(0.01, 0.02, limit) is CheckVerdict.PASSED
    assert verdict_of(0.04, 0.02, limit) is CheckVerdict.UNCLEAR
    assert verdict_of(0.10, 0.02, limit) is CheckVerdict.FAILED
    assert verdict_of(0.5, None, THRESHOLDS["close-contacts"]) is CheckVerdict.FAILED


def test_every_threshold_names_a_known_source_or_says_that_it_is_a_judgement() -> None:
    known = read_all_sources()
    for name, threshold in THRESHOLDS.items():
        first = threshold.source.partition(":")[0]
        assert first == "judgement" or first in known, name
