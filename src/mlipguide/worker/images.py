"""Periodic images of atoms within a cutoff of the cell, and how many neighbours atoms have: for millions of atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .neighbours import count_near

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

COUNTED_ANGSTROM = 6.0
"""Within which neighbours are counted where a model does not say how far it sees: what most models see (judgement)."""


def pairs_per_atom(atoms: Atoms, cutoff: float | None) -> float:
    """Return the mean number of neighbours within ``cutoff`` (Å), periodic images counted one by one.

    Where the cutoff is not known they are counted within :data:`COUNTED_ANGSTROM`, which tells dense structures from
    dilute ones.
    """
    within = COUNTED_ANGSTROM if cutoff is None else cutoff
    points, _ = with_images(atoms, within)
    return (count_near(points, len(atoms), within) - len(atoms)) / len(atoms)


def wrapped(atoms: Atoms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return positions wrapped along the periodic directions, and their vectors completed to a full cell, both in Å."""
    import numpy as np
    from ase.cell import Cell

    cell = np.array(atoms.cell)
    cell[~np.array(atoms.pbc)] = 0.0  # completed below: what is not periodic has no say
    cell = np.array(Cell(cell).complete())
    scaled = np.linalg.solve(cell.T, np.array(atoms.positions).T).T
    periodic = np.array(atoms.pbc)
    scaled[:, periodic] -= np.floor(scaled[:, periodic])
    return scaled @ cell, cell


def with_images(atoms: Atoms, cutoff: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return wrapped atoms, then the images within ``cutoff`` (Å) of the cell, and the atom each belongs to."""
    import numpy as np

    points, cell = wrapped(atoms)
    owner = np.arange(len(points))
    normals = np.linalg.inv(cell)
    for axis in np.flatnonzero(atoms.pbc):
        scaled = points @ normals[:, axis]
        margin = cutoff * float(np.linalg.norm(normals[:, axis]))
        layers = int(np.ceil(margin))
        new_points, new_owner = [points], [owner]
        for shift in range(-layers, layers + 1):
            near = (scaled + shift >= -margin) & (scaled + shift <= 1 + margin)
            if shift and near.any():
                new_points.append(points[near] + shift * cell[axis])
                new_owner.append(owner[near])
        points, owner = np.concatenate(new_points), np.concatenate(new_owner)
    return points, owner
