"""How far the nearest neighbour of each atom is, where it is far."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.neighborlist import neighbor_list

from mlipguide.candidates.neighbours_seen import atoms_out_of_sight
from mlipguide.structures.gaps import find_gaps


def seen_by_none(atoms: Atoms, cutoff: float) -> int:
    """Count with ASE's neighbour list."""
    return len(atoms) - len(set(neighbor_list("i", atoms, cutoff).tolist()))


def slab() -> Atoms:
    atoms: Atoms = fcc111("Cu", (2, 2, 3), vacuum=12.0)
    atoms.pbc = True
    atoms += Atoms("Ar", positions=[atoms.positions[-1] + [0.0, 0.0, 8.0]])
    return atoms


def gas() -> Atoms:
    return Atoms("Ar20", positions=np.random.default_rng(2).uniform(0, 30, (20, 3)), cell=[30] * 3, pbc=True)


STRUCTURES = {
    "caesium": bulk("Cs", "bcc", a=6.15, cubic=True),
    "one atom": Atoms("Na"),
    "one atom in a box": Atoms("Na", cell=[20] * 3, pbc=True),
    "water": molecule("H2O"),
    "water and a lone atom": molecule("H2O") + Atoms("Ar", positions=[[7.0, 0.0, 0.0]]),
    "a slab with an atom far above": slab(),
    "a gas": gas(),
    "a wire": Atoms("Cs", cell=[5.5, 0, 0], pbc=(True, False, False)),
}


@pytest.mark.parametrize("cutoff", [3.0, 4.5, 5.0, 5.5, 6.0, 10.0, 12.0])
@pytest.mark.parametrize("name", STRUCTURES)
def test_atoms_out_of_sight_are_those_of_a_neighbour_list(name: str, cutoff: float) -> None:
    atoms = STRUCTURES[name]
    assert atoms_out_of_sight(cutoff, find_gaps(atoms)) == seen_by_none(atoms, cutoff)


def test_where_all_have_neighbours_there_is_no_gap() -> None:
    assert find_gaps(bulk("Cu", cubic=True)) == ()
    assert atoms_out_of_sight(None, find_gaps(Atoms("Na"))) == 0


def test_caesium_is_just_beyond_five_angstrom() -> None:
    (gap,) = find_gaps(STRUCTURES["caesium"])
    assert gap.atoms == 2
    assert gap.distance_angstrom == pytest.approx(5.30)


def test_many_atoms_are_few_gaps() -> None:
    atoms = Atoms("Ar2000", positions=np.random.default_rng(0).uniform(0, 150, (2000, 3)), cell=[150] * 3, pbc=True)
    found = find_gaps(atoms)
    assert len(found) < 200
    assert sum(gap.atoms for gap in found) == seen_by_none(atoms, 3.0)
