"""What a script for the production run says of held atoms, charge, spin and masses.

The structure file beside a script for ASE names atoms that are held wholly (``move_mask``), masses, charge and spin of
the cell; what is held along some directions only stands in the script. LAMMPS gets atom types by element and mass, and
groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlipguide import worker
from mlipguide.core.errors import InputError
from mlipguide.records.task.task import TaskKind
from mlipguide.structures.electrons import charge_of, electron_words, multiplicity_of
from mlipguide.structures.holds import (
    degrees_of_freedom,
    held_axes,
    held_in,
    held_words,
    plain_constraints,
)
from mlipguide.structures.isotopes import mass_words, masses_of
from mlipguide.worker.geometry import GIVEN, boxed

if TYPE_CHECKING:
    from ase import Atoms

AXES = "xyz"
IDS_PER_LINE = 12
SINGLET = 1


@dataclass(frozen=True, kw_only=True)
class HeldGroup:
    """Atoms of a LAMMPS input that are held in the same directions.

    Attributes:
        name: Of the group.
        axes: The directions, of ``xyz``.
        atoms: Ids, in words of the command ``group``.
        count: How many they are.
    """

    name: str
    axes: str
    atoms: str
    count: int

    @property
    def zeros(self) -> str:
        """The words of ``velocity set`` and of ``fix setforce``: zero where it is held."""
        return " ".join("0.0" if axis in self.axes else "NULL" for axis in AXES)


def require_something_moves(atoms: Atoms, path: Path, kind: TaskKind) -> None:
    """Refuse a script for a structure in which nothing can move, or phonons that no axes describe.

    Raises:
        InputError: Every atom is held, or some are held along other directions than the axes and phonons are wanted.
    """
    if degrees_of_freedom(atoms) < 1:
        raise InputError(
            f"--write {path}: the structure's file holds every atom; nothing would move.",
            hint="Free the atoms that are to move (selective dynamics, move_mask).",
            kind="all_held",
        )
    if kind is TaskKind.PHONONS and held_axes(atoms) is None:
        raise _skewed(path, "phonons")


def ase_values(atoms: Atoms) -> dict[str, Any]:
    """Return what templates for ASE are told."""
    held = held_in(atoms)
    partly = [one for one in plain_constraints(atoms.constraints) if one["name"] != "FixAtoms"]
    return {
        "beside": beside_words(atoms),
        "held": bool(atoms.constraints),
        "partly_held": partly if held.partly else [],
        "charge": charge_of(atoms),
        "spin": multiplicity_of(atoms),
        "repulsion": repulsion_text(),
    }


def repulsion_text() -> str:
    """Return the function that makes an added repulsion, as the worker has it."""
    text = Path(str(worker.__file__)).with_name("repulsion.py").read_text(encoding="utf-8")
    return text[text.index("def ") :].rstrip()


def beside_words(atoms: Atoms) -> str:
    """Return what is kept of the file beside atoms and cell; empty where there is nothing."""
    held = held_in(atoms)
    words = (
        held_words(held.wholly, held.partly, len(atoms)),
        electron_words(charge_of(atoms), multiplicity_of(atoms)),
        mass_words(masses_of(atoms)),
    )
    return "; ".join(filter(None, words))


def in_a_box(atoms: Atoms, *, margin: float, noted: bool) -> Atoms:
    """Return a structure with empty space (``margin``, Å) along what is not periodic.

    Args:
        atoms: The structure.
        margin: See :func:`mlipguide.worker.geometry.boxed`.
        noted: Whether the boundary conditions that it had are noted, for what reaches further than the box.
    """
    placed = boxed(atoms, margin=margin)
    if noted and placed is not atoms:
        placed.info[GIVEN] = atoms.pbc.tolist()
    return placed


def structure_text(atoms: Atoms) -> str:
    """Return the structure file of a script for ASE: extended XYZ, with what is held wholly."""
    import ase.io
    from ase.constraints import FixAtoms

    copy = atoms.copy()
    copy.set_constraint([one for one in copy.constraints if isinstance(one, FixAtoms)])
    stream = StringIO()
    ase.io.write(stream, copy, format="extxyz")
    return stream.getvalue()


def atom_kinds(atoms: Atoms) -> list[tuple[str, float]]:
    """Return element and mass of LAMMPS's atom types, sorted."""
    return sorted({*zip(atoms.get_chemical_symbols(), atoms.get_masses().tolist(), strict=True)})


