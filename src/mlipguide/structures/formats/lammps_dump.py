"""LAMMPS text dumps (https://docs.lammps.org/dump.html).

ASE takes type numbers for atomic numbers, any mass for an element's, and gives frames with forces an energy of 0.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ase
import numpy as np
from ase.calculators.lammps import convert
from ase.data import atomic_masses
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.frames import outside
from mlipguide.structures.formats.opening import open_file
from mlipguide.structures.formats.type_elements import AtomType, find_elements, isotope_masses

HINT = (
    "Write the dump with the column 'element' (dump … custom … element x y z, dump_modify … element Na Cl), or with "
    "'mass', where masses are the elements'."
)
FRAME = "ITEM: TIMESTEP"
PLACES = (("x", "y", "z"), ("xu", "yu", "zu"), ("xs", "ys", "zs"), ("xsu", "ysu", "zsu"))
FORCES = ("fx", "fy", "fz")
DEFAULT_ELEMENT = "C"
"""What LAMMPS writes for every type where dump_modify names no elements."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """One frame: its items by name, with what stands behind the name, and the lines below."""

    items: dict[str, tuple[list[str], list[str]]]


def read_lammps_dump(path: Path, frame: int) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Read one frame of a text dump, atoms in the order of their ids where there are ids.

    Raises:
        InputError: No such frame, elements that are not to be told, other units than metal and real, or a frame that
            is cut short.
    """
    chosen, count = None, 0
    with open_file(path) as stream:
        texts = _frames(stream)
        if frame >= 0:
            for count, text in enumerate(texts, start=1):
                if count == frame + 1:
                    chosen = text
                    break
        else:
            last = deque[list[str]](maxlen=-frame)
            for count, text in enumerate(texts, start=1):  # noqa: B007  # the count is used after the loop
                last.append(text)
            chosen = last[0] if len(last) == -frame else None
    if chosen is None:
        raise outside(path, frame, count)
    return _built(chosen, path)


def iterate_lammps_dump(path: Path) -> Iterator[ase.Atoms]:
    """Yield the frames one after another, each with the forces that the dump has, in eV/Å.

    Raises:
        InputError: As :func:`read_lammps_dump` does.
    """
    with open_file(path) as stream:
        for index, text in enumerate(_frames(stream)):
            yield _built(text, path, f", frame {index}")[0]


def _frames(stream: Iterator[str]) -> Iterator[list[str]]:
    lines: list[str] = []
    started = False
    for line in stream:
        if line.startswith(FRAME):
            if started:
                yield lines
                lines = []
            started = True
        lines.append(line)
    if started:
        yield lines


def _built(lines: list[str], path: Path, where: str = "") -> tuple[ase.Atoms, tuple[Notice, ...]]:
    try:
        return _build(_split(lines), path)
    except (ValueError, IndexError, KeyError) as error:
        raise InputError(
            f"Cannot read {path}{where} as lammps-dump-text: the frame ends before it is complete, or makes no sense.",
            hint="The file is cut short or damaged. If only its end is damaged, choose an earlier frame with --index.",
            kind="unreadable_structure",
        ) from error


def _split(lines: list[str]) -> _Frame:
    items: dict[str, tuple[list[str], list[str]]] = {}
    name = ""
    for line in lines:
        if line.startswith("ITEM:"):
            words = line.split()[1:]
            length = {"NUMBER": 3, "BOX": 2}.get(words[0], 1)
            name = " ".join(words[:length])
            items[name] = (words[length:], [])
        elif name:
            items[name][1].append(line)
    return _Frame(items=items)


def _build(frame: _Frame, path: Path) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    units = frame.items.get("UNITS", ([], ["metal"]))[1][0].strip()
    if units not in {"metal", "real"}:
        raise InputError(
            f"{path}: its units are {units}; only metal and real have lengths in Å.",
            hint="Convert it to extended XYZ with lengths in Å.",
            kind="unknown_units",
        )
    count = int(frame.items["NUMBER OF ATOMS"][1][0])
    names, lines = frame.items["ATOMS"]
    rows = [line.split() for line in itertools.islice(lines, count)]
    if len(rows) < count or any(len(row) < len(names) for row in rows):
        raise ValueError("incomplete")
    column = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    kinds, elements, masses, notices = _elements(column, path)
    cell, origin, periodic = _box(*frame.items["BOX BOUNDS"])
    symbols = [elements[kind] for kind in kinds]
    atoms = ase.Atoms(symbols, positions=_positions(column, cell, origin), cell=cell, pbc=periodic)
    if masses:
        atoms.set_masses([masses.get(kind, atomic_masses[z]) for kind, z in zip(kinds, atoms.numbers, strict=True)])
    if all(name in column for name in FORCES):
        forces = np.array([[float(one) for one in column[name]] for name in FORCES]).T
        atoms.new_array("forces", convert(forces, "force", units, "ASE"))
    if "id" in column:
        order = np.argsort([int(one) for one in column["id"]], kind="stable")
        atoms = atoms[order]
    return atoms, notices


def _positions(
    column: dict[str, list[str]], cell: NDArray[np.float64], origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    names = next(names for names in (*PLACES, ()) if all(name in column for name in names))
    if not names:
        raise ValueError("no positions")
    places = np.array([[float(one) for one in column[name]] for name in names]).T
    return origin + places @ cell if names[0].startswith("xs") else places


def _elements(
    column: dict[str, list[str]], path: Path
) -> tuple[list[str], dict[str, str], dict[str, float], tuple[Notice, ...]]:
    """Return the name of each atom's type, the element of each type, masses of isotopes, and what was assumed."""
    kinds = next((column[name] for name in ("type", "typelabel", "element", "mass") if name in column), [])
    several = len(set(kinds)) > 1
    shown = column.get("element")
    if shown is not None and several and set(shown) == {DEFAULT_ELEMENT} and "type" in column:
        raise InputError(
            f"{path}: {len(set(kinds))} atom types, all of which it calls carbon: LAMMPS writes C for every type that "
            "dump_modify gives no element.",
            hint=HINT,
            kind="unknown_element",
        )
    types: dict[str, AtomType] = {}
    for row, kind in enumerate(kinds):
        if kind not in types:
            labels = tuple(column[name][row] for name in ("element", "typelabel") if name in column)
            mass = float(column["mass"][row]) if "mass" in column else None
            types[kind] = AtomType(name=kind, mass_u=mass, labels=labels)
    elements, notices = find_elements(types.values(), source=str(path), hint=HINT)
    return kinds, elements, isotope_masses(types.values(), elements), notices


def _box(words: list[str], lines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64], list[bool]]:
    """Return cell vectors, origin and periodicity (https://docs.lammps.org/Howto_triclinic.html)."""
    rows = np.array([[float(word) for word in line.split()] for line in lines[:3]])
    periodic = [word.startswith("p") for word in words[-3:]] if len(words) >= 3 else [False] * 3  # noqa: PLR2004
    if words[:1] == ["abc"]:
        return rows[:, :3], rows[:, 3], periodic
    low, high = rows[:, 0].copy(), rows[:, 1].copy()
    xy, xz, yz = rows[:, 2] if rows.shape[1] > 2 else np.zeros(3)  # noqa: PLR2004
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    return cell, low, periodic
