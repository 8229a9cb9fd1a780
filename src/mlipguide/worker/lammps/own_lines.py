"""A pair style of the user's own: the lines that an input for LAMMPS has for it, in a file of their own.

Such a file is::

    # copper of Foiles, Baskes and Daw
    pair_style eam
    pair_coeff 1 1 Cu_u3.eam
    labelmap   atom 1 Cu

The elements of LAMMPS's atom types are those that end the line ``pair_coeff * *``, or those of a ``labelmap``. Files
are looked for beside the lines. LAMMPS is not imported, for scripts are written from such a file too.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..failures import WorkerError
from .forms import METAL, REAL, Potential

TAKEN = ("pair_style", "pair_coeff", "pair_modify", "units", "labelmap")
EVERY_PAIR = ("pair_coeff", "*", "*")
APART_ANGSTROM = 6.0
"""Of the atoms that LAMMPS is asked about; what it says of its lists does not depend on it."""
CUTOFF_WORDS = "master list distance cutoff ="


def holds_lines(path: Path) -> bool:
    """Tell whether a file holds lines, and not a record of a potential."""
    try:
        return "pair_style" in path.read_text(encoding="utf-8").partition("{")[0]
    except (OSError, UnicodeDecodeError):
        return False


def read_lines(path: Path) -> Potential:
    """Read the lines; the cutoff is not among them and stays 0 (see :func:`with_cutoff`).

    Raises:
        WorkerError: Kind ``weights``: the file cannot be read, has other commands, or does not say its elements.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkerError("weights", f"'{path}' holds no lines for LAMMPS: {error}.") from error
    lines = [line.partition("#")[0].split() for line in re.sub(r"&[ \t]*\n", " ", text).splitlines()]
    lines = [line for line in lines if line]
    other = next((line for line in lines if line[0] not in TAKEN), None)
    if other is not None:
        raise WorkerError("weights", f"'{path}' has the line '{' '.join(other)}'; taken are {', '.join(TAKEN)}.")
    named = {line[0]: line for line in lines}
    units = named.get("units", ["units", METAL])[1:]
    if units not in ([METAL], [REAL]):
        raise WorkerError("weights", f"'{path}' has units {' '.join(units)}; known are {METAL} and {REAL}.")
    pairs = [line for line in lines if line[0].startswith("pair_")]
    return Potential(
        pair_style=" ".join(named.get("pair_style", [])[1:]),
        files=(),
        elements=_elements(path, lines),
        cutoff_angstrom=0.0,
        parameters=None,
        units=units[0],
        lines=tuple(" ".join(_with_place(word, path.parent) for word in line) for line in pairs),
    )


def _elements(path: Path, lines: list[list[str]]) -> tuple[str, ...]:
    from ase.data import atomic_numbers

    for line in lines:
        if line[:2] == ["labelmap", "atom"]:
            return tuple(line[3::2])
    found: list[str] = []
    for line in lines:
        if tuple(line[:3]) == EVERY_PAIR:
            tail: list[str] = []
            for word in reversed(line):
                if word not in atomic_numbers:
                    break
                tail.insert(0, word)
            found = max(found, tail, key=len)
    if not found:
        raise WorkerError(
            "weights",
            f"'{path}' does not say the elements of its atom types: end 'pair_coeff * *' with them, or add a line "
            "'labelmap atom 1 Cu 2 Ni'.",
        )
    return tuple(found)


def _with_place(word: str, folder: Path) -> str:
    file = folder.absolute() / word
    return f'"{file}"' if file.is_file() else word


def with_cutoff(potential: Potential, instance: Any) -> Potential:
    """Return a potential with the cutoff that LAMMPS says of its list of neighbours.

    Args:
        potential: One that was read from lines.
        instance: An empty LAMMPS.
    """
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", suffix=".log") as log:
        instance.command(f"log {log.name}")
        for command in (
            f"units {potential.units}",
            f"atom_style {potential.atom_style}",
            "atom_modify map array",
            f"region cell block 0 {APART_ANGSTROM * len(potential.elements)} 0 {APART_ANGSTROM} 0 {APART_ANGSTROM}",
            f"create_box {len(potential.elements)} cell",
            *(
                f"create_atoms {kind + 1} single {APART_ANGSTROM * (kind + 0.5)} {APART_ANGSTROM / 2} "
                f"{APART_ANGSTROM / 2}"
                for kind in range(len(potential.elements))
            ),
            "mass * 1.0",
            *potential.commands(),
            "neighbor 0.0 bin",
            "run 0 post no",
            "log none",
        ):
            instance.command(command)
        text = log.read()
    _, found, rest = text.partition(CUTOFF_WORDS)
    if not found:
        raise WorkerError("weights", f"LAMMPS does not say the cutoff of pair_style {potential.pair_style}.")
    return replace(potential, cutoff_angstrom=float(rest.split()[0]))
