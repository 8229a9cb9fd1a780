"""Quantities as a user writes them (``1ns``, ``100meV/A``) turned into base units (s, eV, Å, K, bytes).

Conversion factors: times and prefixes are exact; 1 Ha = 27.211386245988 eV, 1 a0 = 0.529177210903 Å and
1 Da = 1.66053906660e-27 kg are CODATA 2018 values (doi:10.1103/RevModPhys.93.025010); 1 kcal/mol = 4184 J / (N_A e);
1 eV/Å³ in GPa and 1 kJ/mol follow from the exact e and N_A. (``ase.units`` is CODATA 2014 unless told otherwise.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

from mlipguide.core.errors import InputError, concerning

Seconds = NewType("Seconds", float)
Bytes = NewType("Bytes", int)
Kelvin = NewType("Kelvin", float)
EvPerAngstrom = NewType("EvPerAngstrom", float)
EvPerAtom = NewType("EvPerAtom", float)

HARTREE_EV = 27.211386245988
BOHR_ANGSTROM = 0.529177210903
ELEMENTARY_CHARGE_C, AVOGADRO_PER_MOL = 1.602176634e-19, 6.02214076e23
KJ_PER_MOL_EV = 1e3 / (AVOGADRO_PER_MOL * ELEMENTARY_CHARGE_C)
KCAL_PER_MOL_EV = 4.184 * KJ_PER_MOL_EV
GPA_PER_EV_ANGSTROM3 = 1e21 * ELEMENTARY_CHARGE_C
"""1 eV/Å³ in GPa."""
EV_PER_DALTON_ANGSTROM2_FS2 = 1.66053906660e-17 / ELEMENTARY_CHARGE_C
"""1 Da (Å/fs)² in eV."""

LARGEST_SYSTEM_ATOMS = 10**10
"""A limit that catches typing errors; no MLIP is offered here for more."""

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")


@dataclass(frozen=True)
class Dimension:
    """One kind of quantity: its name, the units it is accepted in, and an example to show."""

    name: str
    factors: Mapping[str, float]
    example: str

    def parse(self, text: str, *, option: str) -> float:
        """Return ``text`` in base units.

        Raises:
            InputError: No number, no unit, an unknown unit, or a value that is not positive and finite.
        """
        number, unit = self.split(text, option=option)
        return number * self.factors[unit]

    def split(self, text: str, *, option: str) -> tuple[float, str]:
        """Return the number and the unit that stand in ``text``.

        Raises:
            InputError: As for :meth:`parse`.
        """
        with concerning(option=option):
            return self._split(text, option)

    def _split(self, text: str, option: str) -> tuple[float, str]:
        accepted = ", ".join(self.factors)
        match = _NUMBER.match(text)
        if match is None:
            raise InputError(
                f"{option}: '{text}' is not a {self.name}.",
                hint=f"Write a number and a unit, for example {self.example}. Units: {accepted}.",
            )
        number, unit = float(match.group(1)), match.group(2).replace("Å", "A")
        if not unit:
            raise InputError(
                f"{option}: '{text}' has no unit.",
                hint=f"Write for example {self.example}. Units: {accepted}.",
            )
        if unit not in self.factors:
            raise InputError(
                f"{option}: '{unit}' is not a unit of {self.name} (in '{text}').",
                hint=f"Units: {accepted}. Example: {self.example}.",
            )
        value = number * self.factors[unit]
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{option}: '{text}' must be positive and finite.", hint=f"Example: {self.example}.")
        return number, unit


SIMULATED_TIME = Dimension(
    "simulated time", {"fs": 1e-15, "ps": 1e-12, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3}, "1ns"
)
WALL_TIME = Dimension("wall time", {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}, "24h")
TEMPERATURE = Dimension("temperature", {"K": 1.0}, "300K")
FORCE = Dimension(
    "force",
    {
        "meV/A": 1e-3,
        "eV/A": 1.0,
        "Ha/bohr": HARTREE_EV / BOHR_ANGSTROM,
        "kcal/mol/A": KCAL_PER_MOL_EV,
    },
    "100meV/A",
)
ENERGY_PER_ATOM = Dimension(
    "energy per atom",
    {"meV/atom": 1e-3, "eV/atom": 1.0, "kcal/mol/atom": KCAL_PER_MOL_EV, "Ha/atom": HARTREE_EV},
    "5meV/atom",
)
MEMORY = Dimension(
    "memory",
    {"B": 1.0, "MB": 1e6, "GB": 1e9, "TB": 1e12, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40},
    "16GiB",
)
POWER = Dimension("power", {"W": 1.0, "kW": 1e3}, "400W")
PERCENTAGE = Dimension("percentage", {"%": 0.01}, "10%")


def parse_atoms(text: str, *, option: str) -> int:
    """Return a number of atoms.

    A number such as ``2000``, ``2_000`` or ``1e5`` is accepted.

    Raises:
        InputError: Not a whole number, below one, or beyond what any MLIP was ever run on.
    """
    with concerning(option=option):
        return _parse_atoms(text, option)


def _parse_atoms(text: str, option: str) -> int:
    hint = "Write a whole number of atoms, for example 2000."
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{option}: '{text}' is not a number of atoms.", hint=hint) from None
    if not math.isfinite(value) or value != math.floor(value):
        raise InputError(f"{option}: '{text}' is not a whole number of atoms.", hint=hint)
    if value < 1:
        raise InputError(f"{option}: '{text}' must be at least 1.", hint=hint)
    if value > LARGEST_SYSTEM_ATOMS:
        raise InputError(f"{option}: '{text}' is more than the largest system considered here (1e10 atoms).", hint=hint)
    return int(value)
