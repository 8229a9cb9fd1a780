"""Whether forces and stress of a model are the derivatives of its energy, by finite differences.

The energy has to carry the differences: an energy E in single precision is rounded by about 2**-23 |E| for each of its
few rounded sums, which the tolerances follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
NARROWER = 0.3
"""Of a second difference, where the first one does not agree."""
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
CURVATURE = 0.05
"""Share of the largest component that the third derivative may take."""
PARAMETER_TOLERANCE = 1e-3
"""Of a number of parameters: what is counted differs by a scale here and a shift there."""
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


def parameters_agree(found: int, stated: int) -> bool:
    """Tell whether a number of parameters is the one that was published.

    A published number may be rounded: 9,700,000 stands for anything that rounds to 9.7 millions.
    """
    rounding: float = 10.0 ** (len(str(stated)) - len(str(stated).rstrip("0"))) / 2
    return abs(found - stated) <= max(PARAMETER_TOLERANCE * stated, rounding)


def energy_error(point: SinglePoint) -> float:
    """Return what rounding may change of an energy, eV."""
    return ROUNDING * max(abs(point.energy_ev), 1.0) + 1e-6


def force_deviation(session: ModelSession, atoms: Atoms) -> Deviation:
    """Compare forces with central differences of the energy, along the forces themselves and along some coordinates.

    Args:
        session: The model.
        atoms: A structure out of equilibrium; it is not changed.

    Returns:
        In eV/Å, of the direction that agrees worst.
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

    def energy(step: float, direction: NDArray[np.float64]) -> float:
        moved = atoms.copy()
        moved.positions += step * direction
        return session.single_point(moved).energy_ev

    return _worst(
        [
            _best(
                partial(energy, direction=direction),
                -float((forces * direction).sum()),
                step=DISPLACEMENT,
                curvature=0.02 * largest,
                rounding_ev=energy_error(point),
                scale=largest,
            )
            for direction in directions
        ]
    )


def stress_deviation(session: ModelSession, atoms: Atoms) -> Deviation | None:
    """Compare all six components of the stress with central differences of the energy under strain.

    Args:
        session: The model.
        atoms: A periodic structure out of equilibrium; it is not changed.

    Returns:
        In eV/Å³, of the component that agrees worst; None where the model gives no stress.
    """
    import numpy as np

    point = session.single_point(atoms)
    if point.stress_ev_per_angstrom3 is None:
        return None
    volume = float(atoms.get_volume())
    scale = max(map(abs, point.stress_ev_per_angstrom3))

    def energy(step: float, i: int, j: int) -> float:
        strain = np.zeros((3, 3))
        strain[i, j] += step / 2
        strain[j, i] += step / 2
        return session.single_point(_strained(atoms, strain)).energy_ev / volume

    return _worst(
        [
            _best(
                partial(energy, i=i, j=j),
                component,
                step=STRAIN,
                curvature=CURVATURE * scale + SMALLEST_STRESS,
                rounding_ev=energy_error(point) / volume,
                scale=scale,
            )
            for (i, j), component in zip(VOIGT, point.stress_ev_per_angstrom3, strict=True)
        ]
    )


def _best(
    energy: Callable[[float], float],
    expected: float,
    *,
    step: float,
    curvature: float,
    rounding_ev: float,
    scale: float,
) -> Deviation:
    """Compare a derivative with central differences of two widths, and return the one that agrees better.

    An energy that jumps somewhere, as those of some models do, spoils the difference across the jump and no narrower
    one.
    """
    found = []
    for width in (step, NARROWER * step):
        slope = (energy(width) - energy(-width)) / (2 * width)
        found.append(Deviation(largest=abs(slope - expected), allowed=curvature + rounding_ev / width, scale=scale))
        if found[-1].is_within:
            break
    return min(found, key=lambda one: one.largest / one.allowed)


def _worst(found: list[Deviation]) -> Deviation:
    return max(found, key=lambda one: one.largest / one.allowed)


def _strained(atoms: Atoms, strain: NDArray[np.float64]) -> Atoms:
    import numpy as np

    strained: Atoms = atoms.copy()
    strained.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return strained
