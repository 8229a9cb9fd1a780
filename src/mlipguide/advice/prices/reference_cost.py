"""What one reference (DFT) calculation costs: as the user says, else an order of magnitude.

    core hours = iterations x k-points x spins x c (electrons / 23,564)^2.5,   c = 3,072 cores / 30 iterations per hour

The time of one iteration is k-points times the diagonalisation, whose terms grow with the square to the cube of the
size (Quantum ESPRESSO, user guide of pw.x, execution time): 2.5 lies between. The level c is that of one published
run of VASP: 5,898 atoms of doped GaAs with 23,564 electrons made roughly 30 iterations on 3,072 cores (Larsson).
The copy of the page that was read ends before the unit of time; an hour is what agrees with the few core-hours that a
cell of a hundred atoms commonly takes. One run sets the level, and it is far from such cells, hence the interval.
"""

from __future__ import annotations

import math
import re

from mlipguide.catalog.elements import SYMBOLS
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference

LEVEL_ELECTRONS = 23_564
LEVEL_CORE_HOURS = 3072 / 30
EXPONENT = 2.5
SQUARE, CUBE = 2.0, 3.0
ITERATIONS = 20
"""Of one self-consistent calculation: common practice, 10 to 40."""
CELL_TIMES_K_POINTS_ANGSTROM = 25.0
"""Points along an axis times its length: a mesh of about 0.25 per Å, as is usual."""
REACH = 8.0
"""The interval of the order of magnitude, a factor to either side."""
STATED_REACH = 1.5
"""How far calculations of similar cells differ from the one that the user has in mind."""
SOURCES = "pw_user_guide_time; larsson_vasp_5900"

_NOBLE_CORES = (0, 2, 10, 18, 36, 54, 86)
_FIRST_OF_LANTHANIDES, _FIRST_OF_ACTINIDES = 54, 86
_FILLED_D, _FILLED_F = 10, 14
_LAST_D_METAL = 12
_TERM = re.compile(r"([A-Z][a-z]?)(\d*)")
_MAGNETIC = frozenset({*SYMBOLS[22:28], *SYMBOLS[57:70], *SYMBOLS[91:96]})
"""Elements whose compounds are calculated with spin as a rule: V to Ni, the lanthanides, U to Cm."""


def reference_cost(structure: StructureSummary, atoms: int, stated: StatedReference | None) -> Reckoned:
    """Return the core-hours of one reference calculation.

    Args:
        structure: The user's system.
        atoms: Of the cell that is calculated.
        stated: What the user says of such a calculation; None where nothing.
    """
    return _estimated(structure, atoms) if stated is None else _as_stated(atoms, stated)


def valence_electrons(symbol: str) -> int:
    """Return the electrons outside noble-gas cores and filled d and f shells; 8 (helium: 2) for a noble gas."""
    number_ = SYMBOLS.index(symbol) + 1
    core = max(size for size in _NOBLE_CORES if size < number_)
    outside = number_ - core
    if core in (_FIRST_OF_LANTHANIDES, _FIRST_OF_ACTINIDES) and outside > _FILLED_F + 2:
        outside -= _FILLED_F
    if core >= _NOBLE_CORES[3] and outside > _LAST_D_METAL:
        outside -= _FILLED_D
    return outside


def k_points(structure: StructureSummary, atoms: int) -> int:
    """Return the k-points of a near-cubic cell, of which inversion in time leaves half; 1 for what is not periodic."""
    density = structure.number_density_per_angstrom3
    if density is None or not all(structure.periodic):
        return 1
    edge = (atoms / density) ** (1 / 3)
    full = math.ceil(CELL_TIMES_K_POINTS_ANGSTROM / edge) ** 3
    return 1 if full == 1 else math.ceil(full / 2)


def _estimated(structure: StructureSummary, atoms: int) -> Reckoned:
    counts = {symbol: int(count or 1) for symbol, count in _TERM.findall(structure.formula)}
    per_atom = sum(valence_electrons(symbol) * count for symbol, count in counts.items()) / sum(counts.values())
    electrons, points = per_atom * atoms, k_points(structure, atoms)
    spins = 2 if _MAGNETIC & set(counts) else 1
    value = ITERATIONS * points * spins * LEVEL_CORE_HOURS * (electrons / LEVEL_ELECTRONS) ** EXPONENT
    estimate = Estimate(value=value, low=value / REACH, high=value * REACH, basis=Basis.ASSUMED, source=SOURCES)
    return Reckoned(
        estimate=estimate,
        words=(
            f"A reference calculation of {atoms:,} atoms takes about {estimate.told(number)} core-hours: an order of "
            f"magnitude from {electrons:.0f} valence electrons, {points} k-point{'s' if points > 1 else ''}"
            f"{', two spins' if spins > 1 else ''} and {ITERATIONS} iterations, on the level of one published run, "
            "whose unit of time, an hour, is inferred. --dft-cost and --dft-cores say it better."
        ),
    )


def _as_stated(atoms: int, stated: StatedReference) -> Reckoned:
    value, words = stated.wall_time_s * stated.cores / 3600, ""
    low, high = value / STATED_REACH, value * STATED_REACH
    if stated.atoms is not None and stated.atoms != atoms:
        ratio = atoms / stated.atoms
        ends = sorted((ratio**SQUARE, ratio**CUBE))
        value, low, high = value * ratio**EXPONENT, low * ends[0], high * ends[1]
        words = f", carried over from {stated.atoms:,} atoms with the power 2.5 of the size (2 to 3)"
    estimate = Estimate(value=value, low=low, high=high, basis=Basis.ASSUMED, source="stated by the user")
    return Reckoned(
        estimate=estimate,
        words=(
            f"A reference calculation of {atoms:,} atoms takes {number(value)} core-hours: "
            f"{duration(stated.wall_time_s)} on {stated.cores} cores, as you say{words}."
        ),
    )
