"""Whether forces and stress of a model are the derivatives of its energy, by finite differences.

The energy has to carry the differences: an energy E in single precision is rounded by about 2**-23 |E| for each of its
few rounded sums, which the tolerances follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.sessions.interface import ModelSession, SinglePoint

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

ROUNDING = 2.0**-23 * 8
"""Relative error of an energy in single precision, with eight roundings that do not cancel."""
DISPLACEMENT = 0.01
"""Å; the error of a central difference is a sixth of its square times the third derivative."""
STRAIN = 0.005
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
CURVATURE = 0.05
"""Share of the largest component that the third derivative may take."""
SMALLEST_STRESS = 5e-4
"""eV/Å³ that are forgiven in any case, 80 MPa: what a neighbour list that changes with the strain may do."""


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """How far derivatives are from what a model says.

    Attributes:
        largest: The largest difference of a component, in the unit of what is compared.
        allowed: What rounding and the finite step may cause.
        scale: The largest component that was compared.
    """

    largest: float
    allowed: float
    scale: float

    @property
    def is_within(self) -> bool:
        """Whether they agree."""
        return self.largest <= self.allowed


def energy_error(point: SinglePoint) -> float:
    """Return what rounding may change of an energy, eV."""
    return ROUNDING * max(abs(point.energy_ev), 1.0) + 1e-6


def force_deviation(session: ModelSession, atoms: Atoms) -> Deviation:
    """Compare forces with central differences of the energy, along the forces themselves and along some coordinates.

    Args:
        session: The model.
        atoms: A structure out of equilibrium; it is not changed.

    Returns:
        In eV/Å.
    """
    import numpy as np

    point = session.single_point(atoms)
    forces = np.array(point.forces_ev_per_angstrom)
    largest = float(abs(forces).max())
    directions = [forces / np.linalg.norm(forces)]
    for flat in np.argsort(abs(forces), axis=None)[[-1, -2, len(forces)]]:
        direction = np.zeros_like(forces)
        direction.flat[flat] = 1.0
        directions.append(direction)
    differences = []
    for direction in directions:
        ahead, behind = atoms.copy(), atoms.copy()
        ahead.positions += DISPLACEMENT * direction
        behind.positions -= DISPLACEMENT * direction
        slope = (session.single_point(behind).energy_ev - session.single_point(ahead).energy_ev) / (2 * DISPLACEMENT)
        differences.append(abs(slope - float((forces * direction).sum())))
    return Deviation(
        largest=max(differences), allowed=0.02 * largest + energy_error(point) / DISPLACEMENT, scale=largest
    )


def stress_deviation(session: ModelSession, atoms: Atoms) -> Deviation | None:
    """Compare all six components of the stress with central differences of the energy under strain.

    Args:
        session: The model.
        atoms: A periodic structure out of equilibrium; it is not changed.

    Returns:
        In eV/Å³; None where the model gives no stress.
    """
    import numpy as np

    point = session.single_point(atoms)
    if point.stress_ev_per_angstrom3 is None:
        return None
    stress, volume = np.array(point.stress_ev_per_angstrom3), float(atoms.get_volume())
    found = []
    for i, j in VOIGT:
        strain = np.zeros((3, 3))
        strain[i, j] += STRAIN / 2
        strain[j, i] += STRAIN / 2
        energies = [session.single_point(_strained(atoms, sign * strain)).energy_ev for sign in (1, -1)]
        found.append((energies[0] - energies[1]) / (2 * STRAIN) / volume)
    scale = float(abs(stress).max())
    rounding = energy_error(point) / STRAIN / volume
    return Deviation(
        largest=float(abs(np.array(found) - stress).max()),
        allowed=CURVATURE * scale + SMALLEST_STRESS + rounding,
        scale=scale,
    )


def _strained(atoms: Atoms, strain: NDArray[np.float64]) -> Atoms:
    import numpy as np

    strained = atoms.copy()
    strained.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return strained
