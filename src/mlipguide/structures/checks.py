"""Is a structure fit to be run? What cannot be is refused; what is odd is said."""

from __future__ import annotations

import ase
import numpy as np
from ase.data import chemical_symbols, covalent_radii

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.distances import Pairs, find_crowded_pair, find_pairs

OVERLAP_ANGSTROM = 0.5
"""No two nuclei in condensed matter come this close; the shortest bond, in H2, is 0.74 Å."""

OVERLAP_SHARE = 0.4
"""Share of the sum of covalent radii (Cordero 2008, doi:10.1039/b801115j) below which two atoms overlap."""

SHORT_SHARE = 0.6
"""Share of the sum of covalent radii below which a distance is suspicious."""

LOW_DENSITY_PER_ANGSTROM3 = 0.01
"""Below this a periodic cell is mostly vacuum: liquid water has 0.1 atoms/Å³, an open framework 0.03."""

LOW_FILLING = 0.1
"""Share of a cell's volume in spheres of covalent radii below which it may be mostly vacuum; bcc Cs, of 0.0085
atoms/Å³, has 0.5."""

FLAT_CELL_ANGSTROM = 0.1
"""A cell whose opposite faces are closer than this has no volume worth the name."""

SAME_ATOM_ANGSTROM = 0.05
"""Two entries this close, a cell vector taken off, are one atom: coordinates are written with two digits or more."""

LARGEST_ANGSTROM = 1e7
"""A millimetre: further out there are no atoms, only damage, and numbers begin to lose their digits."""

ALL_DIRECTIONS = 3


def require_usable(atoms: ase.Atoms, *, source: str) -> None:
    """Refuse what is not a structure: no atoms, no elements, no numbers, no volume.

    Raises:
        InputError: No atoms, an atom without an element, a position or cell that is not finite or far too large,
            periodicity without a cell vector, a cell without volume.
    """
    if len(atoms) == 0:
        raise InputError(f"{source}: no atoms.", hint="Give a structure with at least one atom.", kind="no_atoms")
    unknown = np.flatnonzero((atoms.numbers < 1) | (atoms.numbers >= len(chemical_symbols)))
    if len(unknown):
        raise InputError(
            f"{source}: {len(unknown)} of {len(atoms)} atoms have no known element (the first is atom"
            f" {unknown[0] + 1}, counted from 1).",
            hint="Write chemical symbols in the file instead of X or type numbers.",
            kind="unknown_element",
        )
    bad = np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))
    if len(bad):
        raise InputError(
            f"{source}: the position of atom {bad[0] + 1} (counted from 1) is not finite ({len(bad)} such atoms).",
            hint="The run that wrote it probably blew up; choose an earlier frame with --index.",
            kind="not_finite",
        )
    far = np.flatnonzero((np.abs(atoms.positions) > LARGEST_ANGSTROM).any(axis=1))
    if len(far):
        raise InputError(
            f"{source}: atom {far[0] + 1} (counted from 1) is {np.abs(atoms.positions[far[0]]).max():.3g} Å from the"
            f" origin ({len(far)} such atoms).",
            hint="Positions are in Å. The run that wrote it probably blew up, or the file is damaged.",
            kind="too_far",
        )
    _require_cell(atoms, source)


def _require_cell(atoms: ase.Atoms, source: str) -> None:
    cell = np.array(atoms.cell)
    if not np.isfinite(cell).all():
        raise InputError(f"{source}: the cell is not finite.", hint="Correct the cell vectors.", kind="not_finite")
    if np.abs(cell).max() > LARGEST_ANGSTROM:
        raise InputError(
            f"{source}: a cell vector is {np.abs(cell).max():.3g} Å long.",
            hint="Correct the cell vectors; they are in Å.",
            kind="too_far",
        )
    periodic = np.flatnonzero(atoms.pbc)
    lengths = np.linalg.norm(cell, axis=1)
    if any(lengths[periodic] == 0):
        names = ", ".join("abc"[axis] for axis in periodic if lengths[axis] == 0)
        raise InputError(
            f"{source}: periodic, but the cell vector {names} is missing.",
            hint='Give the cell (for extended XYZ: Lattice="…"), or set pbc to F there.',
            kind="missing_cell",
        )
    if not len(periodic):
        return
    matrix = cell[periodic]
    spread = float(np.linalg.svd(matrix / lengths[periodic][:, None], compute_uv=False).min())
    heights = 1.0 / np.linalg.norm(np.linalg.pinv(matrix), axis=0) if spread > 1e-9 else np.zeros(1)  # noqa: PLR2004  # parallel to rounding
    if heights.min() < FLAT_CELL_ANGSTROM:
        raise InputError(
            f"{source}: the cell has no volume (its vectors are parallel or far too short).",
            hint="Correct the cell vectors; they are in Å.",
            kind="flat_cell",
        )


