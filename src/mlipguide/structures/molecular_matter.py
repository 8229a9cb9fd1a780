"""Whether a structure consists of molecules: a liquid or a crystal in which bonds join a few atoms, and no more.

Two atoms are bonded where they are nearer than their covalent radii (Cordero et al., doi:10.1039/b801115j) and a
quarter: the bonds of water are 1.0 Å, its hydrogen bonds 1.8 Å, and this limit is 1.2 Å.
"""

from __future__ import annotations

from collections import Counter, deque

import ase
import numpy as np
from ase.formula import Formula

REACH = 1.25
LARGEST_ATOMS = 20_000
"""Larger structures are not searched: it takes seconds."""
FEWEST_IN_MOLECULE = 2
"""A lone atom is an ion or a noble gas, and no molecule."""


def molecules_in(atoms: ase.Atoms) -> dict[str, int]:
    """Return the molecules that a structure consists of, by formula; empty where it is held together by bonds.

    Args:
        atoms: Periodic in at least one direction.
    """
    if len(atoms) > LARGEST_ATOMS:
        return {}
    from ase.neighborlist import natural_cutoffs, neighbor_list  # loads a third of SciPy

    first, second, shifts = neighbor_list("ijS", atoms, natural_cutoffs(atoms, mult=REACH))
    bonds: list[list[tuple[int, np.ndarray]]] = [[] for _ in atoms]
    for one, other, shift in zip(first.tolist(), second.tolist(), shifts, strict=True):
        bonds[one].append((other, shift))
    images: dict[int, np.ndarray] = {}
    found: Counter[str] = Counter()
    for start in range(len(atoms)):
        if start in images:
            continue
        members = _joined(start, bonds, images)
        if len(members) < FEWEST_IN_MOLECULE:
            return {}
        found[str(Formula.from_list([atoms.symbols[member] for member in members]).format("hill"))] += 1
    return dict(found)


def _joined(start: int, bonds: list[list[tuple[int, np.ndarray]]], images: dict[int, np.ndarray]) -> list[int]:
    """Return the atoms that bonds join to one; empty where they lead to an image of an atom that was there before.

    Args:
        start: The first of them.
        bonds: Of each atom, the others and the cells that they are in.
        images: The cell in which each atom was met first; filled in.
    """
    images[start] = np.zeros(3, dtype=int)
    members, ahead = [start], deque([start])
    while ahead:
        one = ahead.popleft()
        for other, shift in bonds[one]:
            cell = images[one] + shift
            if other not in images:
                images[other] = cell
                members.append(other)
                ahead.append(other)
            elif (images[other] != cell).any():
                return []
    return members
