"""Structures that must have the same energy, and forces that follow from each other's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mlipguide.structures import supercells


@dataclass(frozen=True)
class Image:
    """A structure that is the same as another one, seen otherwise.

    Attributes:
        atoms: The structure.
        turn: What the forces of the other are multiplied with, shape (3, 3).
        order: Which atom of the other each atom is, shape (atoms,).
        copies: How many times the other it holds.
    """

    atoms: Atoms
    turn: NDArray[np.float64]
    order: NDArray[np.int64]
    copies: int = 1


@dataclass(frozen=True)
class Deviation:
    """How far an image is from what symmetry asks for: eV/Å of one force component, and eV per atom."""

    force_ev_per_angstrom: float
    energy_ev_per_atom: float


def rotated(atoms: Atoms, *, seed: int) -> Image:
    """Return the structure turned with its cell about a random axis by a random angle."""
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    image = atoms.copy()
    image.set_cell(np.array(atoms.cell) @ turn.T)
    image.positions = atoms.positions @ turn.T
    return Image(image, turn, np.arange(len(atoms)))


def translated(atoms: Atoms, *, seed: int) -> Image:
    """Return the structure shifted by a random vector of some Å, wrapped into the cell where it is periodic."""
    image = atoms.copy()
    image.positions = atoms.positions + np.random.default_rng(seed).uniform(1.0, 4.0, 3)
    image.wrap()
    return Image(image, np.eye(3), np.arange(len(atoms)))


def permuted(atoms: Atoms, *, seed: int) -> Image:
    """Return the structure with its atoms in another order."""
    order = np.random.default_rng(seed).permutation(len(atoms))
    return Image(atoms[order], np.eye(3), order)


def repeated(atoms: Atoms) -> Image | None:
    """Return the structure twice along its shortest periodic cell vector; None where nothing is periodic."""
    periodic = np.flatnonzero(atoms.pbc)
    if not len(periodic):
        return None
    lengths = np.linalg.norm(np.array(atoms.cell), axis=1)
    repeats = [1, 1, 1]
    repeats[int(periodic[np.argmin(lengths[periodic])])] = 2
    twice = supercells.repeated(atoms, (repeats[0], repeats[1], repeats[2]))
    return Image(twice, np.eye(3), np.tile(np.arange(len(atoms)), 2), copies=2)


def deviation(
    image: Image, *, energy: float, forces: NDArray[np.float64], of_energy: float, of_forces: NDArray[np.float64]
) -> Deviation:
    """Return how far the answer for an image is from what the answer for the structure makes it.

    Args:
        image: The image.
        energy: Of the image, eV.
        forces: Of the image, shape (its atoms, 3), eV/Å.
        of_energy: Of the structure.
        of_forces: Of the structure.
    """
    expected = of_forces[image.order] @ image.turn.T
    return Deviation(
        force_ev_per_angstrom=float(np.abs(forces - expected).max()),
        energy_ev_per_atom=abs(energy - image.copies * of_energy) / len(image.order),
    )
