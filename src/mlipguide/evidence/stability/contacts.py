"""What happens to atoms in a run: how near they come, how hot one becomes, how far they go; temperature, pressure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.data import covalent_radii
from numpy.typing import NDArray

from mlipguide.core.units import EV_PER_DALTON_ANGSTROM2_FS2, GPA_PER_EV_ANGSTROM3
from mlipguide.sessions.interface import Snapshot
from mlipguide.structures.distances import find_crowded_pair, find_pairs

WIDEST_SHARE = 1.3
"""Of the sum of covalent radii; contacts further apart are of no interest."""


@dataclass(frozen=True)
class Extremes:
    """Mean and extremes of a quantity over a run."""

    mean: float
    lowest: float
    highest: float


def shortest_share(atoms: Atoms, snapshots: Sequence[Snapshot], *, every: int = 1) -> float | None:
    """Return the shortest distance over the sum of covalent radii; None where atoms stay far apart.

    Args:
        atoms: The structure, of which elements and cell are taken.
        snapshots: Of a run.
        every: Look at every so many snapshots only.
    """
    radii = covalent_radii[atoms.numbers]
    shortest: float | None = None
    moved = atoms.copy()
    for snapshot in snapshots[::every]:
        moved.positions = snapshot.positions_angstrom
        if find_crowded_pair(moved) is not None:
            return 0.0
        pairs = find_pairs(moved, WIDEST_SHARE * 2 * float(radii.max()))
        if len(pairs.distance):
            share = float((pairs.distance / (radii[pairs.first] + radii[pairs.second])).min())
            shortest = share if shortest is None else min(shortest, share)
    return shortest


def temperatures_k(snapshots: Sequence[Snapshot], atoms: int) -> NDArray[np.float64]:
    """Return the temperature of each snapshot, K, the centre of mass left out."""
    freedom = 3 * (atoms - 1) if atoms > 1 else 3
    kinetic = np.array([one.kinetic_ev for one in snapshots])
    found: NDArray[np.float64] = 2 * kinetic / (freedom * units.kB)
    return found


def temperature_excess(temperatures: NDArray[np.float64], wanted_k: float, atoms: int) -> float:
    """Return by how many canonical standard deviations the temperature exceeds the wanted one at most.

    The deviation is T sqrt(2 / 3N) (M. P. Allen, D. J. Tildesley, Computer Simulation of Liquids).
    """
    freedom = 3 * (atoms - 1) if atoms > 1 else 3
    return float((temperatures.max() - wanted_k) / (wanted_k * math.sqrt(2 / freedom)))


def pressures_gpa(snapshots: Sequence[Snapshot], volume_angstrom3: float) -> NDArray[np.float64] | None:
    """Return the pressure of each snapshot, GPa, the ideal part included; None where a stress is missing."""
    found: list[float] = []
    for one in snapshots:
        if one.stress_ev_per_angstrom3 is None:
            return None
        virial = -float(one.stress_ev_per_angstrom3[:3].mean())
        found.append((virial + 2 * one.kinetic_ev / (3 * volume_angstrom3)) * GPA_PER_EV_ANGSTROM3)
    return np.array(found)


def hottest_atom(snapshots: Sequence[Snapshot], masses: NDArray[np.float64], wanted_k: float) -> float:
    """Return the highest kinetic energy of one atom over k_B T."""
    velocities = np.stack([one.velocities_angstrom_per_fs for one in snapshots])
    kinetic = 0.5 * masses * (velocities**2).sum(axis=2) * EV_PER_DALTON_ANGSTROM2_FS2
    return float(kinetic.max() / (units.kB * wanted_k))


def rms_displacement_angstrom(snapshots: Sequence[Snapshot]) -> float:
    """Return how far atoms are from where they began, root mean square at the end, Å."""
    moved = snapshots[-1].positions_angstrom - snapshots[0].positions_angstrom
    return float(np.sqrt((moved**2).sum(axis=1).mean()))


def centre_of_mass_share(snapshots: Sequence[Snapshot], masses: NDArray[np.float64], wanted_k: float) -> float:
    """Return by how much the velocity of the centre of mass changed, in percent of the thermal speed of a mean atom."""
    first, last = (masses @ one.velocities_angstrom_per_fs / masses.sum() for one in (snapshots[0], snapshots[-1]))
    thermal = math.sqrt(3 * units.kB * wanted_k / (float(masses.mean()) * EV_PER_DALTON_ANGSTROM2_FS2))
    return 100 * float(np.linalg.norm(last - first)) / thermal


def net_force(snapshots: Sequence[Snapshot]) -> float:
    """Return the largest sum of all forces over the number of atoms, eV/Å."""
    sums = [np.linalg.norm(one.forces_ev_per_angstrom.sum(axis=0)) for one in snapshots]
    return float(max(sums)) / len(snapshots[0].positions_angstrom)


def extremes(values: NDArray[np.float64]) -> Extremes:
    """Return mean and extremes."""
    return Extremes(float(values.mean()), float(values.min()), float(values.max()))
