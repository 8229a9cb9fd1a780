"""What the user wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlipguide.records.model_card import Need
from mlipguide.records.strict import strict
from mlipguide.records.structure import StructureSummary


@strict
@dataclass(frozen=True, kw_only=True)
class StatedReference:
    """What one reference (DFT) calculation takes, as the user says.

    Attributes:
        wall_time_s: Of one calculation.
        cores: That it occupies.
        atoms: Of the cell; None where not stated: as in the cells that would be labelled.
    """

    wall_time_s: float
    cores: int
    atoms: int | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class Task:
    """A molecular-dynamics run and its conditions; None is what the user left open.

    Attributes:
        structure: The structure as given.
        atoms: Number of atoms to be simulated.
        simulated_time_s: Length of the run.
        timestep_s: Integration step.
        temperature_k: Temperature of the run.
        budget_s: Wall time that the run may take.
        force_mae_ev_per_angstrom: Largest acceptable mean absolute force error.
        energy_mae_ev_per_atom: Largest acceptable mean absolute energy error.
        needs: What the model must provide.
        commercial: Whether the licence must allow commercial use.
        assumed: Names of the fields that the user did not give and mlipguide filled in.
        reference: What a reference calculation takes; None where the user did not say.
    """

    structure: StructureSummary
    atoms: int
    simulated_time_s: float
    timestep_s: float
    temperature_k: float
    budget_s: float
    force_mae_ev_per_angstrom: float | None
    energy_mae_ev_per_atom: float | None
    needs: tuple[Need, ...]
    commercial: bool
    assumed: tuple[str, ...] = field(default=())
    reference: StatedReference | None = None

    @property
    def steps(self) -> int:
        """Number of integration steps, rounded up."""
        import math

        return max(1, math.ceil(self.simulated_time_s / self.timestep_s - 1e-9))