def data_text(atoms: Atoms) -> str:
    """Return a structure as a LAMMPS data file, with the atom types of :func:`atom_kinds`.

    A left-handed cell is mirrored, which changes neither energies nor distances.
    """
    import ase.io

    kinds = atom_kinds(atoms)
    numbers = {kind: number for number, kind in enumerate(kinds, start=1)}
    copy = atoms.copy()
    copy.set_constraint()
    kind_of_each = zip(copy.get_chemical_symbols(), copy.get_masses().tolist(), strict=True)
    copy.set_array("type", np.array([numbers[kind] for kind in kind_of_each]), int, ())
    stream = StringIO()
    ase.io.write(stream, copy, format="lammps-data", atom_style="atomic")
    lines = (f"{number} {mass:23.17g} # {symbol}" for number, (symbol, mass) in enumerate(kinds, start=1))
    title = "\nAtoms # atomic\n"
    return stream.getvalue().replace(title, "\nMasses\n\n" + "\n".join(lines) + "\n" + title, 1)


def lammps_values(atoms: Atoms, path: Path) -> dict[str, Any]:
    """Return what the template for LAMMPS is told of the atoms that are simulated.

    Raises:
        InputError: Atoms are held along directions that are no axes in LAMMPS, whose first cell vector is along x and
            the second in the xy plane.
    """
    groups = tuple(_held_groups(atoms, path)) if atoms.constraints else ()
    return {
        "beside": beside_words(atoms),
        "held_groups": groups,
        "held_components": sum(len(group.axes) * group.count for group in groups if len(group.axes) < len(AXES)),
        "wholly_held": next((group.name for group in groups if len(group.axes) == len(AXES)), None),
        "electrons": bool(charge_of(atoms)) or multiplicity_of(atoms) not in (None, SINGLET),
    }


def _held_groups(atoms: Atoms, path: Path) -> Iterator[HeldGroup]:
    from ase.calculators.lammps import Prism

    held = held_axes(atoms, Prism(atoms.cell.array, pbc=atoms.pbc).rot_mat.T)
    if held is None:
        raise _skewed(path, "LAMMPS")
    for mask in np.unique(held[held.any(axis=1)], axis=0):
        members = np.flatnonzero((held == mask).all(axis=1)) + 1
        axes = "".join(axis for axis, is_held in zip(AXES, mask, strict=True) if is_held)
        yield HeldGroup(name=f"held_{axes}", axes=axes, atoms=_ids(members.tolist()), count=len(members))


def _ids(members: list[int]) -> str:
    """Return ascending ids as LAMMPS takes them, runs as ``first:last``, broken into lines."""
    runs: list[list[int]] = []
    for member in members:
        if runs and member == runs[-1][1] + 1:
            runs[-1][1] = member
        else:
            runs.append([member, member])
    words = [str(first) if first == last else f"{first}:{last}" for first, last in runs]
    lines = (" ".join(words[place : place + IDS_PER_LINE]) for place in range(0, len(words), IDS_PER_LINE))
    return " &\n                ".join(lines)


def _skewed(path: Path, what: str) -> InputError:
    return InputError(
        f"--write {path}: atoms are held along directions that are no axes for {what}.",
        hint="Hold them in all directions, or along x, y and z of a cell whose vectors are the axes.",
        kind="held_directions",
    )
