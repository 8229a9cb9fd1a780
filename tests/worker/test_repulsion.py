"""The repulsion of ``--add zbl``: its values, its slopes, where it ends, and that no model gets a second one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.data import covalent_radii

from mlipguide.catalog.additions import addition_facts
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.sessions.errors import SessionError
from mlipguide.testing.in_process import in_process_session
from mlipguide.worker.additions import own_repulsion
from mlipguide.worker.repulsion import zbl

REACH = 0.65
ADDED = Addition(kind=AdditionKind.ZBL, reach=REACH)
LAMMPS_EV = {
    ("Si2", 0.5): 470.4930958880986,
    ("Si2", 1.5): 9.610613946446321,
    ("OSi", 1.0): 34.39469305959444,
    ("HO", 0.5): 33.175384964227426,
    ("W2", 1.0): 435.78549474374483,
}
FAR = 1e4
"""A reach so long that its end changes nothing."""


def pair(symbols: str, distance: float, reach: float) -> Atoms:
    atoms = Atoms(symbols, positions=[[0, 0, 0], [0, 0, distance]])
    atoms.calc = zbl(reach)
    return atoms


def crowded(seed: int = 1) -> Atoms:
    """Return a triclinic cell of three elements, so dense that nearly all neighbours repel each other."""
    atoms: Atoms = bulk("NaCl", "rocksalt", a=3.3, cubic=True)
    atoms.numbers[1] = 14
    atoms.set_cell(atoms.cell @ np.array([[1, 0.1, 0], [0, 1, 0.2], [0.05, 0, 1]]), scale_atoms=True)
    atoms.rattle(0.1, seed=seed)
    atoms.calc = zbl(REACH)
    return atoms


def test_without_its_end_it_is_that_of_lammps() -> None:
    """LAMMPS 20250722 gave these by ``pair_style zbl 9 10``, whose own end is far away, in eV."""
    for (symbols, distance), energy_ev in LAMMPS_EV.items():
        assert pair(symbols, distance, FAR).get_potential_energy() == pytest.approx(energy_ev, rel=2e-5)


def test_it_is_zero_from_its_end_on_and_grows_smoothly_inside() -> None:
    end = REACH * 2 * covalent_radii[14]
    for distance in (end, end * 1.0001, 2.35):
        assert pair("Si2", distance, REACH).get_potential_energy() == 0
    energies = [pair("Si2", share * end, REACH).get_potential_energy() for share in (0.999, 0.99, 0.9, 0.7, 0.5, 0.2)]
    assert energies == sorted(energies)
    assert 0 < energies[0] < 1e-6, "energy and two derivatives vanish at the end"
    assert energies[-1] > 1000


def test_a_pair_deep_inside_is_hardly_changed_by_the_end() -> None:
    distance = 0.25 * REACH * 2 * covalent_radii[14]
    ended, endless = (pair("Si2", distance, reach).get_potential_energy() for reach in (REACH, FAR))
    assert ended == pytest.approx(endless, rel=5e-3)


def test_forces_are_the_slope_of_the_energy() -> None:
    atoms = crowded()
    forces = atoms.get_forces()
    assert np.abs(forces).max() > 1
    assert np.allclose(forces.sum(axis=0), 0, atol=1e-9)
    for place, axis in ((0, 0), (1, 2), (5, 1)):
        ends = []
        for step in (1e-4, -1e-4):
            moved = atoms.copy()
            moved.positions[place, axis] += step
            moved.calc = zbl(REACH)
            ends.append(moved.get_potential_energy())
        assert forces[place, axis] == pytest.approx(-(ends[0] - ends[1]) / 2e-4, rel=1e-5, abs=1e-6)


def test_the_stress_is_the_slope_under_strain() -> None:
    atoms = crowded()
    stress = atoms.get_stress(voigt=False)
    for row, column in ((0, 0), (1, 1), (0, 2), (1, 2)):
        ends = []
        for step in (1e-5, -1e-5):
            strain = np.eye(3)
            strain[row, column] += step / 2
            strain[column, row] += step / 2
            strained = atoms.copy()
            strained.set_cell(atoms.cell @ strain, scale_atoms=True)
            strained.calc = zbl(REACH)
            ends.append(strained.get_potential_energy())
        assert stress[row, column] == pytest.approx((ends[0] - ends[1]) / 2e-5 / atoms.get_volume(), rel=1e-4, abs=1e-8)


def test_images_count_and_a_molecule_has_no_stress() -> None:
    lone = bulk("Si", "sc", a=1.5)
    lone.calc = zbl(REACH)
    assert lone.get_potential_energy() == pytest.approx(3 * pair("Si2", 1.5, REACH).get_potential_energy())
    water = molecule("H2O")
    water.calc = zbl(REACH)
    assert water.get_potential_energy() == 0, "bonds of a molecule at rest are left alone"
    assert "stress" not in water.calc.results


def test_a_session_adds_it_to_the_model() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_cell(atoms.cell * 0.6, scale_atoms=True)
    alone, added = atoms.copy(), atoms.copy()
    alone.calc, added.calc = EMT(), zbl(REACH)
    session = in_process_session(EMT()).with_additions([ADDED])
    point = session.single_point(atoms)
    assert added.get_potential_energy() > 1
    assert point.energy_ev == pytest.approx(alone.get_potential_energy() + added.get_potential_energy())
    assert np.allclose(point.forces_ev_per_angstrom, alone.get_forces() + added.get_forces(), atol=1e-10)


class ZBLBasis:
    """Stands for the part of that name in MACE and Orb."""


class Torch:
    """Gives its parts as a torch module does."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def modules(self) -> tuple[Any, ...]:
        return (self, *self.parts)


@pytest.mark.parametrize("name", ["model", "models"])
def test_a_model_that_repels_nuclei_itself_gets_no_second_repulsion(name: str) -> None:
    calculator, model = EMT(), Torch(ZBLBasis())
    assert own_repulsion(calculator) is None
    setattr(calculator, name, [model] if name == "models" else model)
    assert own_repulsion(calculator) == "ZBLBasis"
    with pytest.raises(SessionError, match=r"has a repulsion of its own \(ZBLBasis\)"):
        in_process_session(calculator).with_additions([ADDED])
    setattr(calculator, name, [Torch()] if name == "models" else Torch())
    assert own_repulsion(calculator) is None


def test_what_is_said_of_its_reach_is_so() -> None:
    facts = addition_facts()[AdditionKind.ZBL]
    assert facts.reach == REACH
    assert f"closer than {REACH} times" in facts.what
