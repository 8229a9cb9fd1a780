"""Smaller periodic pieces of a large structure, for timing only.

A user's structure may be larger than what is quick to time. A piece with the same density and composition
costs the same per atom, but its seam is not physical: atoms meet there that were never neighbours. So a
block is good for evaluating energies and forces again and again, and for nothing else: it is never
propagated, never summarised as the user's structure, and never counts as evidence.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.structures.distances import find_pairs

SEAM_ANGSTROM = 0.6
"""Of two atoms that the seam brings closer than this, one is removed."""

SHORTEST_EDGE_ANGSTROM = 1.5
"""A block thinner than this would mostly see its own images."""

ENLARGEMENTS = (1.0, 1.01, 0.99, 1.02, 1.04, 1.06, 1.09)
"""Volumes tried, as multiples of the wanted one; among equals the earlier one is taken."""

OFFSETS = (0.0, 0.29, 0.61)
TRIED_WHOLLY = 10


@dataclass(frozen=True)
class _Crop:
    """A box cut out of the structure: the atoms kept, and the share of each cell vector."""

    atoms: ase.Atoms
    kept: NDArray[np.int64]


def cut_block(atoms: ase.Atoms, *, atoms_wanted: int) -> ase.Atoms:
    """Cut a smaller periodic cell out of a structure, for re-evaluation timing only.

    The cell is cut along its periodic directions, the longest first, so that the block is as compact as the
    structure allows. Several boxes are tried, and the one that needs the least repair is taken. Surplus
    atoms at the seam are left out, single atoms there change their element where the composition asks for
    it, and the cell is scaled, mostly by less than 3 % and in small blocks by up to 8 % in length, so that
    the density is that of the structure exactly.

    Args:
        atoms: A structure that is periodic along at least one direction.
        atoms_wanted: Number of atoms of the block, at most that of the structure.

    Returns:
        ``atoms_wanted`` atoms, or less where the seam left too few (a small block of a crystal: up to 20 %
        less, so use ``len`` of what is returned); no two closer than about 0.55 Å; each element's number
        within one of its share. The same input gives the same block. It need not pass ``check_structure``:
        its seam is not physical.

    Raises:
        InputError: Not periodic, more atoms wanted than there are, or so few that the block would be
        thinner than
            1.5 Å.
    """
    axes = [axis for axis in range(3) if atoms.pbc[axis]]
    if not axes:
        raise InputError(
            "An isolated molecule cannot be cut into a smaller block.",
            hint="Time it whole.",
            kind="not_periodic",
        )
    if not 1 <= atoms_wanted <= len(atoms):
        raise InputError(
            f"A block of {atoms_wanted} atoms cannot be cut out of {len(atoms)}.",
            hint="For more atoms than the structure has, repeat it (a supercell).",
        )
    if atoms_wanted == len(atoms):
        whole: ase.Atoms = atoms.copy()
        return whole
    lengths = np.linalg.norm(np.array(atoms.cell), axis=1)
    shares = _find_shares(lengths, axes, atoms_wanted / len(atoms))
    if (lengths * shares)[axes].min() < SHORTEST_EDGE_ANGSTROM:
        raise InputError(
            f"A block of {atoms_wanted} of the {len(atoms)} atoms would be thinner than {SHORTEST_EDGE_ANGSTROM} Å.",
            hint="Ask for more atoms.",
        )
    crop = _find_best_crop(atoms, shares, axes, atoms_wanted)
    block = _mend_composition(crop, atoms, axes, atoms_wanted)
    _restore_density(block, atoms, axes)
    return block


def _find_shares(lengths: NDArray[np.float64], axes: list[int], volume_share: float) -> NDArray[np.float64]:
    """Return each vector's share, with product ``volume_share``, that cuts the longest to one edge."""
    shares = np.ones(3)
    cut: list[int] = []
    for axis in sorted(axes, key=lambda axis: (-lengths[axis], axis)):
        cut.append(axis)
        edge = float(volume_share * np.prod(lengths[cut])) ** (1 / len(cut))
        others = [other for other in axes if other not in cut]
        if all(edge >= lengths[other] for other in others):
            shares[cut] = edge / lengths[cut]
            break
    return shares


def _find_best_crop(atoms: ase.Atoms, shares: NDArray[np.float64], axes: list[int], atoms_wanted: int) -> _Crop:
    scaled = atoms.cell.complete().scaled_positions(atoms.positions)
    cut = [axis for axis in axes if shares[axis] < 1]
    tried = []
    for order, (enlargement, offset) in enumerate(
        itertools.product(ENLARGEMENTS, itertools.product(OFFSETS, repeat=len(cut)))
    ):
        box = shares.copy()
        box[cut] = np.minimum(1.0, box[cut] * enlargement ** (1 / len(cut)))
        inside = _select(scaled, box, cut, offset)
        count = int(np.count_nonzero(inside))
        tried.append((count < atoms_wanted, abs(count - atoms_wanted), order, offset, box))
    best: tuple[tuple[bool, int], _Crop] | None = None
    for _, _, _, offset, box in sorted(tried, key=lambda entry: entry[:3])[:TRIED_WHOLLY]:
        crop = _crop(atoms, scaled, box, cut, offset)
        surplus = len(crop.kept) - atoms_wanted
        rank = (surplus < 0, abs(surplus))
        if best is None or rank < best[0]:
            best = rank, crop
    assert best is not None
    if not len(best[1].kept):
        raise InputError(
            f"No block of {atoms_wanted} atoms could be cut: the structure is too unevenly filled.",
            hint="Ask for more atoms.",
        )
    return best[1]


