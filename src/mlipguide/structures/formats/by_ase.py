"""Formats that ASE reads well but for one thing, which is put right or said here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ase
import ase.io
from ase.data import atomic_numbers

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.frames import outside, place, read_text
from mlipguide.structures.formats.pdb import element_of_name
from mlipguide.structures.isotopes import isotope_symbols, name_hydrogen

LAST = {0, -1}
GRO_HINT = "Give the structure as PDB with elements in columns 77-78, or as extended XYZ."


def read_gro(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read a GROMACS structure: ASE takes chlorine (CL) for carbon, sodium (NA) for nitrogen.

    Raises:
        InputError: Another frame, or a name that may be two elements.
    """
    atoms = _read(path, frame, "gromacs")
    names, residues = atoms.arrays.get("atomtypes", ()), atoms.arrays.get("residuenames", ())
    guessed: dict[str, str] = {}
    for number, (name, residue) in enumerate(zip(names, residues, strict=True), start=1):
        element = element_of_name(str(name), str(residue))
        if isinstance(element, tuple) or element is None:
            choices = "names no element" if element is None else f"may be {' or '.join(element)}"
            raise InputError(
                f"{path}: atom {number}, '{name}' in residue '{residue}', {choices}.",
                hint=GRO_HINT,
                kind="unknown_element",
            )
        guessed.setdefault(str(name), element)
        atoms.numbers[number - 1] = atomic_numbers[element]
    if atoms.cell.rank == 0:
        atoms.pbc = False
    shown = ", ".join(f"{name} is {element}" for name, element in list(guessed.items())[:6])
    return atoms, (Notice("elements_guessed", f"{path.name}: elements are read from the atoms' names ({shown})."),)


def read_sdf(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read one molecule of an SDF file, of which ASE reads the first alone.

    Raises:
        InputError: No such molecule, or one in the V3000 form.
    """
    parts = read_text(path).replace("\r\n", "\n").split("$$$$\n")
    records = [text for text in parts if text.strip(" \n$")] or [""]
    text = records[place(path, frame, len(records))]
    if "V3000" in text:
        raise InputError(
            f"{path}: a molecule in the V3000 form, which is not read here.",
            hint="Convert it to V2000 or to extended XYZ (Open Babel does it).",
            kind="unknown_format",
        )
    found: Any = ase.io.read(io.StringIO(text), format="sdf")
    return found, ()


def read_poscar(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read a POSCAR; one of VASP 4 names no elements, and ASE takes words of its first line for them."""
    atoms = _read(path, frame, "vasp")
    lines = read_text(path).splitlines()
    if len(lines) > 5 and lines[5].split() and lines[5].split()[0].isdecimal():  # noqa: PLR2004  # the sixth line
        words = ", ".join(dict.fromkeys(map(str, atoms.symbols)))
        first = lines[0][:60].strip()
        said = f"{path.name}: it has no line of elements (VASP 4); {words} is read from its first line, '{first}'."
        return atoms, (Notice("elements_from_comment", said),)
    return atoms, ()


def read_cube(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read the atoms of a cube file; that its grid is a periodic cell is an assumption."""
    atoms = _read(path, frame, "cube")
    lengths = " × ".join(f"{length:.2f}" for length in atoms.cell.lengths())
    said = f"{path.name}: the box of the grid, {lengths} Å, is taken for a periodic cell; cubes of molecules have none."
    return atoms, (Notice("cell_assumed", said),)


def read_shelx(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read a SHELX file in P 1; ASE leaves its symmetry aside.

    Raises:
        InputError: Kind ``asymmetric_unit``: it has symmetry operations.
    """
    cards = [line.split() for line in read_text(path).splitlines() if line.split()]
    lattice = next((card[1] for card in cards if card[0].upper() == "LATT" and len(card) > 1), "-1")
    if any(card[0].upper() == "SYMM" for card in cards) or lattice.lstrip("+") != "-1":
        raise InputError(
            f"{path}: it has symmetry (SYMM, LATT {lattice}), and only its asymmetric unit can be read.",
            hint="Write all atoms in P 1, or give the CIF.",
            kind="asymmetric_unit",
        )
    return _read(path, frame, "res"), ()


def _read(path: Path, frame: int, file_format: str) -> ase.Atoms:
    if frame not in LAST:
        raise outside(path, frame, 1)
    with isotope_symbols() as isotopes:
        found: Any = ase.io.read(str(path.absolute()), format=file_format, do_not_split_by_at_sign=True)
    atoms: ase.Atoms = found[-1] if isinstance(found, list) else found
    name_hydrogen(atoms, isotopes)
    return atoms
