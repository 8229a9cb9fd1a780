"""How many displaced supercells the phonons of a crystal take: counted by symmetry, without building one.

Of atoms that symmetry maps onto each other one is displaced, along as few of 13 directions (edges, diagonals of faces
and of the body of the supercell) as the site symmetry turns into three independent ones: Parlinski, Li and Kawazoe,
doi:10.1103/PhysRevLett.78.4063. The opposite displacement is needed as well unless the site symmetry gives it. This is
the choice of phonopy (doi:10.1088/1361-648X/acd831), which the scripts for phonons use, so the count is theirs; only
operations that leave the lattice of the supercell as it is take part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.core.look import once_a_look
from mlipguide.structures.holds import held_axes

if TYPE_CHECKING:
    from ase import Atoms

SYMMETRY_ANGSTROM = 1e-3
"""Atoms that are nearer than this to where an operation puts them count as mapped onto each other."""
LARGEST_ATOMS = 1_000
"""The symmetry of larger cells takes seconds to find."""
DIRECTIONS = np.array(
    [
        *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        *((1, 1, 0), (1, 0, 1), (0, 1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1)),
        *((1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)),
    ]
)
"""In units of the supercell's edges, without their opposites, in the order in which they are tried."""
WHOLE = 1e-6
"""Rounding of quotients of whole numbers."""
FULL = 3
"""Independent directions in space."""


@once_a_look
def count_displacements(atoms: Atoms, repeats: tuple[int, int, int]) -> int | None:
    """Return how many supercells with one displaced atom give all force constants; None where none are counted.

    Args:
        atoms: The cell; one that is not periodic in three dimensions, or of more than 1,000 atoms, is not counted. What
            only force constants of wholly held atoms would need is left out.
        repeats: How often it is repeated along a, b and c.
    """
    operations = _operations(atoms, repeats) if atoms.pbc.all() and len(atoms) <= LARGEST_ATOMS else None
    if operations is None:
        return None
    rotations, images = operations
    held = held_axes(atoms)
    free = np.ones(len(atoms), dtype=bool) if held is None else ~held.all(axis=1)
    alike = {images[0, atom] for atom in np.flatnonzero(free)}
    sites: Counter[bytes] = Counter()
    for atom in np.unique(images[0]):
        orbit = images[:, atom]
        if orbit.min() == atom and not alike.isdisjoint(orbit):
            sites[rotations[orbit == atom].tobytes()] += 1
    kind = rotations.dtype
    return sum(_directed(np.frombuffer(site, kind).reshape(-1, FULL, FULL)) * many for site, many in sites.items())


def _operations(atoms: Atoms, repeats: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the rotations of the supercell, the identity first, and where they put the atoms; None without any.

    Returns:
        Rotations in units of the supercell's edges, shape (n, 3, 3), each once. For each the atom that every atom comes
        to, shape (n, atoms); atoms that a lattice vector of the primitive cell joins are one, named by the first.
    """
    import spglib.error
    from scipy.spatial import KDTree

    scaled = atoms.get_scaled_positions() % 1.0 % 1.0
    spglib.error.OLD_ERROR_HANDLING = False
    try:
        found = spglib.get_symmetry_dataset((atoms.cell.array, scaled, atoms.numbers), symprec=SYMMETRY_ANGSTROM)
    except spglib.error.SpglibError:
        return None
    assert found is not None
    _, first, joined = np.unique(found.mapping_to_primitive, return_index=True, return_inverse=True)
    names = first[joined]
    tree = KDTree(scaled, boxsize=np.ones(FULL))
    ratios = np.array(repeats)[None, :] / np.array(repeats)[:, None]
    rotations, images = [], []
    _, once = np.unique(found.rotations, axis=0, return_index=True)
    for operation in np.sort(once):
        rotation, translation = found.rotations[operation], found.translations[operation]
        turned = rotation * ratios
        if np.abs(turned - np.rint(turned)).max() < WHOLE:
            _, nearest = tree.query((scaled @ rotation.T + translation) % 1.0 % 1.0)
            images.append(names[nearest])
            rotations.append(np.rint(turned).astype(int))
    return np.array(rotations), np.array(images)


def _directed(site: np.ndarray) -> int:
    """Return along how many directions, there and back, an atom of a site symmetry (n, 3, 3) is displaced."""
    return sum(1 if (-one == site @ one).all(axis=1).any() else 2 for one in _least_directions(site))


def _least_directions(site: np.ndarray) -> Sequence[np.ndarray]:
    """Return the fewest directions whose images under a site symmetry span space."""
    orbits = [site @ one for one in DIRECTIONS]
    ranks = [int(np.linalg.matrix_rank(orbit)) for orbit in orbits]
    if FULL in ranks:
        return (DIRECTIONS[ranks.index(FULL)],)
    if FULL - 1 not in ranks:
        return list(DIRECTIONS[:FULL])
    first = ranks.index(FULL - 1)
    plane = orbits[first]
    second = next(one for one in DIRECTIONS if np.linalg.matrix_rank([*plane, one]) == FULL)
    return DIRECTIONS[first], second
