"""Isolated atoms among labelled frames: the reference energy E0 of an element, and no frame to test or learn forces on.

Sets of labels for GAP, ACE and MACE hold one calculation of each atom alone. Its force is zero by symmetry whatever a
model says, and its energy lies a cohesive energy off all others, so that it is counted in no error, shift or curve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.structures.labels import LabelledFrame

NAMED = re.compile(r"isolated[ _-]?atoms?|single[ _-]?atoms?|e0", re.IGNORECASE)
"""Names of groups that say so."""
REACH_ANGSTROM = 8.0
"""An atom farther from its own images is alone: neighbours are counted to 4 to 6 Å, seldom to 7."""
SAME_EV = 1e-3
"""Two calculations of one atom agree to this, or they are not of one reference."""


@dataclass(frozen=True, kw_only=True)
class IsolatedAtom:
    """One atom alone.

    Attributes:
        index: Place in the file.
        element: Chemical symbol.
        energy_ev: None where the file has none.
    """

    index: int
    element: str
    energy_ev: float | None


def isolated_atom(frame: LabelledFrame) -> IsolatedAtom | None:
    """Return what a frame says of an element's reference; None for any other frame, a crystal of one atom included."""
    atoms = frame.atoms
    if len(atoms) != 1 or not (NAMED.fullmatch(frame.group or "") or _nearest_image(frame) >= REACH_ANGSTROM):
        return None
    return IsolatedAtom(index=frame.index, element=str(atoms.symbols[0]), energy_ev=frame.energy_ev)


def reference_energies(found: Iterable[IsolatedAtom], *, source: str) -> dict[str, float]:
    """Return the energy of an isolated atom of each element that has one, eV.

    Raises:
        InputError: Kind ``conflicting_references``: two isolated atoms of an element differ.
    """
    first: dict[str, IsolatedAtom] = {}
    for one in found:
        if one.energy_ev is None:
            continue
        known = first.setdefault(one.element, one)
        assert known.energy_ev is not None
        if abs(one.energy_ev - known.energy_ev) > SAME_EV:
            raise InputError(
                f"{source}: two isolated {one.element} atoms have different energies, {known.energy_ev:.4f} eV in "
                f"frame {known.index} and {one.energy_ev:.4f} eV in frame {one.index}.",
                hint="They are of two levels of theory or two spin states: keep the one that the other frames are of.",
                kind="conflicting_references",
            )
    return {name: one.energy_ev for name, one in sorted(first.items()) if one.energy_ev is not None}


def isolated_words(found: Sequence[IsolatedAtom], energies_ev: dict[str, float]) -> str:
    """Return which frames were taken for isolated atoms, and the energies that they give."""
    places = ", ".join(str(one.index) for one in found)
    values = ", ".join(f"{name} {energy:.4f} eV" for name, energy in energies_ev.items())
    frames = f"frame {places} is an isolated atom" if len(found) == 1 else f"frames {places} are isolated atoms"
    without = "" if values else ", without an energy"
    return f"{frames[0].upper()}{frames[1:]}{without}: counted in no error" + (f"; E0 of {values}." if values else ".")


def refuse_only_isolated(source: str, hint: str = "Add frames of the material with their forces.") -> InputError:
    """Return what is said of a file that holds nothing else."""
    return InputError(
        f"{source} holds isolated atoms only: they give reference energies, and nothing to judge a model by.",
        hint=hint,
        kind="only_isolated_atoms",
    )


def _nearest_image(frame: LabelledFrame) -> float:
    """Return the distance from an atom to its nearest periodic image, Å; infinite where nothing is periodic."""
    from ase.geometry import minkowski_reduce

    atoms = frame.atoms
    if not atoms.pbc.any() or not np.abs(atoms.cell.array).any():
        return np.inf
    reduced = np.asarray(minkowski_reduce(atoms.cell.complete().array, atoms.pbc)[0])
    return float(np.linalg.norm(reduced[atoms.pbc], axis=1).min())
