"""PDB files (https://www.wwpdb.org/documentation/file-format-content/format33/v3.3.html): elements, cell and models.

The element stands in columns 77 and 78. Where these are empty, columns 13 and 14 hold it, right-justified: `` CA `` is
the alpha carbon, ``CA  `` calcium. Many programs begin every name in column 13, so that the latter is open for what is
no ion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ase
import numpy as np
from ase.cell import Cell
from ase.data import atomic_masses, atomic_numbers

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.frames import outside, place, read_text
from mlipguide.structures.isotopes import ISOTOPE_MASSES
from mlipguide.structures.species import refuse_partial

FILLER_ANGSTROM = 1.5
"""A cell of 1 Å is what programs write that have none."""

_AMINO_ACIDS = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL"
_AS_PREPARED = "HID HIE HIP CYX ASH GLH LYN ACE NME"
_OTHERS = "A C G U DA DC DG DT HOH WAT SOL TIP TIP3 TIP4 SPC"
BIOPOLYMERS = frozenset([*_AMINO_ACIDS.split(), *_AS_PREPARED.split(), *_OTHERS.split()])
"""Residues of H, C, N, O, P and S alone, in which the first letter of an atom's name is its element."""

LIGHT = frozenset("HCNOPS")

HINT = "Write the element into columns 77-78 of each ATOM and HETATM line, right-justified; or convert to extended XYZ."


@dataclass
class _Model:
    """The atoms of one model."""

    symbols: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    places: list[list[float]] = field(default_factory=list)
    shares: list[float | None] = field(default_factory=list)
    cell: str = ""
    guessed: dict[str, str] = field(default_factory=dict)


def read_pdb(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read one model of a PDB file, in the file's order.

    Raises:
        InputError: No such model, coordinates or elements that are not to be told, partial occupancies, or a crystal of
            which only the asymmetric unit is there.
    """
    models = [model for model in _models(read_text(path), path) if model.symbols]
    if not models:
        if frame not in {0, -1}:
            raise outside(path, frame, 1)
        raise InputError(
            f"Cannot read {path} as proteindatabank: it holds no ATOM and no HETATM lines.",
            hint="The file is cut short, damaged, or of another format than its name says.",
            kind="unreadable_structure",
        )
    model = models[place(path, frame, len(models))]
    refuse_partial(model.shares, model.names, str(path))
    atoms = ase.Atoms(["H" if symbol in ISOTOPE_MASSES else symbol for symbol in model.symbols], positions=model.places)
    if any(symbol in ISOTOPE_MASSES for symbol in model.symbols):
        natural = atomic_masses[atoms.numbers].tolist()
        atoms.set_masses([ISOTOPE_MASSES.get(*pair) for pair in zip(model.symbols, natural, strict=True)])
    notices = [*_set_cell(atoms, model.cell, path)]
    if model.guessed:
        shown = ", ".join(f"{name} is {symbol}" for name, symbol in list(model.guessed.items())[:6])
        words = f"{path.name}: no elements in columns 77-78; they are read from the atoms' names ({shown})."
        notices.append(Notice("elements_guessed", words))
    return atoms, tuple(notices)


def _models(text: str, path: Path) -> Iterator[_Model]:
    """Yield the models; a cell before the first one holds for all that have none of their own."""
    model, common = _Model(), ""
    for number, line in enumerate(text.splitlines(), start=1):
        record = line[:6].rstrip()
        if record == "CRYST1":
            model.cell = line
            common = common or line
        elif record in {"ATOM", "HETATM"}:
            _add_atom(model, line, number, path)
        elif record.startswith("END"):
            yield model
            model = _Model(cell=common)
    yield model


def _add_atom(model: _Model, line: str, number: int, path: Path) -> None:
    try:
        place_ = [float(line[start : start + 8]) for start in (30, 38, 46)]
    except ValueError as error:
        raise InputError(
            f"Cannot read {path} as proteindatabank: line {number} has no coordinates in columns 31-54.",
            hint="The file is cut short, damaged, or its columns are shifted.",
            kind="unreadable_structure",
        ) from error
    share = line[54:60].strip()
    model.shares.append(float(share) if re.fullmatch(r"-?\d*\.?\d+", share) else None)
    name = line[12:16]
    symbol = re.sub(r"[^A-Za-z]", "", line[76:78]).capitalize()
    if symbol not in ISOTOPE_MASSES and (symbol not in atomic_numbers or symbol == "X"):
        symbol = _from_name(name, line[17:21].strip(), number, path)
        model.guessed.setdefault(name.strip(), symbol)
    model.symbols.append(symbol)
    model.names.append(f"{name.strip()} of line {number}")
    model.places.append(place_)


def element_of_name(name: str, residue: str) -> str | tuple[str, str] | None:
    """Return the element that an atom's name stands for: two where both may be meant, None where none is.

    Args:
        name: As it stands in columns 13 to 16 of a PDB file: a blank in front says that the element has one letter.
        residue: Of the atom; an ion is a residue of its own name.
    """
    letters = re.sub(r"[^A-Za-z].*", "", re.sub(r"^[\d\s]+", "", name))
    one, two = letters[:1].upper(), letters[:2].capitalize()
    has_one, has_two = one in atomic_numbers and one != "X", len(two) > 1 and two in atomic_numbers
    if has_two and letters.upper() == residue.upper().rstrip("+-0123456789"):
        return two  # an ion: NA in the residue NA
    if has_one and (name[:1] in " 0123456789" or (residue.upper() in BIOPOLYMERS and one in LIGHT)):
        return one
    if has_one and has_two:
        return (two, one)
    return one if has_one else two if has_two else None


def _from_name(name: str, residue: str, number: int, path: Path) -> str:
    found = element_of_name(name, residue)
    if isinstance(found, str):
        return found
    choices = "names no element" if found is None else f"may be {' or '.join(found)}"
    raise InputError(
        f"{path}: line {number} has no element in columns 77-78, and the atom's name '{name.strip()}' in residue "
        f"'{residue or '?'}' {choices}.",
        hint=HINT,
        kind="unknown_element",
    )


def _set_cell(atoms: ase.Atoms, line: str, path: Path) -> Iterator[Notice]:
    """Make the atoms periodic where the file says how.

    Raises:
        InputError: Kind ``asymmetric_unit``, or a cell that makes no sense.
    """
    if not line:
        return
    try:
        numbers = [float(line[start:end]) for start, end in ((6, 15), (15, 24), (24, 33), (33, 40), (40, 47), (47, 54))]
    except ValueError as error:
        raise InputError(
            f"{path}: its CRYST1 line holds no cell.",
            hint="Correct the line, or remove it to treat the atoms as a molecule.",
            kind="unreadable_structure",
        ) from error
    if max(numbers[:3]) <= FILLER_ANGSTROM:
        yield Notice(
            "filler_cell",
            f"{path.name}: its cell of {numbers[0]:g} × {numbers[1]:g} × {numbers[2]:g} Å is a filler; read as a "
            "molecule without a cell.",
        )
        return
    group = line[55:66].strip()
    if _has_symmetry(group):
        raise InputError(
            f"{path}: it holds the asymmetric unit of a crystal in {group}, not all atoms of the cell.",
            hint="Write all atoms of the cell in P 1, or remove the CRYST1 line to treat it as a molecule.",
            kind="asymmetric_unit",
        )
    atoms.set_cell(np.array(Cell.new(numbers)))
    atoms.pbc = True


def _has_symmetry(group: str) -> bool:
    """Tell whether a space group has more operations than the identity."""
    return bool(group) and re.sub(r"\s", "", group).upper() not in {"P1", "1"}
