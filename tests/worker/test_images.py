"""Neighbours are counted as ASE's list counts them, in small, skewed and partly periodic cells."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.neighborlist import neighbor_list

from mlipguide.worker.images import pairs_per_atom


def structures() -> dict[str, Atoms]:
    skewed = bulk("NaCl", "rocksalt", a=5.6) * (2, 1, 1)
    skewed.set_cell(skewed.cell.array @ np.array([[1, 0.4, 0], [0, 1, -0.3], [0.2, 0, 1]]), scale_atoms=True)
    left = bulk("Si", cubic=True)
    left.set_cell(left.cell.array[[1, 0, 2]])
    found = {
        "one atom, many images": bulk("Cu"),
        "skewed": skewed,
        "left-handed": left,
        "slab": fcc111("Pt", (2, 2, 3), vacuum=6.0),
        "molecule": molecule("CH3CH2OH"),
        "atom": Atoms("Ar"),
        "outside": Atoms("Cu2", [[0, 0, 0], [11.2, -3.0, 40.1]], cell=[3.6] * 3, pbc=(True, False, True)),
    }
    for atoms in found.values():
        atoms.rattle(0.05, seed=1)
    return found


@pytest.mark.parametrize("name", list(structures()))
@pytest.mark.parametrize("cutoff", [2.0, 4.5, 9.0])
def test_neighbours_are_those_of_a_full_list(name: str, cutoff: float) -> None:
    atoms = structures()[name]
    assert pairs_per_atom(atoms, cutoff) == len(neighbor_list("i", atoms, cutoff)) / len(atoms)
