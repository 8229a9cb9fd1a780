"""What one reference (DFT) calculation costs: what the user says, else an order of magnitude.

    core seconds = iterations x k-points x spins x N V (a + b N)

for N valence electrons in a cell of volume V. An iteration transforms about N bands between plane waves, as many as the
volume holds, and a grid (the first term), and makes them orthogonal (the second; Quantum ESPRESSO, user guide of
pw.x, execution time). So vacuum costs as much as matter does. The level a is that of trials of the authors on one core:
GPAW, PBE, plane waves to 400 eV, on Si8, Si32, Cu4, Mg4O4 and ethanol with vacuum, within a factor of 1.6 of it.
The level b is what remains of one published run of VASP: 5,898 atoms of doped GaAs with 23,564 electrons made roughly
30 iterations on 3,072 cores (Larsson); the copy of the page that was read ends before the unit of time, and an hour
is what agrees with the trials. Codes, cutoffs and processors differ, hence the interval.
"""

from __future__ import annotations

import math

from mlipguide.catalog.elements import SYMBOLS
from mlipguide.core.formulas import parse_formula
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import StatedReference

TRANSFORM_S = 2.9e-5
"""a: seconds of a core for an electron, an Å³, a k-point and an iteration (mlipguide_dft_trials)."""
LEVEL_ELECTRONS, LEVEL_VOLUME_ANGSTROM3 = 23_564, 133_200
LEVEL_CORE_S = 3072 * 3600 / 30
"""Of one iteration of the published run; its volume is that of 5,898 atoms of GaAs of lattice constant 5.65 Å."""
ORTHOGONAL_S = (LEVEL_CORE_S / (LEVEL_ELECTRONS * LEVEL_VOLUME_ANGSTROM3) - TRANSFORM_S) / LEVEL_ELECTRONS
"""b: the same for another electron."""

EXPONENT = 2.5
SQUARE, CUBE = 2.0, 3.0
ITERATIONS = 20
"""Of one self-consistent calculation: common practice, 10 to 40."""
CELL_TIMES_K_POINTS_ANGSTROM = 25.0
"""Points along an axis times its length: a mesh of about 0.25 per Å, as is usual."""
VACUUM_ANGSTROM, MOLECULE_ANGSTROM3 = 10.0, 10.0
"""Around a molecule, from image to image, and the volume of one of its atoms."""
REACH = 5.0
"""The interval of the order of magnitude, a factor to either side."""
STATED_REACH = 1.5
"""How far calculations of similar cells differ from the one that the user has in mind."""

_NOBLE_CORES = (0, 2, 10, 18, 36, 54, 86)
_FILLED_D, _FILLED_F = 10, 14
_WITH_D, _WITH_F = frozenset(_NOBLE_CORES[3:]), frozenset(_NOBLE_CORES[5:])
"""Cores outside of which a d or an f shell may be filled."""
_LAST_D_METAL = 12
_MAGNETIC = frozenset({*SYMBOLS[22:28], *SYMBOLS[57:70], *SYMBOLS[91:96]})
"""Elements whose compounds are calculated with spin as a rule: V to Ni, the lanthanides, U to Cm."""


def reference_cost(structure: StructureSummary, atoms: int, stated: StatedReference | None) -> Reckoned:
    """Return the core-hours of one reference calculation.

    Args:
        structure: The user's system.
        atoms: Of the cell that is calculated.
        stated: What the user says of such a calculation; None where nothing.
    """
    takes = f"A reference calculation of {atoms:,} atoms takes"
    if stated is not None:
        ratio = 1.0 if stated.atoms is None else atoms / stated.atoms
        value, ends = stated.wall_time_s * stated.cores / 3600, sorted((ratio**SQUARE, ratio**CUBE))
        carried = ""
        if stated.atoms is not None and stated.atoms != atoms:
            carried = f", carried over from {stated.atoms:,} atoms with the power 2.5 of the size (2 to 3)"
        return Reckoned(
            estimate=Estimate(
                value=value * ratio**EXPONENT,
                low=value / STATED_REACH * ends[0],
                high=value * STATED_REACH * ends[1],
                basis=Basis.ASSUMED,
                source="stated by the user",
            ),
            words=(
                f"{takes} {number(value * ratio**EXPONENT)} core-hours: {duration(stated.wall_time_s)} on "
                f"{stated.cores} cores, as you say{carried}."
            ),
        )
    counts = parse_formula(structure.formula)
    per_atom = sum(valence_electrons(symbol) * count for symbol, count in counts.items()) / sum(counts.values())
    electrons, points = per_atom * atoms, k_points(structure, atoms)
    spins = 2 if _MAGNETIC & set(counts) else 1
    volume = volume_angstrom3(structure, atoms)
    iteration_s = points * spins * electrons * volume * (TRANSFORM_S + ORTHOGONAL_S * electrons)
    sources = "pw_user_guide_time; mlipguide_dft_trials; larsson_vasp_5900"
    estimate = around(ITERATIONS * iteration_s / 3600, REACH, basis=Basis.ASSUMED, source=sources)
    return Reckoned(
        estimate=estimate,
        words=(
            f"{takes} about {estimate.told(number)} core-hours: an order of magnitude from {electrons:.0f} valence "
            f"electrons in {number(volume)} Å³, {points} k-point{'s' if points > 1 else ''}"
            f"{', two spins' if spins > 1 else ''} and {ITERATIONS} iterations of plane waves, by trials of our own "
            "and one published run. --dft-cost and --dft-cores say it better."
        ),
    )


def valence_electrons(symbol: str) -> int:
    """Return the electrons outside noble-gas cores and filled d and f shells; 8 (helium: 2) for a noble gas."""
    atomic_number = SYMBOLS.index(symbol) + 1
    core = max(size for size in _NOBLE_CORES if size < atomic_number)
    outside = atomic_number - core
    if core in _WITH_F and outside > _FILLED_F + 2:
        outside -= _FILLED_F
    if core in _WITH_D and outside > _LAST_D_METAL:
        outside -= _FILLED_D
    return outside


def volume_angstrom3(structure: StructureSummary, atoms: int) -> float:
    """Return the volume of the cell that is calculated, Å³: with its vacuum, and with some around a molecule."""
    density, lengths = structure.number_density_per_angstrom3, structure.cell_lengths_angstrom
    if density is not None:
        return atoms / density
    if any(structure.periodic) and lengths is not None and min(lengths) > 0:
        cosines = [math.cos(math.radians(angle)) for angle in structure.cell_angles_degree or (90.0, 90.0, 90.0)]
        skew = 1 - sum(cosine**2 for cosine in cosines) + 2 * math.prod(cosines)
        return math.prod(lengths) * math.sqrt(skew) * atoms / structure.atoms
    return float(((atoms * MOLECULE_ANGSTROM3) ** (1 / 3) + VACUUM_ANGSTROM) ** 3)


def k_points(structure: StructureSummary, atoms: int) -> int:
    """Return the k-points, of which inversion in time leaves half; 1 along what is not periodic.

    The cell is near-cubic where it is a crystal, and as in the file otherwise.
    """
    density, lengths = structure.number_density_per_angstrom3, structure.cell_lengths_angstrom
    if all(structure.periodic) and density is not None:
        lengths = (float((atoms / density) ** (1 / 3)),) * 3
    if lengths is None:
        return 1
    along = (length for length, repeated in zip(lengths, structure.periodic, strict=True) if repeated and length > 0)
    return math.ceil(math.prod(math.ceil(CELL_TIMES_K_POINTS_ANGSTROM / length) for length in along) / 2)
