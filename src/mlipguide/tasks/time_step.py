"""The integration step that a task is given when the user names none.

    step = min(0.5 fs * sqrt(m / m_H), 0.03 Å / sqrt(3 k_B T / m)),

rounded down to a common value, where m is the mass of the lightest atom. The first term scales the 0.5 fs that are
common with hydrogen: of bonds of one stiffness the period grows with the root of the mass. The second keeps the thermal
path of the lightest atom in a step to a few hundredths of a bond. Both are practice, a start to be checked by a short
run at constant energy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ase.data import atomic_masses, atomic_numbers

from mlipguide.records.task.structure import AtomMass

HYDROGEN_STEP_S = 0.5e-15
LONGEST_PATH_M = 0.03e-10
BOLTZMANN_J_PER_K = 1.380649e-23
DALTON_KG = 1.66053906660e-27
"""CODATA 2018, as the exact value of k_B is."""

STEPS_FS = (5.0, 4.0, 3.0, 2.0, 1.0, 0.7, 0.5, 0.25, 0.1)
"""0.7 fs is what the root of the mass allows for deuterium."""
UNKNOWN_STEP_S = 1e-15
"""Where no element is known."""


@dataclass(frozen=True)
class ProposedStep:
    """A time step and why it is that long, in a few words."""

    seconds: float
    reason: str


def propose_timestep(elements: Sequence[str], temperature_k: float, masses: Sequence[AtomMass] = ()) -> ProposedStep:
    """Return the step for a structure.

    Args:
        elements: Chemical symbols.
        temperature_k: Of the run.
        masses: Of all its atoms, where some are not natural; nothing where all are.
    """
    if not elements:
        return ProposedStep(UNKNOWN_STEP_S, "common where nothing is known of the elements")
    known = {f"{one.element} of {one.mass_dalton:.4g} Da": one.mass_dalton for one in masses}
    known = known or {symbol: float(atomic_masses[atomic_numbers[symbol]]) for symbol in elements}
    lightest, mass = min(known.items(), key=lambda item: item[1])
    vibration = HYDROGEN_STEP_S * math.sqrt(mass / float(atomic_masses[1]))
    path = LONGEST_PATH_M / math.sqrt(3 * BOLTZMANN_J_PER_K * temperature_k / (mass * DALTON_KG))
    limit_fs = min(vibration, path) * 1e15
    chosen = next((step for step in STEPS_FS if step <= limit_fs * (1 + 1e-9)), STEPS_FS[-1])
    moved = f" and moves fast at {temperature_k:g} K" if path < vibration else ""
    return ProposedStep(chosen * 1e-15, f"{lightest} is the lightest atom{moved}")
