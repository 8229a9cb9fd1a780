"""Velocities that a run begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase import units

if TYPE_CHECKING:
    import ase
    from numpy.typing import NDArray

AT_REST = 2.0
"""Times the wanted temperature, of the velocities of atoms that begin in their places of rest. In a harmonic crystal
potential and kinetic energy are equal in the mean (equipartition); atoms at rest have only the latter, half of which
goes into the former within a vibration. So velocities at the wanted temperature give half of the energy, and only the
thermostat brings the rest; at twice the temperature all of it is there, and what a strong thermostat takes away before
it has been passed on is less than what was missing (springs of 300 fs, a thermostat of 50 fs, the first 40 fs: 87 % of
the energy instead of 61 %). Atoms that begin away from their places get too much, which the thermostat takes away.
"""


def drawn_velocities(atoms: ase.Atoms, temperature_k: float, *, seed: int) -> NDArray[np.float64]:
    """Return velocities of a Maxwell-Boltzmann distribution without drift of the centre of mass.

    Shape (atoms, 3), Å/fs.

    Args:
        atoms: Whose masses count.
        temperature_k: Of the distribution.
        seed: Of the draw.
    """
    masses = atoms.get_masses()[:, None]
    generator = np.random.default_rng((seed, 2))
    momenta = generator.standard_normal((len(atoms), 3)) * np.sqrt(masses * units.kB * temperature_k)
    velocities = (momenta - masses * momenta.sum(axis=0) / masses.sum()) / masses
    return np.asarray(velocities * units.fs)
