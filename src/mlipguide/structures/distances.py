"""Short distances between atoms, periodic images included, for up to millions of atoms.

The atoms are wrapped into the cell, the images that lie within the cutoff of it are added, and the pairs among these
points are found (:mod:`mlipguide.worker.neighbours`). That is many times faster than a full neighbour list when only
the closest pairs are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.worker.images import with_images, wrapped
from mlipguide.worker.neighbours import near_pairs, nearest_distances

CROWDED_BIN_ANGSTROM = 0.28
"""Edge of a cube whose diagonal is just below 0.5 Å: two atoms in one cube overlap."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of atoms within a cutoff; each pair across a face of the cell appears from both sides.

    Attributes:
        first: Index of an atom, from 0, shape (pairs,).
        second: Index of the other, shape (pairs,); equal to ``first`` for an atom and its own image.
        distance: In Å, shape (pairs,).
        vector: From the first to the second, in Å, shape (pairs, 3).
        across: Whether the second atom is a periodic image, shape (pairs,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.float64]
    vector: NDArray[np.float64]
    across: NDArray[np.bool_]


def find_pairs(atoms: ase.Atoms, cutoff_angstrom: float) -> Pairs:
    """Return all pairs of atoms closer than a cutoff.

    Args:
        atoms: The structure; its periodic cell vectors are not flat.
        cutoff_angstrom: Longest distance. Keep it short: the number of pairs grows with its cube.
    """
    points, owner = with_images(atoms, cutoff_angstrom)
    number = len(atoms)
    found = near_pairs(points, number, cutoff_angstrom)
    vector = points[found[:, 1]] - points[found[:, 0]]
    return Pairs(
        first=found[:, 0],
        second=owner[found[:, 1]],
        distance=np.linalg.norm(vector, axis=1),
        vector=vector,
        across=found[:, 1] >= number,
    )


def find_crowded_pair(atoms: ase.Atoms) -> tuple[int, int] | None:
    """Return two atoms that share a cube of 0.28 Å, or None.

    This takes linear time however many atoms lie in one place, where a search for pairs would fill the
    memory.
    """
    points, _ = wrapped(atoms)
    bins = np.floor((points - points.min(axis=0)) / CROWDED_BIN_ANGSTROM)
    order = np.lexsort(bins.T)
    same = np.flatnonzero((np.diff(bins[order], axis=0) == 0).all(axis=1))
    if not len(same):
        return None
    first, second = sorted((int(order[same[0]]), int(order[same[0] + 1])))
    return first, second


def find_shortest_distance(atoms: ase.Atoms) -> float | None:
    """Return the shortest distance in Å between any two atoms or images; None for one isolated atom."""
    if len(atoms) < 2 and not any(atoms.pbc):  # noqa: PLR2004  # a distance needs two atoms
        return None
    cutoff = 1.0
    while True:
        points, _ = with_images(atoms, cutoff)
        nearest = float(nearest_distances(points, np.arange(len(atoms))).min())
        if nearest <= cutoff or not any(atoms.pbc):
            return nearest
        cutoff *= 1.5


def images_within(atoms: ase.Atoms, cutoff_angstrom: float) -> NDArray[np.float64]:
    """Return the positions of the atoms, wrapped into the cell and in their order, then those of all images that lie
    within a cutoff of the cell, shape (points, 3).
    """  # noqa: D205  # one sentence
    return with_images(atoms, cutoff_angstrom)[0]
