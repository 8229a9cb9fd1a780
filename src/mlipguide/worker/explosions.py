"""When atoms have flown apart: measured by what was asked, the temperature and the step.

A run that is well never has ten times the temperature of its thermostat; the kinetic energy of few atoms may double,
and some thousand kelvin are granted to cold runs, whose atoms may begin away from their places. And no step can follow
an atom that it moves by a good part of a bond, be it by its velocity or by the force on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms

HOTTEST_FACTOR = 10.0
"""Times the temperature that was asked (a judgement)."""
HOTTEST_MARGIN_KELVIN = 3000.0
"""Added to it (a judgement)."""
LONGEST_STROKE_ANGSTROM = 1.0
"""Path of an atom in one step (a judgement): hydrogen at 3000 K moves by 0.09 Å in 1 fs."""


def hottest_kelvin(asked_kelvin: float) -> float:
    """Return the temperature beyond which a run for another one has flown apart."""
    return HOTTEST_FACTOR * asked_kelvin + HOTTEST_MARGIN_KELVIN


def has_exploded(atoms: Atoms, *, asked_kelvin: float, timestep_fs: float, forces: Any = None) -> bool:
    """Tell whether atoms have flown apart.

    Args:
        atoms: With their momenta.
        asked_kelvin: Temperature of the run.
        timestep_fs: Integration step.
        forces: Shape (atoms, 3), eV/Å; None where they are not at hand.
    """
    import numpy as np
    from ase import units

    if not np.isfinite(atoms.positions).all():
        return True
    if not atoms.get_temperature() < hottest_kelvin(asked_kelvin):
        return True
    step = timestep_fs * units.fs
    stroke = np.linalg.norm(atoms.get_velocities(), axis=1) * step
    if forces is not None:
        stroke = np.maximum(stroke, np.linalg.norm(forces, axis=1) / atoms.get_masses() * step**2)
    return not bool((stroke < LONGEST_STROKE_ANGSTROM).all())
