"""What is known of the user's structure without running anything."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class StructureSummary:
    """A description that is enough to choose models and to recognise the same kind of structure again.

    Attributes:
        source: The file with its frame (``LiFePO4.cif``, ``run.extxyz@3``) or the preset (``preset:water``).
        formula: Of all atoms, in Hill order.
        reduced_formula: Divided by the greatest common divisor, in Hill order.
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
