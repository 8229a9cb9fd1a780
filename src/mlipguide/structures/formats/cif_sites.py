"""The sites of a CIF block: elements, coordinates, occupancies and cell, with gemmi's parser."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ase
import numpy as np
from ase.cell import Cell
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.structures.formats.cif_facts import HYDROGENS, read_facts
from mlipguide.structures.formats.cif_symmetry import find_settings, values
from mlipguide.structures.isotopes import ISOTOPE_MASSES
from mlipguide.structures.species import is_partial, refuse_shared_sites

if TYPE_CHECKING:
    import gemmi


NO_VALUE = {"?", "."}
CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
MOST_DIGITS = 16
FILLER_ANGSTROM = 1.5
"""Cells of 1 Å stand in files of molecules that have none."""


@dataclass(frozen=True, kw_only=True)
class Sites:
    """What a block lists.

    Attributes:
        numbers: Atomic numbers, shape (sites,).
        places: Fractional coordinates, or Å without a cell, shape (sites, 3).
        digits: Decimal places of the coordinates, shape (sites,).
        cell: Vectors in rows, in Å; None for a molecule.
        labels: As the file names the sites.
        masses: In u, NaN where it is the natural one, shape (sites,).
        notices: What was assumed.
    """

    numbers: NDArray[np.int64]
    places: NDArray[np.float64]
    digits: NDArray[np.int64]
    cell: NDArray[np.float64] | None
    labels: tuple[str, ...]
    masses: NDArray[np.float64]
    notices: tuple[Notice, ...] = field(default=())

    def with_masses(self, atoms: ase.Atoms, owner: NDArray[np.int64]) -> ase.Atoms:
        """Give the atoms the masses of isotopes, where a site has one."""
        masses = self.masses[owner]
        if np.isfinite(masses).any():
            atoms.set_masses(np.where(np.isfinite(masses), masses, atomic_masses[atoms.numbers]))
        return atoms


def has_sites(block: gemmi.cif.Block) -> bool:
    """Tell whether a block lists atoms with coordinates."""
    places = ("_atom_site_fract_x", "_atom_site_cartn_x", "_atom_site.fract_x", "_atom_site.cartn_x")
    names = ("_atom_site_type_symbol", "_atom_site_label", "_atom_site.type_symbol")
    placed = any(text not in NO_VALUE for tag in places for text in block.find_values(tag))
    return placed and any(len(block.find_values(tag)) for tag in names)


def read_sites(block: gemmi.cif.Block, *, source: str) -> Sites:
    """Return the sites of a block.

    Raises:
        InputError: Coordinates, elements or cell that are not there, partial occupancies, or an mmCIF with the
            asymmetric unit of a crystal alone.
    """
    separator = "." if len(block.find_values("_atom_site.type_symbol")) else "_"
    column = _Columns(block, separator)
    cell = _cell(block, separator, source)
    kept = column.real_rows()
    labels = tuple(column.label(row) for row in kept)
    _require_full(column, kept, source)
    symbols = [_symbol(column, row, block, source) for row in kept]
    places = np.array([column.place(row, source) for row in kept], dtype=float).reshape(-1, 3)
    if column.cartesian and cell is not None:
        if separator == ".":
            _require_p1(block, cell, source)
        places = np.linalg.solve(cell.T, places.T).T
    if not column.cartesian and cell is None:
        raise InputError(
            f"{source}: fractional coordinates, but the cell is missing.",
            hint="Add _cell_length_a and the other five numbers of the cell.",
            kind="missing_cell",
        )
    return Sites(
        numbers=np.array([atomic_numbers["H" if name in ISOTOPE_MASSES else name] for name in symbols], dtype=np.int64),
        places=places,
        digits=np.array([column.digits(row) for row in kept], dtype=np.int64),
        cell=cell,
        labels=labels,
        masses=np.array([ISOTOPE_MASSES.get(name, math.nan) for name in symbols], dtype=float),
    )


class _Columns:
    """The loop of sites."""

    def __init__(self, block: gemmi.cif.Block, separator: str) -> None:
        self._block, self._separator = block, separator
        self.cartesian = not any(text not in NO_VALUE for text in self.texts("fract_x"))
        names = ("Cartn_x", "Cartn_y", "Cartn_z") if self.cartesian else ("fract_x", "fract_y", "fract_z")
        self._places = [self.texts(name) for name in names]
        self.symbols = self.texts("type_symbol")
        self.labels = self.texts("label") or self.texts("label_atom_id")
        self.shares = self.texts("occupancy")
        self._flags = self.texts("calc_flag")
        self._models = self.texts("pdbx_PDB_model_num")

    def texts(self, name: str) -> list[str]:
        """Return a column, without quotes; empty where it is missing."""
        import gemmi

        return [
            gemmi.cif.as_string(text) or text for text in self._block.find_values(f"_atom_site{self._separator}{name}")
        ]

    def real_rows(self) -> list[int]:
        """Return the rows that are atoms: no dummies, of mmCIF the first model."""
        rows = range(len(self._places[0]))
        return [
            row
            for row in rows
            if not (row < len(self._flags) and self._flags[row].lower() in {"dum", "dummy"})
            and not (row < len(self._models) and self._models[row] != self._models[0])
        ]

    def label(self, row: int) -> str:
        """Return the name of a site."""
        if row < len(self.labels) and self.labels[row] not in NO_VALUE:
            return self.labels[row]
        return f"{self.symbols[row] if row < len(self.symbols) else 'site'} ({row + 1})"

    def digits(self, row: int) -> int:
        """Return the decimal places of the coordinate that has most; of 0.25 and 0.3333 it is the latter's."""
        decimals = [re.search(r"\.(\d+)", column[row]) for column in self._places if row < len(column)]
        return max((len(match[1]) for match in decimals if match), default=MOST_DIGITS)

    def place(self, row: int, source: str) -> list[float]:
        """Return the coordinates of a site."""
        import gemmi

        found = [gemmi.cif.as_number(column[row]) if row < len(column) else math.nan for column in self._places]
        if not all(map(math.isfinite, found)):
            raise InputError(
                f"{source}: the coordinates of site {self.label(row)} are not there or no numbers.",
                hint="Remove the site or complete it; the file may be cut short.",
                kind="unreadable_structure",
            )
        return found


