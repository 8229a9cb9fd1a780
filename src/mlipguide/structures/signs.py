"""What a structure shows of what a model should know: a surface, a molecule, layers, magnetism, mobile ions, charge.

Signs are hints from positions, elements and what a file says beside them. They miss much, and they never prove
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import ase
import numpy as np

from mlipguide.core.look import once_a_look
from mlipguide.records.task.structure import AtomMass
from mlipguide.records.task.task import NeighbourGap
from mlipguide.structures.displacements import count_displacements
from mlipguide.structures.electrons import charge_of, multiplicity_of
from mlipguide.structures.gaps import find_gaps
from mlipguide.structures.holds import NOTHING_HELD, Held, held_in
from mlipguide.structures.isotopes import masses_of
from mlipguide.structures.layers import VACUUM_GAP_ANGSTROM, is_layered, widest_gap_angstrom
from mlipguide.structures.molecular_matter import molecules_in
from mlipguide.structures.supercells import repeats_for

MAGNETIC = frozenset({"Cr", "Mn", "Fe", "Co", "Ni"})
"""3d elements whose compounds commonly order magnetically."""

MOBILE = ("Li", "Na")
ANIONS = ("N", "O", "F", "S", "Cl", "Se", "Br", "I")
MOLECULAR = frozenset(["H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"])
"""Of these alone, an isolated piece of matter is a molecule; otherwise it is a cluster."""

ALL_DIRECTIONS = 3
SHOWN_MOLECULES = 3


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What was seen.

    Attributes:
        slab: The empty space along one axis, in words; None where there is none.
        molecule: Whether it is an isolated molecule, with or without a box around it.
        molecules: Of a liquid or a crystal of molecules, which and how many, in words; None where it is neither.
        cluster: Whether it is isolated and holds other elements than molecules do.
        layered: Whether it is a crystal of layers that no bonds join.
        magnetic: Magnetic 3d elements.
        mobile_ions: Ions that move, with their anions: both empty or neither.
        hydrogen: Whether there is hydrogen.
        gaps: Atoms that are far from all others.
        total_charge: As the file or the user says; None where neither does.
        spin_multiplicity: Likewise, 2S + 1.
        held: How many atoms are held where they are.
        masses: Of each element, where some are not natural.
        displacements: Counts by symmetry, when it is called, how many supercells of about so many atoms, each with one
            atom displaced, phonons take; None where that cannot be said.
    """

    slab: str | None
    molecule: bool
    molecules: str | None
    cluster: bool
    layered: bool
    magnetic: tuple[str, ...]
    mobile_ions: tuple[str, ...]
    hydrogen: bool
    gaps: tuple[NeighbourGap, ...] = ()
    total_charge: int | None = None
    spin_multiplicity: int | None = None
    held: Held = NOTHING_HELD
    masses: tuple[AtomMass, ...] = ()
    displacements: Callable[[int], int | None] = field(default=lambda _: None, compare=False, repr=False)


@once_a_look
def find_signs(atoms: ase.Atoms) -> Signs:
    """Look for signs in a structure that :func:`mlipguide.structures.checks.check_structure` has passed."""
    elements = set(map(str, atoms.symbols))
    open_axes = [
        axis for axis in range(3) if not atoms.pbc[axis] or widest_gap_angstrom(atoms, axis) >= VACUUM_GAP_ANGSTROM
    ]
    isolated = len(open_axes) == ALL_DIRECTIONS
    mobile = [ion for ion in MOBILE if ion in elements]
    anions = [anion for anion in ANIONS if anion in elements]
    return Signs(
        slab=_open_words(atoms, open_axes) if open_axes and not isolated else None,
        molecule=isolated and elements <= MOLECULAR,
        molecules=None if isolated or not elements <= MOLECULAR else _molecules_words(atoms),
        cluster=isolated and not elements <= MOLECULAR,
        layered=not open_axes and is_layered(atoms),
        magnetic=tuple(sorted(MAGNETIC & elements)),
        mobile_ions=(*mobile, *anions) if mobile and anions else (),
        hydrogen="H" in elements,
        gaps=find_gaps(atoms),
        total_charge=charge_of(atoms),
        spin_multiplicity=multiplicity_of(atoms),
        held=held_in(atoms),
        masses=masses_of(atoms),
        displacements=partial(_displacements, atoms),
    )


def _displacements(atoms: ase.Atoms, atoms_wanted: int) -> int | None:
    repeats = repeats_for(atoms, atoms_wanted=atoms_wanted) if atoms_wanted > len(atoms) else (1, 1, 1)
    return count_displacements(atoms, repeats)


def is_isolated(atoms: ase.Atoms) -> bool:
    """Tell whether there is empty space in all directions: a molecule or a cluster, in a box or not."""
    try:
        return all(not atoms.pbc[axis] or widest_gap_angstrom(atoms, axis) >= VACUUM_GAP_ANGSTROM for axis in range(3))
    except np.linalg.LinAlgError:
        return False  # a cell without volume


def _open_words(atoms: ase.Atoms, axes: list[int]) -> str:
    """Return which axes are open, and how far where the cell says it."""
    words = [
        f"{widest_gap_angstrom(atoms, axis):.0f} Å of vacuum along {'abc'[axis]}"
        if atoms.pbc[axis]
        else f"not periodic along {'abc'[axis]}"
        for axis in axes
    ]
    return " and ".join(words)


def _molecules_words(atoms: ase.Atoms) -> str | None:
    """Return the molecules in words, the most frequent first; None where bonds hold everything together."""
    found = sorted(molecules_in(atoms).items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{count:,} {formula}" for formula, count in found[:SHOWN_MOLECULES])
    return (shown + (", …" if len(found) > SHOWN_MOLECULES else "")) or None
