"""The displaced supercells that are counted are those that phonopy makes."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.constraints import FixAtoms
from ase.spacegroup import crystal
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from mlipguide.structures.displacements import SYMMETRY_ANGSTROM, count_displacements


def rattled() -> Atoms:
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.1, seed=1)
    return atoms


QUARTZ = crystal(
    ["Si", "O"],
    [(0.4697, 0, 0), (0.4135, 0.2669, 0.1191)],
    spacegroup=152,
    cellpar=[4.916, 4.916, 5.405, 90, 90, 120],
)
RUTILE = crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=[4.594, 4.594, 2.959, 90, 90, 90])
ONE_MIRROR = crystal(["C", "N"], [(0.1, 0.2, 0.3), (0.4, 0, 0.2)], spacegroup=6, cellpar=[3.1, 4.2, 5.3, 90, 101, 90])
CASES = {
    "silicon": (bulk("Si"), 1),
    "cubic silicon": (bulk("Si", cubic=True), 1),
    "rock salt": (bulk("MgO", "rocksalt", a=4.2), 2),
    "wurtzite": (bulk("ZnO", "wurtzite", a=3.25, c=5.2), 4),
    "quartz": (QUARTZ, 12),
    "rutile": (RUTILE, 3),
    "one mirror": (ONE_MIRROR, 10),
    "no symmetry": (rattled(), 48),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("repeats", [(1, 1, 1), (2, 2, 1), (1, 2, 3)])
def test_the_count_is_that_of_phonopy(name: str, repeats: tuple[int, int, int]) -> None:
    atoms, of_a_cube = CASES[name]
    found = count_displacements(atoms, repeats)
    cell = PhonopyAtoms(numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())
    with warnings.catch_warnings(action="ignore"):
        phonon = Phonopy(cell, np.diag(repeats), primitive_matrix=np.eye(3), symprec=SYMMETRY_ANGSTROM)
    phonon.generate_displacements(distance=0.01)
    supercells = phonon.supercells_with_displacements
    assert supercells is not None
    assert found == len(supercells)
    assert found <= 6 * len(atoms)
    if len(set(repeats)) == 1:
        assert found == of_a_cube


def test_only_what_a_free_atom_needs_is_displaced() -> None:
    salt = bulk("MgO", "rocksalt", a=4.2)
    salt.set_constraint(FixAtoms([0]))
    assert count_displacements(salt, (2, 2, 2)) == 1
    copper = bulk("Cu", cubic=True)
    copper.set_constraint(FixAtoms([0, 1, 2]))
    assert count_displacements(copper, (2, 2, 2)) == 1, "all four are alike, so the free one stands for all"


def test_without_a_crystal_nothing_is_counted() -> None:
    assert count_displacements(molecule("H2O"), (1, 1, 1)) is None
    slab = bulk("Si", cubic=True)
    slab.pbc = (True, True, False)
    assert count_displacements(slab, (2, 2, 1)) is None


def test_a_large_cell_is_counted_as_fast_as_its_symmetry_is_found() -> None:
    atoms = bulk("Si", cubic=True).repeat(4)
    assert math.prod(atoms.cell.lengths()) > 1e4
    assert count_displacements(atoms, (1, 1, 1)) == 1
