"""Distorted copies are as far from the original as asked, and only where the structure can be strained."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule

from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.distortions import Distortion, distorted_copies


def test_displacements_have_the_size_asked_for() -> None:
    atoms = bulk("Cu", cubic=True).repeat(5)
    (copy,) = distorted_copies(atoms, 1, distortions=[Distortion(0.05, 0.0)])
    moved = np.sqrt(((copy.positions - atoms.positions) ** 2).sum(axis=1).mean())
    shortest = find_shortest_distance(atoms)
    assert shortest is not None
    assert moved == pytest.approx(0.05 * shortest, rel=0.1)
    assert np.array(copy.cell) == pytest.approx(np.array(atoms.cell))


def test_strains_stay_within_their_ends_and_are_symmetric() -> None:
    atoms = bulk("Cu", cubic=True)
    copies = distorted_copies(atoms, 20, distortions=[Distortion(0.0, 0.03)])
    strains = [np.linalg.inv(np.array(atoms.cell)) @ np.array(copy.cell) - np.eye(3) for copy in copies]
    assert all(np.abs(strain).max() <= 0.03 + 1e-12 for strain in strains)
    assert all(strain == pytest.approx(strain.T, abs=1e-12) for strain in strains)
    assert max(np.abs(strain).max() for strain in strains) > 0.015
    scaled = copies[0].get_scaled_positions()
    assert scaled == pytest.approx(atoms.get_scaled_positions(), abs=1e-9)


def test_a_slab_keeps_its_vacuum_and_a_molecule_its_cell() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=8.0)
    strained = distorted_copies(slab, 4, distortions=[Distortion(0.0, 0.05)])
    assert all(np.array(copy.cell)[2] == pytest.approx(np.array(slab.cell)[2]) for copy in strained)
    assert any(abs(copy.cell.lengths()[0] / slab.cell.lengths()[0] - 1) > 1e-3 for copy in strained)
    water = molecule("H2O")
    (copy,) = distorted_copies(water, 1)
    assert np.array(copy.cell) == pytest.approx(np.array(water.cell))
    assert np.abs(copy.positions - water.positions).max() > 1e-3


def test_equal_seeds_give_equal_copies_and_the_original_stays() -> None:
    atoms = bulk("Cu", cubic=True)
    before = atoms.positions.copy()
    first, second = (distorted_copies(atoms, 3, seed=7) for _ in range(2))
    assert all((one.positions == other.positions).all() for one, other in zip(first, second, strict=True))
    assert (atoms.positions == before).all()
    assert np.abs(first[0].positions - distorted_copies(atoms, 3, seed=8)[0].positions).max() > 1e-6


def test_a_lone_atom_is_no_obstacle() -> None:
    assert len(distorted_copies(molecule("H"), 2)) == 2
