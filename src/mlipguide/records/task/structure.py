"""What is known of the user's structure without running anything."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.core.formulas import as_written
from mlipguide.records.checks import require, require_atoms, require_elements, require_positive, require_within
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class StructureSummary:
    """A description that is enough to choose models and to recognise the same kind of structure again.

    Attributes:
        source: The file with its frame (``LiFePO4.cif``, ``run.extxyz@3``) or the preset (``preset:water``).
        formula: Of all atoms, as the field writes it (``Li4Fe4P4O16``).
        reduced_formula: Divided by the greatest common divisor; of a molecule all its atoms (``LiFePO4``, ``C6H6``).
        elements: Chemical symbols, in order of atomic number.
        atoms: Number of atoms.
        periodic: Along each of the three cell vectors.
        cell_lengths_angstrom: Lengths of the cell vectors; None without a cell.
        cell_angles_degree: Angles of the cell; None without a cell.
        number_density_per_angstrom3: Atoms per volume; None without a fully periodic cell.
        shortest_distance_angstrom: Between any two atoms, images included; None for a single isolated atom.
    """

    source: str
    formula: str
    reduced_formula: str
    elements: tuple[str, ...]
    atoms: int
    periodic: tuple[bool, bool, bool]
    cell_lengths_angstrom: tuple[float, float, float] | None
    cell_angles_degree: tuple[float, float, float] | None
    number_density_per_angstrom3: float | None
    shortest_distance_angstrom: float | None

    def __post_init__(self) -> None:
        """Write formulas of earlier versions, in the order of the alphabet, as they are written now."""
        reduced = self.reduced_formula if any(self.periodic) else self.formula
        object.__setattr__(self, "formula", as_written(self.formula))
        object.__setattr__(self, "reduced_formula", as_written(reduced))

    def check(self) -> None:
        """Refuse a description of nothing that there can be.

        Raises:
            ValueError: What does not make sense.
        """
        require_atoms(atoms=self.atoms)
        require_elements(self.elements)
        require(bool(self.formula and self.reduced_formula), "the formula is empty")
        for length in self.cell_lengths_angstrom or ():
            require_within(0, 1e9, cell_lengths_angstrom=length)
        require_positive(
            1e9,
            number_density_per_angstrom3=self.number_density_per_angstrom3,
            shortest_distance_angstrom=self.shortest_distance_angstrom,
        )


@strict
@dataclass(frozen=True, kw_only=True)
class AtomMass:
    """Atoms of one element that have one mass.

    Attributes:
        element: Chemical symbol.
        mass_dalton: Of one atom.
        atoms: How many there are.
    """

    element: str
    mass_dalton: float
    atoms: int
