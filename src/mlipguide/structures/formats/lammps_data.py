"""LAMMPS data files (https://docs.lammps.org/read_data.html).

ASE 3.29 sorts the atoms by id but not their type labels, and takes the nearest mass for an element's however far it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import ase
import numpy as np
from ase.data import atomic_masses
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.frames import outside, read_text
from mlipguide.structures.formats.type_elements import AtomType, find_elements, first_word, isotope_masses

STYLES = {
    "angle": (2, 3, 6),
    "atomic": (1, 2, 5),
    "bond": (2, 3, 6),
    "charge": (1, 3, 6),
    "dipole": (1, 3, 9),
    "full": (2, 4, 7),
    "molecular": (2, 3, 6),
    "sphere": (1, 4, 7),
}
"""Of an atom style: the columns, from 0, of the type and of x, and how many there are without image flags."""

COLUMNS = {5: "atomic", 7: "full", 8: "atomic", 10: "full"}
"""The style of so many columns, where the file does not name it; of 6 and 9 the third column tells."""

IMAGE_FLAGS = 3
HINT = (
    "Add a Masses section with the elements' masses or with '# symbol' behind each, or an Atom Type Labels section "
    "with chemical symbols; or convert it to extended XYZ."
)
_SECTION = re.compile(r"[A-Z][A-Za-z0-9/]*(?: [A-Za-z][A-Za-z0-9/]*)*")
_BOX = {"xlo xhi": 0, "ylo yhi": 1, "zlo zhi": 2}


@dataclass
class _Contents:
    """What the file says, section after section."""

    atoms: int = 0
    bounds: NDArray[np.float64] = field(default_factory=lambda: np.array([[-0.5, 0.5]] * 3))
    tilts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    vectors: dict[str, list[float]] = field(default_factory=dict)
    masses: dict[str, tuple[float, str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    style: str = ""
    units: str = ""


def read_lammps_data(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read a LAMMPS data file, atoms in the order of their ids.

    Args:
        path: The file; lengths in Å (units ``metal`` or ``real``).
        frame: 0 or -1: it holds one structure.

    Raises:
        InputError: Another frame, elements that are not to be told, an atom style that is not known, a file that is cut
            short or in other units.
    """
    if frame not in {0, -1}:
        raise outside(path, frame, 1)
    contents = _parse(read_text(path), path)
    if contents.units not in {"", "metal", "real"}:
        raise InputError(
            f"{path}: its units are {contents.units}; only metal and real have lengths in Å.",
            hint="Convert it to extended XYZ with lengths in Å.",
            kind="unknown_units",
        )
    if len(contents.rows) < contents.atoms or not contents.rows:
        raise InputError(
            f"Cannot read {path} as lammps-data: it ends before the structure is complete ({contents.atoms:,} atoms "
            f"are announced, {len(contents.rows):,} are there).",
            hint="The file is cut short or damaged.",
            kind="unreadable_structure",
        )
    kinds, places = _atoms_of(contents, path)
    types = _types_of(contents, kinds)
    elements, notices = find_elements(types, source=str(path), hint=HINT)
    atoms = ase.Atoms([elements[kind] for kind in kinds], positions=places, cell=_cell(contents), pbc=True)
    heavy = isotope_masses(types, elements)
    if heavy:
        atoms.set_masses([heavy.get(kind, atomic_masses[z]) for kind, z in zip(kinds, atoms.numbers, strict=True)])
    return atoms, notices


def _parse(text: str, path: Path) -> _Contents:
    contents = _Contents()
    lines = iter(text.splitlines())
    title = next(lines, "")
    units = re.search(r"units\s*=\s*(\w+)", title)
    contents.units = units[1] if units else ""
    section = ""
    for number, line in enumerate(lines, start=2):
        content, _, comment = line.partition("#")
        content = content.strip()
        if not content:
            continue
        if _SECTION.fullmatch(content):
            section = content
            if section == "Atoms":
                contents.style = comment.strip()
            continue
        try:
            _take(contents, section, content, comment)
        except (ValueError, IndexError) as error:
            raise InputError(
                f"Cannot read {path} as lammps-data: line {number} makes no sense: '{line.strip()[:60]}'.",
                hint="The file is cut short or damaged.",
                kind="unreadable_structure",
            ) from error
    return contents


