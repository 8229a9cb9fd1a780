"""What is known of a structure without running anything, and whether two are of the same kind."""

from __future__ import annotations

import math
from collections import Counter

import ase
from ase.data import atomic_numbers

from mlipguide.core.formulas import have_same_composition, reduced_formula, write_formula
from mlipguide.records.task.structure import StructureSummary
from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.signs import is_isolated

DENSITY_TOLERANCE = 0.02
ALL_DIRECTIONS = 3


def summarise(atoms: ase.Atoms, *, source: str) -> StructureSummary:
    """Describe a structure.

    Args:
        atoms: A structure that :func:`mlipguide.structures.checks.check_structure` has passed.
        source: What to call it: the file with its frame, or the preset.
    """
    counts = Counter(str(symbol) for symbol in atoms.symbols)
    a, b, c, alpha, beta, gamma = (float(number) for number in atoms.cell.cellpar())
    has_cell = atoms.cell.rank > 0
    fully_periodic = bool(all(atoms.pbc))
    return StructureSummary(
        source=source,
        formula=write_formula(counts),
        reduced_formula=formula_of(atoms),
        elements=tuple(sorted(counts, key=lambda symbol: atomic_numbers[symbol])),
        atoms=len(atoms),
        periodic=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2])),
        cell_lengths_angstrom=(a, b, c) if has_cell else None,
        cell_angles_degree=(alpha, beta, gamma) if has_cell else None,
        number_density_per_angstrom3=len(atoms) / float(atoms.cell.volume) if fully_periodic else None,
        shortest_distance_angstrom=find_shortest_distance(atoms),
    )


def formula_of(atoms: ase.Atoms) -> str:
    """Return the formula with the smallest whole numbers; of an isolated molecule, in a box or not, all its atoms."""
    return reduced_formula(Counter(str(symbol) for symbol in atoms.symbols), molecule=is_isolated(atoms))


def is_same_kind(a: StructureSummary, b: StructureSummary) -> bool:
    """Tell whether timings of one structure, scaled to the number of atoms, hold for the other.

    They do for the same proportions of elements, as many periodic directions, and as many atoms per periodic volume
    (area, length) within 2 %. Two molecules in vacuum are of the same kind only if their full formulas are
    equal.
    """
    if sum(a.periodic) != sum(b.periodic):
        return False
    if not any(a.periodic):
        return a.formula == b.formula
    density_a, density_b = _density(a), _density(b)
    if not have_same_composition(a.reduced_formula, b.reduced_formula) or density_a is None or density_b is None:
        return False
    return abs(density_a - density_b) <= DENSITY_TOLERANCE * max(density_a, density_b)


def _density(summary: StructureSummary) -> float | None:
    """Return atoms per Å³, or per Å² and Å along the periodic directions; None when the cell is not known."""
    if sum(summary.periodic) == ALL_DIRECTIONS:
        return summary.number_density_per_angstrom3
    if summary.cell_lengths_angstrom is None or summary.cell_angles_degree is None:
        return None
    extent = math.prod(
        length
        for length, is_periodic in zip(summary.cell_lengths_angstrom, summary.periodic, strict=True)
        if is_periodic
    )
    if sum(summary.periodic) == ALL_DIRECTIONS - 1:
        angle = summary.cell_angles_degree[summary.periodic.index(False)]
        extent *= math.sin(math.radians(angle))
    return summary.atoms / extent
