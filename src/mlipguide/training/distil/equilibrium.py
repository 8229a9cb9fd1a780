"""Whether a teacher's run stands for its temperature, so that a student's may be held against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ase.units
import numpy as np

from mlipguide.stats.settling import settling_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANCE = 3.0
"""Standard deviations of the mean temperature of a run that are chance."""


def kelvin(kinetic_ev: Sequence[float], atoms: int) -> NDArray[np.float64]:
    """Return instantaneous temperatures, K, of ``atoms`` free atoms, shape (frames,)."""
    return np.asarray(kinetic_ev) / (1.5 * ase.units.kB * atoms)


def equilibrium_start(
    kinetic_ev: Sequence[float], energy_ev: Sequence[float], *, atoms: int, temperature_k: float
) -> int | None:
    """Return the place of the first frame of a run that counts; None where the run has not come to equilibrium.

    Kinetic and potential energy have to have settled, and the mean temperature has to be the thermostat's within
    chance: the mean of m independent moments of N atoms scatters by sqrt(2 / 3N m) of itself (Allen and Tildesley,
    Computer Simulation of Liquids, doi:10.1093/oso/9780198803195.001.0001).

    Args:
        kinetic_ev: Kinetic energy of each frame.
        energy_ev: Potential energy of each frame.
        atoms: In the cell.
        temperature_k: Of the thermostat.
    """
    found = settling_of(kinetic_ev, energy_ev)
    if found is None:
        return None
    mean_k = float(kelvin(kinetic_ev[found.start :], atoms).mean())
    scatter = math.sqrt(2 / (3 * atoms * found.independent))
    return found.start if abs(mean_k / temperature_k - 1) <= CHANCE * scatter else None
