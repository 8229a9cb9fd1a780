"""Presets with something random in them, made from a seed."""

from __future__ import annotations

import math

import ase
import numpy as np
from ase.build import bulk
from ase.data import atomic_masses, atomic_numbers
from scipy.spatial.transform import Rotation

from mlipguide.structures.distances import find_pairs

DALTON_PER_ANGSTROM3 = 0.602214076
"""One g/cm³ in dalton/Å³ (Avogadro's number is exact)."""

WATER_DENSITY = 0.997  # g/cm³ at 298 K
OH_ANGSTROM, HOH_DEGREE = 0.9572, 104.52  # the gas-phase geometry
SILICA_DENSITY = 2.20  # g/cm³
SILICA_DISPLACEMENT_ANGSTROM = 0.30
SILICA_CONTACTS = {frozenset((8, 14)): 1.50, frozenset((8,)): 2.20, frozenset((14,)): 2.70}
"""Shortest distances allowed in the disordered network, in Å, by atomic numbers."""

SILICA_ROUNDS = 200


def build_water(seed: int) -> ase.Atoms:
    """Build 64 water molecules on a 4x4x4 lattice, each in a random orientation, at 0.997 g/cm³.

    The lattice spacing of 3.1 Å keeps hydrogens of different molecules more than 1.1 Å apart in any
    orientation.
    """
    edge_molecules = 4
    number = edge_molecules**3
    spacing = _edge({"H": 2, "O": 1}, WATER_DENSITY)
    half = math.radians(HOH_DEGREE / 2)
    bonds = OH_ANGSTROM * np.array([(math.sin(half), math.cos(half), 0.0), (-math.sin(half), math.cos(half), 0.0)])
    shape = np.concatenate([np.zeros((1, 3)), bonds])
    turns = Rotation.random(number, rng=np.random.default_rng(seed))
    corners = spacing * (np.indices((edge_molecules,) * 3).reshape(3, -1).T + 0.5)
    positions = np.concatenate([turn.apply(shape) + corner for turn, corner in zip(turns, corners, strict=True)])
    return ase.Atoms("OHH" * number, positions=positions, cell=[edge_molecules * spacing] * 3, pbc=True)


def build_silica(seed: int) -> ase.Atoms:
    """Build 64 SiO2 as a strongly displaced cristobalite network at 2.20 g/cm³.

    Silicon sits on a diamond lattice with oxygen half-way between neighbours; all atoms are displaced at
    random, and those that come too close are pushed apart.
    """
    repeats = 2
    silicon = bulk("Si", "diamond", a=_edge({"Si": 8, "O": 16}, SILICA_DENSITY), cubic=True).repeat(repeats)
    bonds = find_pairs(silicon, 0.45 * silicon.cell[0, 0] / repeats)
    # Of a bond across a face, which is listed from both sides, the listing from the lower index is kept.
    once = ~bonds.across | (bonds.first < bonds.second)
    silicon.wrap()
    middles = (silicon.positions[bonds.first] + bonds.vector / 2)[once]
    atoms: ase.Atoms = silicon + ase.Atoms(f"O{len(middles)}", positions=middles)
    generator = np.random.default_rng(seed)
    atoms.positions += generator.normal(0.0, SILICA_DISPLACEMENT_ANGSTROM, atoms.positions.shape)
    for _ in range(SILICA_ROUNDS):
        if not _push_apart(atoms):
            break
    atoms.wrap()
    return atoms


def _push_apart(atoms: ase.Atoms) -> bool:
    """Move atoms that are too close apart, each by half of what is missing; tell whether any were."""
    pairs = find_pairs(atoms, max(SILICA_CONTACTS.values()))
    kinds = zip(atoms.numbers[pairs.first], atoms.numbers[pairs.second], strict=True)
    allowed = np.array([SILICA_CONTACTS[frozenset((int(a), int(b)))] for a, b in kinds])
    close = pairs.distance < allowed - 1e-3
    # A pair across a face is listed from both sides, so each listing moves it half as far.
    share = np.where(pairs.across, 0.25, 0.5) * (allowed - pairs.distance) / pairs.distance
    push = (share[:, None] * pairs.vector)[close]
    moves = np.zeros((len(atoms), 3))
    np.subtract.at(moves, pairs.first[close], push)
    np.add.at(moves, pairs.second[close], push)
    atoms.positions += moves
    return bool(close.any())


def build_cantor_alloy(seed: int) -> ase.Atoms:
    """Build CrMnFeCoNi on 108 fcc sites (a = 3.60 Å), elements shuffled, numbers as equal as they can be."""
    atoms: ase.Atoms = bulk("Ni", "fcc", a=3.60, cubic=True).repeat(3)
    elements = ["Cr", "Mn", "Fe", "Co", "Ni"]
    numbers = np.array([atomic_numbers[elements[site % len(elements)]] for site in range(len(atoms))])
    np.random.default_rng(seed).shuffle(numbers)
    atoms.numbers = numbers
    return atoms


def _edge(formula: dict[str, int], density: float) -> float:
    """Return the edge in Å of a cube that holds one formula at a density in g/cm³."""
    mass = sum(count * float(atomic_masses[atomic_numbers[symbol]]) for symbol, count in formula.items())
    return float((mass / (density * DALTON_PER_ANGSTROM3)) ** (1 / 3))
