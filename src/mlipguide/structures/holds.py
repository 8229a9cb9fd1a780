"""Atoms that are held where they are: which constraints of a file are kept, and in which form.

What is kept is one of four of ASE's: ``FixAtoms``, ``FixCartesian``, and for directions that are not the axes
``FixedLine`` and ``FixedPlane``. Selective dynamics of VASP is along the cell's vectors. ASE's own form of it
(``FixScaled``) turns velocities out of the free directions when the cell is skewed, so a run would not conserve energy;
the forms here project at right angles.

``ase.constraints`` is imported where a structure has constraints: its import takes a quarter of a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

AXES = 3
ALONG_AN_AXIS = 1e-6
"""Largest component beside an axis of a direction of length 1 that is taken for the axis: the rounding of a file."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """How many atoms are held.

    Attributes:
        wholly: In all directions.
        partly: In some.
    """

    wholly: int
    partly: int


NOTHING_HELD = Held(wholly=0, partly=0)


def kept_constraints(atoms: ase.Atoms) -> tuple[list[Any], tuple[str, ...]]:
    """Return the constraints that are kept, as few objects as there are kinds, and the names of those that are not."""
    if not atoms.constraints:
        return [], ()
    from ase.constraints import FixedLine, FixedPlane

    forms: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    dropped: set[str] = set()
    for constraint in atoms.constraints:
        form = _form(constraint, atoms)
        if form is None:
            dropped.add(type(constraint).__name__)
        else:
            forms[form].update(int(index) % len(atoms) for index in constraint.index)
    axes = np.zeros((len(atoms), AXES), dtype=bool)
    kept: list[Any] = []
    for (name, *numbers), members in forms.items():
        if name == "axes":
            axes[sorted(members)] |= np.array(numbers, dtype=bool)
        else:
            kind = FixedLine if name == "line" else FixedPlane
            kept.append(kind(sorted(members), numbers))
    return [*_by_axes(axes), *kept], tuple(sorted(dropped))


def _by_axes(axes: NDArray[np.bool_]) -> list[Any]:
    """Return constraints from what is held along x, y and z, shape (atoms, 3)."""
    from ase.constraints import FixAtoms, FixCartesian

    found: list[Any] = []
    for mask in np.unique(axes[axes.any(axis=1)], axis=0):
        members = np.flatnonzero((axes == mask).all(axis=1))
        found.append(FixAtoms(members) if mask.all() else FixCartesian(members, mask))
    return found


def _form(constraint: Any, atoms: ase.Atoms) -> tuple[Any, ...] | None:
    """Return what a constraint does, so that equal ones are equal; None where it is of a kind that is not kept."""
    from ase.constraints import FixAtoms, FixCartesian, FixedLine, FixedPlane, FixScaled

    if isinstance(constraint, FixAtoms):
        return ("axes", True, True, True)
    if isinstance(constraint, FixCartesian):
        return ("axes", *map(bool, constraint.mask))
    if isinstance(constraint, FixScaled):
        return _along_vectors(np.asarray(constraint.mask, dtype=bool), atoms.cell.complete().array)
    if isinstance(constraint, FixedLine):
        return _line(np.asarray(constraint.dir))
    if isinstance(constraint, FixedPlane):
        return _plane(np.asarray(constraint.dir))
    return None


def _along_vectors(held: NDArray[np.bool_], cell: NDArray[np.float64]) -> tuple[Any, ...]:
    """Return what holding some of the scaled coordinates means in space: a point, a line or a plane that is free."""
    free = cell[~held]
    if len(free) == 1:
        return _line(free[0])
    if len(free) == 2:  # noqa: PLR2004  # two directions span a plane
        return _plane(np.cross(free[0], free[1]))
    return ("axes", *map(bool, held))


def _line(direction: NDArray[np.float64]) -> tuple[Any, ...]:
    unit = direction / np.linalg.norm(direction)
    axis = _axis(unit)
    return ("line", *_rounded(unit)) if axis is None else ("axes", *(place != axis for place in range(AXES)))


def _plane(normal: NDArray[np.float64]) -> tuple[Any, ...]:
    unit = normal / np.linalg.norm(normal)
    axis = _axis(unit)
    return ("plane", *_rounded(unit)) if axis is None else ("axes", *(place == axis for place in range(AXES)))


def _axis(unit: NDArray[np.float64]) -> int | None:
    axis = int(np.argmax(np.abs(unit)))
    return axis if np.abs(np.delete(unit, axis)).max() < ALONG_AN_AXIS else None


def _rounded(unit: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(number), 12) for number in unit)


def held_in(atoms: ase.Atoms) -> Held:
    """Count the atoms that are held, of a structure whose constraints are of the kept kinds."""
    if not atoms.constraints:
        return NOTHING_HELD
    from ase.constraints import FixAtoms

    wholly = np.zeros(len(atoms), dtype=bool)
    partly = np.zeros(len(atoms), dtype=bool)
    for constraint in atoms.constraints:
        (wholly if isinstance(constraint, FixAtoms) else partly)[constraint.index] = True
    return Held(wholly=int(wholly.sum()), partly=int((partly & ~wholly).sum()))


def held_axes(atoms: ase.Atoms, directions: NDArray[np.float64] | None = None) -> NDArray[np.bool_] | None:
    """Return what is held along three axes, shape (atoms, 3); None where something is held along other directions.

    Args:
        atoms: The structure, with constraints of the kept kinds.
        directions: The axes, orthonormal rows; None for x, y and z.
    """
    axes = np.eye(AXES) if directions is None else directions
    found = np.zeros((len(atoms), AXES), dtype=bool)
    for constraint in atoms.constraints:
        forbidden = axes @ _forbidden(constraint) @ axes.T
        diagonal = np.diag(forbidden)
        whole = np.abs(forbidden - np.diag(np.round(diagonal))).max() < ALONG_AN_AXIS
        if not whole:
            return None
        found[constraint.index] |= np.round(diagonal).astype(bool)
    return found


def _forbidden(constraint: Any) -> NDArray[np.float64]:
    """Return the projector onto the directions that a constraint forbids."""
    from ase.constraints import FixAtoms, FixCartesian, FixedLine

    if isinstance(constraint, FixAtoms):
        return np.eye(AXES)
    if isinstance(constraint, FixCartesian):
        return np.diag(np.asarray(constraint.mask, dtype=float))
    along: NDArray[np.float64] = np.outer(constraint.dir, constraint.dir)
    return np.eye(AXES) - along if isinstance(constraint, FixedLine) else along


def freed(atoms: ase.Atoms) -> ase.Atoms:
    """Return a copy in which every atom moves.

    For runs that look at the model and not at the user's process: timing, the tests of stability, and the frames that a
    student learns from, where every atom's surroundings should vary.
    """
    copy: ase.Atoms = atoms.copy()
    copy.set_constraint()
    return copy


def degrees_of_freedom(atoms: ase.Atoms) -> int:
    """Return how many coordinates can move; the centre of mass counts with them."""
    return int(atoms.get_number_of_degrees_of_freedom())


def held_words(wholly: int, partly: int, atoms: int) -> str:
    """Return how many atoms are held, in words; empty where none is."""
    words = [f"{wholly} of {atoms} atoms held"] if wholly else []
    words += [f"{partly} {'held' if wholly else f'of {atoms} atoms held'} along some directions"] if partly else []
    return ", ".join(words)


def plain_constraints(constraints: Sequence[Any]) -> list[dict[str, Any]]:
    """Return constraints as plain data, as ``ase.constraints.dict2constraint`` takes them one by one."""
    return [
        {"name": found["name"], "kwargs": {key: np.asarray(value).tolist() for key, value in found["kwargs"].items()}}
        for found in (constraint.todict() for constraint in constraints)
    ]
