"""What a CIF says of its whole cell beside the sites: formula, formula units, density."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ase
from ase.data import atomic_masses, atomic_numbers
from ase.units import kg, m

from mlipguide.core.formulas import write_formula
from mlipguide.structures.formats.cif_symmetry import values

if TYPE_CHECKING:
    import gemmi

FORMULA = ("_chemical_formula_sum", "_chemical_formula.sum", "_chemical_formula_iupac", "_chemical_formula_structural")
UNITS = ("_cell_formula_units_z", "_cell.formula_units_z", "_cell.formula_units_Z")
DENSITY = ("_exptl_crystal_density_diffrn", "_exptl_crystal.density_diffrn", "_exptl_crystal_density_meas")
COUNT_TOLERANCE = 0.01
DENSITY_TOLERANCE = 0.03
HYDROGENS = {"D": "H", "T": "H"}
_TERM = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d*)?|\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class CellFacts:
    """What a file says of its cell; None is what it does not say.

    Attributes:
        formula: Atoms of each element in a formula unit.
        units: Formula units in the cell, Z.
        density_g_per_cm3: Calculated from the diffraction data, or measured.
    """

    formula: Mapping[str, float] | None
    units: int | None
    density_g_per_cm3: float | None

    def __str__(self) -> str:
        """Say them in words."""
        said = []
        if self.formula is not None:
            said.append("_chemical_formula_sum " + "".join(f"{name}{n:g}" for name, n in self.formula.items()))
        if self.units is not None:
            said.append(f"Z = {self.units}")
        if self.density_g_per_cm3 is not None:
            said.append(f"a density of {self.density_g_per_cm3:g} g/cm3")
        return ", ".join(said) or "neither formula nor density"


def read_facts(block: gemmi.cif.Block) -> CellFacts:
    """Return what a block says of its cell; what cannot be read is not said."""
    import gemmi

    units = next(iter(values(block, UNITS)), "")
    density = next((gemmi.cif.as_number(text) for text in values(block, DENSITY)), float("nan"))
    return CellFacts(
        formula=_formula(next(iter(values(block, FORMULA)), "")),
        units=int(units) if units.isdecimal() and int(units) > 0 else None,
        density_g_per_cm3=density if density > 0 else None,
    )


def _formula(text: str) -> dict[str, float] | None:
    squeezed = re.sub(r"[\s~']", "", text)
    found: dict[str, float] = {}
    position = 0
    for match in _TERM.finditer(squeezed):
        name = HYDROGENS.get(match[1], match[1])
        if match.start() != position or name not in atomic_numbers:
            return None
        found[name] = found.get(name, 0.0) + float(match[2] or 1)
        position = match.end()
    return found if found and position == len(squeezed) and all(count > 0 for count in found.values()) else None


def agrees(facts: CellFacts, atoms: ase.Atoms) -> bool | None:
    """Tell whether the cell holds what the file says of it; None where the file does not say enough."""
    counts = Counter(str(symbol) for symbol in atoms.symbols)
    if facts.formula is not None:
        if set(facts.formula) != set(counts):
            return False
        times = [counts[name] / count for name, count in facts.formula.items()]
        if max(times) > min(times) * (1 + COUNT_TOLERANCE):
            return False
        if facts.units is not None:
            return abs(times[0] - facts.units) <= COUNT_TOLERANCE * facts.units
    if facts.density_g_per_cm3 is not None:
        return abs(density(atoms) / facts.density_g_per_cm3 - 1) <= DENSITY_TOLERANCE
    return None


def density(atoms: ase.Atoms) -> float:
    """Return the density in g/cm3, with the masses of the natural elements."""
    mass = float(atomic_masses[atoms.numbers].sum()) / kg * 1000
    return mass / (float(atoms.cell.volume) / m**3 * 1e6)


def in_words(atoms: ase.Atoms) -> str:
    """Return what a reading gives: its atoms and density."""
    formula = write_formula(dict(Counter(str(symbol) for symbol in atoms.symbols)))
    return f"{formula} in the cell, {density(atoms):.3g} g/cm3"
