"""The atoms of a crystal from its sites and its symmetry operations.

A site on a special position is carried onto itself by some operations. With coordinates that are rounded (0.333 for
1/3) its copies do not coincide but lie close together; they are one atom, at their mean (International Tables for
Crystallography A, section 1.4.4: the mean over the site-symmetry group is the projection onto the special position).
"""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.structures.distances import find_pairs
from mlipguide.worker.neighbours import count_near

CLOSE_ANGSTROM = (0.05, 0.2)
"""Copies of one site this close are one atom, whatever the digits; and further apart than this they never are."""

ROUNDING_UNITS = 2.0
"""Between these, copies are one atom when they are within two units of the last digit: one atom that is rounded to
either side of a special position makes copies up to 1.8 units apart."""

SAME_PLACE_ANGSTROM = 0.05
"""Atoms of two sites closer than this stand in one place."""

MOST_NEIGHBOURS = 50
"""With more atoms than this in one place, on average, the file is damaged: the pairs would fill the memory."""

MOST_COPIES = 5_000_000
LARGEST_METRIC_CHANGE = 0.02
"""Share of a cell's squared edges by which an operation may change them: cells are measured, not exact."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Symmetry operations in fractional coordinates.

    Attributes:
        rotations: Shape (operations, 3, 3).
        translations: Shape (operations, 3).
    """

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of operations."""
        return len(self.rotations)


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """All atoms of a cell.

    Attributes:
        atoms: Site after site, each with its copies in the order of the operations.
        owner: The site that each atom is a copy of.
        moved_angstrom: The furthest that a site moved onto its special position.
        shared: Pairs of sites with different elements in one place.
    """

    atoms: ase.Atoms
    owner: NDArray[np.int64]
    moved_angstrom: float
    shared: tuple[tuple[int, int], ...]


def fits_cell(operations: Operations, cell: NDArray[np.float64]) -> bool:
    """Tell whether the operations leave lengths and angles of the cell as they are."""
    metric = cell @ cell.T
    turned = np.einsum("nki,kl,nlj->nij", operations.rotations, metric, operations.rotations)
    scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    return bool((np.abs(turned - metric) <= LARGEST_METRIC_CHANGE * scale).all())


def expand(
    numbers: NDArray[np.int64],
    scaled: NDArray[np.float64],
    digits: NDArray[np.int64],
    cell: NDArray[np.float64],
    operations: Operations,
) -> Expanded:
    """Return all atoms of the cell.

    Args:
        numbers: Atomic numbers of the sites.
        scaled: Their fractional coordinates, shape (sites, 3), finite.
        digits: Decimal places that they are written with, shape (sites,).
        cell: Vectors in rows, in Å.
        operations: The symmetry operations, the identity among them.

    Raises:
        InputError: More copies than any crystal has.
    """
    if len(numbers) * len(operations) > MOST_COPIES:
        raise InputError(
            f"{len(numbers):,} sites with {len(operations):,} symmetry operations are no crystal.",
            hint="The file is damaged.",
            kind="unreadable_structure",
        )
    places, moved = [], 0.0
    unit = float(np.linalg.norm(cell, axis=1).max()) * 10.0 ** -digits.astype(float)
    for point, close in zip(scaled, np.clip(ROUNDING_UNITS * unit, *CLOSE_ANGSTROM), strict=True):
        copies, distance = _orbit(point, cell, operations, float(close))
        places.append(copies)
        moved = max(moved, distance)
    owner = np.repeat(np.arange(len(numbers)), [len(copies) for copies in places])
    atoms = ase.Atoms(
        numbers=numbers[owner],
        scaled_positions=np.concatenate(places) if places else np.zeros((0, 3)),
        cell=cell,
        pbc=True,
    )
    return _without_repeats(atoms, owner, moved)


def _orbit(
    point: NDArray[np.float64], cell: NDArray[np.float64], operations: Operations, close: float
) -> tuple[NDArray[np.float64], float]:
    """Return the copies of a site, and how far it was moved onto its special position, in Å."""
    apart = operations.rotations @ point + operations.translations - point
    apart -= np.round(apart)
    own = np.linalg.norm(apart @ cell, axis=1) < close
    if np.count_nonzero(own) <= 1:
        return (operations.rotations @ point + operations.translations) % 1.0, 0.0
    shift = apart[own].mean(axis=0)
    copies = operations.rotations @ (point + shift) + operations.translations
    kept: list[NDArray[np.float64]] = []
    for copy in copies:
        if kept:
            gaps = np.array(kept) - copy
            gaps -= np.round(gaps)
            if (np.linalg.norm(gaps @ cell, axis=1) < close).any():
                continue
        kept.append(copy)
    return np.array(kept) % 1.0, float(np.linalg.norm(shift @ cell))


def _without_repeats(atoms: ase.Atoms, owner: NDArray[np.int64], moved: float) -> Expanded:
    """Leave out atoms that a file lists again although its operations make them from others."""
    if not len(atoms) or _is_heap(atoms):
        return Expanded(atoms=atoms, owner=owner, moved_angstrom=moved, shared=())
    found = find_pairs(atoms, SAME_PLACE_ANGSTROM)
    repeated: set[int] = set()
    shared: list[tuple[int, int]] = []
    for pair in zip(found.first, found.second, strict=True):
        first, second = sorted((int(pair[0]), int(pair[1])))
        if owner[first] == owner[second] or first in repeated:
            continue
        if atoms.numbers[first] == atoms.numbers[second]:
            repeated.add(second)
        else:
            shared.append((int(owner[first]), int(owner[second])))
    left = np.array([index for index in range(len(atoms)) if index not in repeated], dtype=np.int64)
    return Expanded(atoms=atoms[left], owner=owner[left], moved_angstrom=moved, shared=tuple(dict.fromkeys(shared)))


def _is_heap(atoms: ase.Atoms) -> bool:
    return count_near(atoms.positions, len(atoms), SAME_PLACE_ANGSTROM) > MOST_NEIGHBOURS * len(atoms)
