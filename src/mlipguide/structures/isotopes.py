"""Deuterium and tritium by their symbols, and masses that are no element's.

A potential does not see masses; molecular dynamics does, and the time step follows from the lightest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import ase
import numpy as np
from ase import data
from numpy.typing import NDArray

from mlipguide.records.task.structure import AtomMass

HYDROGEN = 1
ISOTOPE_MASSES = {"D": 2.01410177812, "T": 3.01604928199}
"""Da; AME2016 (doi:10.1088/1674-1137/41/3/030003)."""
NATURAL_SHARE = 0.01
"""A mass within this of the element's is the element's, however a file rounds it; the lightest isotope of lithium that
is sold pure, and deuterium, differ by more."""
SAME_MASS = 1e-3
"""Masses of one element that are nearer than this, Da, are one."""


@contextmanager
def isotope_symbols() -> Iterator[dict[int, float]]:
    """Let ASE's readers know the symbols D and T meanwhile; give the numbers that stand for them, with their masses.

    The tables of ASE are those of the whole process, and they are as they were in the end.
    """
    first = len(data.chemical_symbols)
    numbers = {first + place: mass for place, mass in enumerate(ISOTOPE_MASSES.values())}
    data.chemical_symbols.extend(ISOTOPE_MASSES)
    data.atomic_numbers.update({symbol: first + place for place, symbol in enumerate(ISOTOPE_MASSES)})
    try:
        yield numbers
    finally:
        del data.chemical_symbols[first:]
        for symbol in ISOTOPE_MASSES:
            del data.atomic_numbers[symbol]


def name_hydrogen(atoms: ase.Atoms, numbers: dict[int, float]) -> None:
    """Turn the numbers that stood for D and T into hydrogen with a mass, in place."""
    isotopes = np.isin(atoms.numbers, list(numbers))
    if not isotopes.any():
        return
    masses = [numbers[number] for number in atoms.numbers[isotopes].tolist()]
    atoms.numbers[isotopes] = HYDROGEN
    # Masses that a reader looked up are those of the symbols' places in a table, and mean nothing.
    whole = atoms.get_masses() if atoms.has("masses") else data.atomic_masses[atoms.numbers].copy()
    whole[isotopes] = masses
    atoms.set_masses(whole)


def is_isotope(mass_dalton: float) -> bool:
    """Tell whether a mass that a file gives is that of deuterium or tritium."""
    return any(abs(mass_dalton - mass) <= SAME_MASS for mass in ISOTOPE_MASSES.values())


def unusual_masses(atoms: ase.Atoms) -> NDArray[np.float64] | None:
    """Return the masses of all atoms, Da, with natural ones as ASE has them; None where all are natural."""
    if not atoms.has("masses"):
        return None
    given = np.asarray(atoms.get_masses(), dtype=float)
    natural = data.atomic_masses[atoms.numbers]
    usable = np.isfinite(given) & (given > 0)
    unusual = usable & (np.abs(given - natural) > NATURAL_SHARE * natural)
    return np.where(unusual, given, natural) if unusual.any() else None


def masses_of(atoms: ase.Atoms) -> tuple[AtomMass, ...]:
    """Return the masses of each element, the lightest first, where some are unusual; nothing where all are natural."""
    if not atoms.has("masses"):
        return ()
    counts = Counter(
        (str(symbol), round(float(mass) / SAME_MASS))
        for symbol, mass in zip(atoms.symbols, atoms.get_masses(), strict=True)
    )
    found = [
        AtomMass(element=symbol, mass_dalton=round(steps * SAME_MASS, 3), atoms=count)
        for (symbol, steps), count in counts.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.mass_dalton, one.element)))


def is_natural(mass: AtomMass) -> bool:
    """Tell whether a mass is that of its element."""
    natural = float(data.atomic_masses[data.atomic_numbers[mass.element]])
    return abs(mass.mass_dalton - natural) <= NATURAL_SHARE * natural


def mass_words(masses: tuple[AtomMass, ...]) -> str:
    """Return the masses that are no element's, in words."""
    return ", ".join(
        f"{one.element} of {one.mass_dalton:.4g} Da ({one.atoms})" for one in masses if not is_natural(one)
    )