def _select(
    scaled: NDArray[np.float64], box: NDArray[np.float64], cut: list[int], offset: tuple[float, ...]
) -> NDArray[np.bool_]:
    inside = np.ones(len(scaled), dtype=bool)
    for axis, start in zip(cut, offset, strict=True):
        # A hair below the face, so that rounding does not put a plane of atoms on both sides.
        inside &= (scaled[:, axis] - start + 1e-7) % 1.0 < box[axis]
    return inside


def _crop(
    atoms: ase.Atoms,
    scaled: NDArray[np.float64],
    box: NDArray[np.float64],
    cut: list[int],
    offset: tuple[float, ...],
) -> _Crop:
    """Cut the box out and remove one atom of each pair that its new faces bring too close together."""
    inside = np.flatnonzero(_select(scaled, box, cut, offset))
    inner = scaled[inside]
    for axis, start in zip(cut, offset, strict=True):
        inner[:, axis] = (inner[:, axis] - start + 1e-7) % 1.0
    piece = ase.Atoms(
        numbers=atoms.numbers[inside],
        positions=inner @ np.array(atoms.cell.complete()),
        cell=np.array(atoms.cell) * box[:, None],
        pbc=atoms.pbc,
        info=atoms.info,  # charge and spin: a model that takes them takes some, and its time does not depend on them
    )
    if not len(piece):
        return _Crop(piece, np.arange(0))
    pairs = find_pairs(piece, SEAM_ANGSTROM)
    removed: set[int] = set()
    for first, second in sorted({(min(p), max(p)) for p in zip(pairs.first, pairs.second, strict=True)}):
        if first != second and first not in removed and second not in removed:
            removed.add(int(second))
    kept = np.array([index for index in range(len(piece)) if index not in removed], dtype=np.int64)
    return _Crop(piece, kept)


def _mend_composition(crop: _Crop, atoms: ase.Atoms, axes: list[int], atoms_wanted: int) -> ase.Atoms:
    """Leave out surplus atoms and change elements, both nearest to the seam first."""
    block = crop.atoms[crop.kept]
    number = min(atoms_wanted, len(block))
    target = _share_out(Counter(int(z) for z in atoms.numbers), number)
    have = Counter(int(z) for z in block.numbers)
    excess = {z: have[z] - target.get(z, 0) for z in sorted(have)}
    scaled = block.cell.complete().scaled_positions(block.positions)[:, axes] % 1.0
    depth = np.minimum(scaled, 1 - scaled).min(axis=1)
    order = [int(index) for index in np.lexsort((np.arange(len(block)), depth))]
    spare = []
    for index in order:
        if excess[int(block.numbers[index])] > 0:
            excess[int(block.numbers[index])] -= 1
            spare.append(index)
    surplus = len(block) - number
    missing = [z for z in sorted(target) for _ in range(max(0, target[z] - have[z]))]
    numbers = block.numbers.copy()
    for index, z in zip(spare[surplus:], missing, strict=True):
        numbers[index] = z
    block.numbers = numbers
    del block[spare[:surplus]]
    return block


def _share_out(counts: Counter[int], number: int) -> dict[int, int]:
    """Divide ``number`` atoms among the elements in proportion, by largest remainders."""
    total = sum(counts.values())
    target = {z: number * count // total for z, count in counts.items()}
    left = number - sum(target.values())
    for z in sorted(counts, key=lambda z: (-(number * counts[z] % total), z))[:left]:
        target[z] += 1
    return target


def _restore_density(block: ase.Atoms, atoms: ase.Atoms, axes: list[int]) -> None:
    """Scale the block along its periodic directions to the structure's atoms per volume (area, length)."""
    extent_share = float(
        np.prod(np.linalg.norm(np.array(block.cell)[axes], axis=1) / np.linalg.norm(np.array(atoms.cell)[axes], axis=1))
    )
    scale = (len(block) / len(atoms) / extent_share) ** (1 / len(axes))
    cell = np.array(block.cell)
    cell[axes] *= scale
    scaled = block.cell.complete().scaled_positions(block.positions)
    complete = np.array(block.cell.complete())
    complete[axes] *= scale
    block.set_cell(cell)
    block.positions = scaled @ complete
