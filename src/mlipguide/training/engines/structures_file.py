"""Structures without labels as one file of extended XYZ for a training program, every number with all its digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ase


def structures_text(structures: Sequence[ase.Atoms]) -> str:
    """Return the structures in the order given."""
    return "".join(_text(atoms) for atoms in structures)


def _text(atoms: ase.Atoms) -> str:
    periodic = " ".join("T" if axis else "F" for axis in atoms.pbc)
    header = f'Lattice="{row(atoms.cell.array.ravel())}" Properties=species:S:1:pos:R:3 pbc="{periodic}"'
    symbols = atoms.get_chemical_symbols()
    lines = [f"{symbol} {row(position)}" for symbol, position in zip(symbols, atoms.positions, strict=True)]
    return "\n".join([str(len(atoms)), header, *lines, ""])


def row(values: Iterable[float]) -> str:
    """Return numbers in one line."""
    return " ".join(repr(float(value)) for value in values)
