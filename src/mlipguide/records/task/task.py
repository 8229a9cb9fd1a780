"""What the user wants."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.models.additions import AdditionKind
from mlipguide.records.models.terms import Need
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import AtomMass, StructureSummary


class TaskKind(StrEnum):
    """What is done with the structure."""

    MD = "md"
    RELAX = "relax"
    SCREEN = "screen"
    PHONONS = "phonons"
    NEB = "neb"
    PRERELAX = "prerelax"


@strict
@dataclass(frozen=True, kw_only=True)
class Workload:
    """How often energies and forces are evaluated, whatever the kind of task.

    The time of a task is the time of a step times ``evaluations``. A step of molecular dynamics holds the share of
    the integrator, a small one, which a relaxation spends on its optimiser: the step time stands for both.

    Attributes:
        evaluations: Of one system each, one after the other, in all. An exact count has the basis ``measured``, the
            source ``asked``, and an interval of no width; a count from practice has the basis ``assumed``.
        systems: Independent systems that may run side by side: structures, displaced cells, images.
        atoms: Of each evaluated system.
        reason: The arithmetic, in a sentence.
    """

    evaluations: Estimate
    systems: int
    atoms: int
    reason: str

    @property
    def is_exact(self) -> bool:
        """Whether the count was asked for and is no estimate."""
        return self.evaluations.low == self.evaluations.value == self.evaluations.high


@strict
@dataclass(frozen=True, kw_only=True)
class DerivedNeed:
    """Something that the structure suggests the model should know, and the sign of it."""

    need: Need
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class NeighbourGap:
    """Atoms of the structure as given whose nearest neighbour is beyond 3 Å.

    Attributes:
        distance_angstrom: To the nearest neighbour, rounded down to 0.05 Å; None where there is none within 12 Å.
        atoms: How many.
    """

    distance_angstrom: float | None
    atoms: int


@strict
@dataclass(frozen=True, kw_only=True)
class DftSaving:
    """What a relaxation beforehand saves of the DFT relaxation that follows.

    Attributes:
        saved_share: Of the ionic steps, between 0 and 1.
        ionic_steps: That DFT would take without it.
        wall_time_s: Saved for each structure; None while the cost of an ionic step is not known.
        reason: What is known, in a sentence.
    """

    saved_share: Estimate
    ionic_steps: Estimate
    wall_time_s: Estimate | None
    reason: str


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
    """A piece of work and its conditions; None is what the user left open.

    Attributes:
        structure: The structure as given.
        atoms: Number of atoms of each system that is simulated.
        simulated_time_s: Length of a molecular-dynamics run; None for other kinds.
        timestep_s: Integration step; of other kinds the one that models are timed with.
        temperature_k: Temperature of the run; of other kinds the one that models are timed at.
        budget_s: Wall time that everything may take.
        force_mae_ev_per_angstrom: Largest acceptable mean absolute force error.
        energy_mae_ev_per_atom: Largest acceptable mean absolute energy error.
        needs: What the model must provide.
        commercial: Whether the licence must allow commercial use.
        workload: How often energies and forces are evaluated.
        assumed: Names of the fields that the user did not give and mlipguide filled in.
        reference: What a reference calculation takes; None where the user did not say.
        kind: What is done.
        structures: Number of structures like this one; 1 for all kinds but ``screen``.
        images: Number of moving images; 1 for all kinds but ``neb``.
        derived_needs: What the structure suggests; never a reason to rule a model out.
        dft_saving: Of ``prerelax``, what it saves; None for other kinds.
        gaps: Atoms that are far from all others; empty where there are none, and where the atoms are not known.
        total_charge: Of the structure as given, in elementary charges; a repeated cell has it once for each cell. None
            where neither the file nor the user says it.
        spin_multiplicity: 2S + 1 of the structure as given; unpaired electrons add up in a repeated cell. None where
            neither says it.
        held_atoms: Atoms of the structure as given that the file holds in all directions.
        partly_held_atoms: Those that it holds in some.
        masses: Of each element of the structure as given, where some are no element's natural mass; else empty.
        additions: What is added to whatever model runs it.
    """

    structure: StructureSummary
    atoms: int
    simulated_time_s: float | None
    timestep_s: float
    temperature_k: float
    budget_s: float
    force_mae_ev_per_angstrom: float | None
    energy_mae_ev_per_atom: float | None
    needs: tuple[Need, ...]
    commercial: bool
    workload: Workload
    assumed: tuple[str, ...] = field(default=())
    reference: StatedReference | None = None
    kind: TaskKind = TaskKind.MD
    structures: int = 1
    images: int = 1
    derived_needs: tuple[DerivedNeed, ...] = ()
    dft_saving: DftSaving | None = None
    gaps: tuple[NeighbourGap, ...] = ()
    total_charge: int | None = None
    spin_multiplicity: int | None = None
    held_atoms: int = 0
    partly_held_atoms: int = 0
    masses: tuple[AtomMass, ...] = ()
    additions: tuple[AdditionKind, ...] = ()

    @property
    def added_needs(self) -> frozenset[Need]:
        """Needs that are met by what is added, whatever the model gives."""
        return frozenset(kind.gives for kind in self.additions)

    @property
    def steps(self) -> int:
        """Evaluations of energy and forces, rounded up: the integration steps of molecular dynamics."""
        return max(1, math.ceil(self.workload.evaluations.value))
