"""The curves behind the tests of stability, whoever draws them: energies of runs, over volume and along a bond."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlipguide.records.accuracy.stability import Curve, DriftCurve, ModelStability, StabilityData

FACTORS = (0.5, 1.0, 2.0)
"""Of the task's step: at each of them there is a run at constant energy."""
DRIFT_AXES = ("Time (ps)", "Total energy (meV/atom)")
VOLUME_AXES = ("Volume (Å³/atom)", "Energy (meV/atom)")
BOND_AXES = ("Displacement along the shortest bond (Å)", "Energy (eV)")
DRIFT_LEGEND = "Thin: total energy; thick: without what the integrator causes"


@dataclass(frozen=True, kw_only=True)
class DriftPanel:
    """The runs with one time step.

    Attributes:
        title: Of the panel.
        curves: Of each model whose run stayed together.
    """

    title: str
    curves: tuple[tuple[ModelStability, DriftCurve], ...]


def drift_panels(data: StabilityData) -> tuple[DriftPanel, ...]:
    """Return a panel for each of :data:`FACTORS`, the shortest step first."""
    return tuple(
        DriftPanel(
            title=f"constant energy, {data.timestep_s * factor * 1e15:g} fs",
            curves=tuple(
                (model, curve)
                for model in data.results
                for curve in model.drifts
                if round(math.log2(curve.timestep_s / data.timestep_s)) == round(math.log2(factor))
            ),
        )
        for factor in FACTORS
    )


def drift_words(model: ModelStability, curve: DriftCurve) -> str:
    """Return a model with the drift of its energy."""
    return f"{model.name}: {curve.drift_mev_per_atom_ps:.2g} meV/atom/ps"


def times_ps(curve: DriftCurve) -> list[float]:
    """Return the times of a run."""
    return [time * 1e12 for time in curve.times_s]


def over_volume(model: ModelStability) -> list[tuple[float, float]]:
    """Return volume (Å³/atom) and energy above the lowest (meV/atom); empty without a periodic cell."""
    curve = model.equation_of_state
    return [] if curve is None else [(x / model.atoms, y / model.atoms * 1e3) for x, y in _above_lowest(curve)]


def along_bond(model: ModelStability) -> list[tuple[float, float]]:
    """Return displacement of an atom (Å) and energy above the lowest (eV)."""
    return [] if model.bond_scan is None else _above_lowest(model.bond_scan)


def _above_lowest(curve: Curve) -> list[tuple[float, float]]:
    lowest = min(curve.energy_ev)
    return [(x, energy - lowest) for x, energy in zip(curve.x, curve.energy_ev, strict=True)]