def _take(contents: _Contents, section: str, content: str, comment: str) -> None:
    """Take one line of a section, or of the header where there is none yet."""
    words = content.split()
    if section == "":
        _take_header(contents, words)
    elif section == "Atoms":
        contents.rows.append(words)
    elif section == "Masses":
        contents.masses[words[0]] = (float(words[1]), comment.strip())
    elif section == "Atom Type Labels":
        int(words[0])
        contents.labels[words[0]] = words[1]


def _take_header(contents: _Contents, words: list[str]) -> None:
    name = " ".join(words[-2:])
    if words[1:] == ["atoms"]:
        contents.atoms = int(words[0])
    elif name in _BOX:
        contents.bounds[_BOX[name]] = [float(word) for word in words[:2]]
    elif words[-3:] == ["xy", "xz", "yz"]:
        contents.tilts = np.array([float(word) for word in words[:3]])
    elif words[-1] in {"avec", "bvec", "cvec"}:
        contents.vectors[words[-1]] = [float(word) for word in words[:3]]


def _cell(contents: _Contents) -> NDArray[np.float64]:
    if contents.vectors:
        return np.array([contents.vectors[name] for name in ("avec", "bvec", "cvec")])
    cell = np.diag(contents.bounds[:, 1] - contents.bounds[:, 0])
    cell[1, 0], cell[2, 0], cell[2, 1] = contents.tilts
    return cell


def _atoms_of(contents: _Contents, path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Return type names and positions in the order of the ids, image flags unfolded."""
    rows = contents.rows[: contents.atoms]
    style = contents.style.split()[0] if contents.style else _guess_style(rows, contents)
    if style not in STYLES:
        raise _unknown_style(path, contents.style, len(rows[0]))
    kind, first, width = STYLES[style]
    if any(len(row) not in {width, width + IMAGE_FLAGS} for row in rows):
        odd = next(row for row in rows if len(row) not in {width, width + IMAGE_FLAGS})
        raise _unknown_style(path, style, len(odd))
    try:
        ids = np.array([int(row[0]) for row in rows])
        places = np.array([[float(word) for word in row[first : first + 3]] for row in rows])
        flags = np.array([[int(word) for word in row[width:]] or [0, 0, 0] for row in rows], dtype=float)
    except ValueError as error:
        raise InputError(
            f"Cannot read {path} as lammps-data: a row of its Atoms section holds words where numbers are expected.",
            hint="The file is damaged, or its atom style is another than it says.",
            kind="unreadable_structure",
        ) from error
    if len(np.unique(ids)) != len(ids):
        raise InputError(
            f"{path}: two atoms have the same id.", hint="The file is damaged.", kind="unreadable_structure"
        )
    order = np.argsort(ids, kind="stable")
    kinds = [rows[index][kind] for index in order]
    return kinds, (places + flags @ _cell(contents))[order]


def _guess_style(rows: list[list[str]], contents: _Contents) -> str:
    width = len(rows[0])
    if width in COLUMNS:
        return COLUMNS[width]
    if width in {6, 9}:
        known = {*contents.masses, *contents.labels.values(), *contents.labels}
        whole = all(row[2] in known or row[2].isdecimal() for row in rows if len(row) > 2)  # noqa: PLR2004
        return "molecular" if whole else "charge"
    return ""


def _unknown_style(path: Path, style: str, columns: int) -> InputError:
    return InputError(
        f"{path}: rows of {columns} columns in the Atoms section "
        + (f"are not of the atom style '{style}'." if style else "are of no atom style that is known here."),
        hint=f"Write the style behind the section's name (Atoms # full); known are {', '.join(STYLES)}.",
        kind="unknown_style",
    )


def _types_of(contents: _Contents, kinds: list[str]) -> list[AtomType]:
    """Return what is said of each type that atoms have, in the order of first use."""
    numbers = {label: number for number, label in contents.labels.items()}
    found = []
    for name in dict.fromkeys(kinds):
        number, label = (numbers.get(name, name), contents.labels.get(name, "" if name.isdecimal() else name))
        mass, comment = contents.masses.get(number) or contents.masses.get(label) or (None, "")
        labels = (*((label,) if label else ()), *first_word(comment))
        found.append(AtomType(name=name, mass_u=mass, labels=labels))
    return found
