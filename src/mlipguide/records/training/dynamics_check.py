"""A run at constant energy that a fitted potential has to survive before it is handed over."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class DynamicsCheck:
    """A run at constant energy, after a thermostat, which a potential with holes does not survive.

    Attributes:
        frame: Place in the file of the test frame that it began with; None where it began with the labelled cell.
        steps: That were taken.
        timestep_s: Of the integration.
        temperature_k: Of the thermostat before it.
        energy_change_ev_per_atom: Of the total energy from the first step to the last.
        atoms: In the cell; None of a check by a version that kept no drift.
        drift_mev_per_atom_ps: Slope of the shadow energy, in which the oscillation of the integrator is taken off; None
            where it was not kept or has too few samples.
        drift_error_mev_per_atom_ps: Half of the 90 % interval of the slope.
        broke_after_s: Simulated time after which the atoms flew apart, 0 with the thermostat; None where they did not.
        temperature_assumed: Whether nobody named the temperature, neither the user nor the labelled frames.
    """

    frame: int | None
    steps: int
    timestep_s: float
    temperature_k: float
    energy_change_ev_per_atom: float
    atoms: int | None = None
    drift_mev_per_atom_ps: float | None = None
    drift_error_mev_per_atom_ps: float | None = None
    broke_after_s: float | None = None
    temperature_assumed: bool = False