def check_structure(atoms: ase.Atoms, *, source: str) -> tuple[Notice, ...]:
    """Refuse a structure that cannot be run, and return what is odd about one that can.

    Args:
        atoms: The structure.
        source: What to call it in messages: its file or preset.

    Returns:
        Notices of kind ``short_distance``, ``low_density``, ``partly_periodic``, ``no_cell``,
        ``cell_ignored``.

    Raises:
        InputError: What :func:`require_usable` refuses, or overlapping atoms, periodic images included:
            closer than 0.5 Å or than 0.4 of the sum of their covalent radii.
    """
    require_usable(atoms, source=source)
    return (*_check_distances(atoms, source), *_check_periodicity(atoms, source))


def _check_distances(atoms: ase.Atoms, source: str) -> tuple[Notice, ...]:
    crowded = find_crowded_pair(atoms)
    if crowded is not None:
        distance = float(atoms.get_distance(*crowded, mic=any(atoms.pbc)))
        raise _overlap(atoms, source, *crowded, distance)
    radii = covalent_radii[atoms.numbers]
    furthest = SHORT_SHARE * 2 * float(radii.max())
    # From short to long: a heap of atoms is refused before its many longer distances are listed.
    for cutoff in (*(step for step in (OVERLAP_ANGSTROM, 2 * OVERLAP_ANGSTROM) if step < furthest), furthest):
        pairs = find_pairs(atoms, max(cutoff, OVERLAP_ANGSTROM))
        limit = radii[pairs.first] + radii[pairs.second]
        overlapping = pairs.distance < np.maximum(OVERLAP_ANGSTROM, OVERLAP_SHARE * limit)
        if overlapping.any():
            worst = int(np.argmin(np.where(overlapping, pairs.distance, np.inf)))
            raise _overlap(
                atoms, source, int(pairs.first[worst]), int(pairs.second[worst]), float(pairs.distance[worst])
            )
    return _report_short(atoms, source, pairs, np.flatnonzero(pairs.distance < SHORT_SHARE * limit))


def _report_short(
    atoms: ase.Atoms, source: str, pairs: Pairs, short: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[Notice, ...]:
    if not len(short):
        return ()
    worst = short[np.argmin(pairs.distance[short])]
    names = _name_pair(atoms, int(pairs.first[worst]), int(pairs.second[worst]))
    both = np.stack([pairs.first[short], pairs.second[short]], axis=1)
    number = len(np.unique(np.sort(both, axis=1), axis=0))
    return (
        Notice(
            "short_distance",
            f"{source}: {names} are only {pairs.distance[worst]:.2f} Å apart, the shortest of"
            f" {number} suspiciously short distances. Relax the structure first if it is not meant so.",
        ),
    )


def _check_periodicity(atoms: ase.Atoms, source: str) -> tuple[Notice, ...]:
    directions = int(sum(atoms.pbc))
    if directions == ALL_DIRECTIONS:
        density = len(atoms) / atoms.cell.volume
        filling = float(4 / 3 * np.pi * (covalent_radii[atoms.numbers] ** 3).sum()) / atoms.cell.volume
        if density >= LOW_DENSITY_PER_ANGSTROM3 or filling >= LOW_FILLING:
            return ()
        return (
            Notice(
                "low_density",
                f"{source}: {density:.4f} atoms/Å³ is mostly vacuum; times per atom hold for this density only.",
            ),
        )
    if directions:
        names = " and ".join("abc"[axis] for axis in np.flatnonzero(atoms.pbc))
        return (Notice("partly_periodic", f"{source}: periodic along {names} only; it is repeated only there."),)
    if atoms.cell.rank == ALL_DIRECTIONS:
        return (Notice("cell_ignored", f"{source}: has a cell but is not periodic; the cell is not used."),)
    return (Notice("no_cell", f"{source}: no cell; treated as an isolated molecule of fixed size."),)


def _overlap(atoms: ase.Atoms, source: str, first: int, second: int, distance: float) -> InputError:
    if first != second and distance < SAME_ATOM_ANGSTROM and _are_images(atoms, first, second):
        return InputError(
            f"{source}: {_name_pair(atoms, first, second)} are one atom, listed on opposite faces of the cell.",
            hint="A viewer or a converter added the atoms on the boundary: remove those whose fractional coordinate is"
            " 1 where the same one is at 0, so that each is there once.",
            kind="boundary_atoms",
        )
    return InputError(
        f"{source}: {_name_pair(atoms, first, second)} are {distance:.3f} Å apart: they overlap.",
        hint="Remove the duplicate, correct the cell or its unit (Å), or relax the structure.",
        kind="overlapping_atoms",
    )


def _are_images(atoms: ase.Atoms, first: int, second: int) -> bool:
    """Tell whether two atoms of one element are apart by a cell vector, as they are listed."""
    apart = np.array(atoms.cell.complete().scaled_positions(atoms.positions[[first]] - atoms.positions[[second]]))
    return bool(atoms.numbers[first] == atoms.numbers[second] and np.abs(np.round(apart)).any())


def _name_pair(atoms: ase.Atoms, first: int, second: int) -> str:
    symbols = atoms.symbols
    if first == second:
        return f"atom {first + 1} ({symbols[first]}) and its own periodic image (counted from 1; index {first} from 0)"
    first, second = sorted((first, second))
    return (
        f"atoms {first + 1} ({symbols[first]}) and {second + 1} ({symbols[second]})"
        f" (counted from 1; indices {first} and {second} from 0)"
    )