def _cell(block: gemmi.cif.Block, separator: str, source: str) -> NDArray[np.float64] | None:
    import gemmi

    texts = [next(iter(values(block, (f"_cell{separator}{name}",))), None) for name in CELL]
    if all(text is None for text in texts):
        return None
    numbers = [gemmi.cif.as_number(text) if text is not None else math.nan for text in texts]
    lengths, angles = numbers[:3], numbers[3:]
    if separator == "." and all(math.isfinite(length) and length < FILLER_ANGSTROM for length in lengths):
        return None
    wrong = [
        name
        for name, one in zip(CELL, numbers, strict=True)
        if not (math.isfinite(one) and 0 < one < (180.0 if name.startswith("angle") else math.inf))
    ]
    if wrong:
        raise InputError(
            f"{source}: _cell_{wrong[0]} is not there or makes no sense.",
            hint="Correct the cell: lengths in Å, angles in degrees.",
            kind="unreadable_structure",
        )
    vectors = np.array(Cell.new(numbers))
    if not np.isfinite(vectors).all():
        raise InputError(
            f"{source}: no cell has the angles {', '.join(f'{angle:g}' for angle in angles)} degrees.",
            hint="Correct the angles.",
            kind="flat_cell",
        )
    return vectors


def _require_full(column: _Columns, rows: list[int], source: str) -> None:
    import gemmi

    if not column.shares:
        return
    shares = {row: gemmi.cif.as_number(column.shares[row]) for row in rows if row < len(column.shares)}
    refuse_shared_sites(
        [f"{column.label(row)} ({column.shares[row]})" for row, share in shares.items() if is_partial(share)], source
    )


def _require_p1(block: gemmi.cif.Block, cell: NDArray[np.float64], source: str) -> None:
    """Refuse an mmCIF crystal with symmetry: it holds the asymmetric unit alone."""
    settings = find_settings(block, cell, source=source)
    if len(settings[0].operations) > 1:
        raise InputError(
            f"{source}: it holds the asymmetric unit of a crystal in {settings[0].words}, not all atoms of the cell.",
            hint="Write all atoms of the cell in P 1, or remove the cell to treat it as a molecule.",
            kind="asymmetric_unit",
        )


def _symbol(column: _Columns, row: int, block: gemmi.cif.Block, source: str) -> str:
    """Return the element of a site, from its type symbol or else its label."""
    if row < len(column.symbols) and column.symbols[row] not in NO_VALUE:
        text = column.symbols[row]
        letters = re.match(r"[A-Za-z]+", text)
        name = letters[0].capitalize() if letters else ""
        if name in ISOTOPE_MASSES or (name in atomic_numbers and name != "X"):
            return name
        if letters and text[:1].isupper() and re.fullmatch(r"(C|Si|S|N|O|H)(val?|iva|sp\d?)?[a-z]{0,2}", letters[0]):
            return "Si" if text.startswith("Si") else text[0]
        raise _unknown(source, text, column.label(row))
    return _from_label(column.label(row), block, source)


def _from_label(label: str, block: gemmi.cif.Block, source: str) -> str:
    """Return the element that a label begins with; where two fit, the one that the formula has.

    Raises:
        InputError: None fits, or two and nothing decides.
    """
    letters = re.match(r"[A-Za-z]+", label)
    if letters is None:
        raise _unknown(source, label, label)
    two, one = letters[0][:2].capitalize(), letters[0][0].upper()
    fitting = [
        name for name in dict.fromkeys((two, one)) if name in ISOTOPE_MASSES or (name in atomic_numbers and name != "X")
    ]
    formula = read_facts(block).formula or {}
    decided = [name for name in fitting if HYDROGENS.get(name, name) in formula]
    if len(decided) == 1:
        return decided[0]
    if letters[0][1:2].islower() and two in fitting:
        return two
    if len(fitting) > 1:
        raise InputError(
            f"{source}: the label '{label}' may be {two} or {one}, and there is no type symbol.",
            hint="Add the column _atom_site_type_symbol.",
            kind="ambiguous_element",
        )
    if not fitting:
        raise _unknown(source, label, label)
    return fitting[0]


def _unknown(source: str, text: str, label: str) -> InputError:
    return InputError(
        f"{source}: '{text}' of site {label} is not a chemical element.",
        hint="Write chemical symbols in the column _atom_site_type_symbol.",
        kind="unknown_element",
    )
