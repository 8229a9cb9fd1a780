"""What came of teaching a fast potential by a slow one."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.accuracy.stability import CheckResult
from mlipguide.records.checks import (
    HOTTEST_K,
    LONGEST_S,
    LONGEST_STEP_S,
    require_atoms,
    require_positive,
    require_within,
)
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.records.training.training import DomainOfValidity, FittedPotential


@strict
@dataclass(frozen=True, kw_only=True)
class ForceError:
    """How far a potential is from the labels of some frames.

    Attributes:
        frames: How many.
        force_mae_ev_per_angstrom: Mean absolute error over components.
        force_interval_ev_per_angstrom: The 90 % interval of the MAE; None where there are too few independent
            frames, or it was not kept.
        force_rmse_ev_per_angstrom: Root mean square error over components.
        force_rms_ev_per_angstrom: Root mean square of the labels themselves.
        largest_ev_per_angstrom: Largest error of a component.
        energy_mae_ev_per_atom: Mean absolute error of the energy.
    """

    frames: int
    force_mae_ev_per_angstrom: float
    force_rmse_ev_per_angstrom: float
    force_rms_ev_per_angstrom: float
    largest_ev_per_angstrom: float
    energy_mae_ev_per_atom: float
    force_interval_ev_per_angstrom: tuple[float, float] | None = None

    @property
    def relative(self) -> float:
        """The MAE as a share of the root mean square of the forces."""
        return self.force_mae_ev_per_angstrom / self.force_rms_ev_per_angstrom


@strict
@dataclass(frozen=True, kw_only=True)
class PairDistance:
    """How far the pair distribution functions of two runs are apart, for one pair of elements.

    Attributes:
        pair: ``Fe-O``.
        distance: 0 where they are equal, 1 where they have nothing in common.
        chance: Distance that 95 % of equal runs of these lengths keep, in all pairs at once; None where the teacher's
            run is too short to tell.
        without_structure: Distance of the teacher's function from that of atoms at random places.
    """

    pair: str
    distance: float
    chance: float | None
    without_structure: float


@strict
@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """A run of the student beside one of the teacher, on the same cell; None is what a run that broke does not say.

    Each error is half of a 90 % interval, in which correlated samples count as the independent ones they are worth.

    Attributes:
        simulated_time_s: Of the student's run.
        temperature_k: Of the thermostat of both.
        stable: Whether the student's run came to its end.
        student_temperature_k: Mean of its run.
        student_temperature_error_k: Of that mean.
        teacher_temperature_k: Mean of the teacher's, settled or not.
        energy_difference_ev_per_atom: Mean potential energy, student minus teacher; None unless both have settled.
        energy_difference_error_ev_per_atom: Of that difference.
        energy_drift_ev_per_atom: Of the student's potential energy with the thermostat, second half minus first.
        energy_drift_error_ev_per_atom: Of that difference.
        pair_distances: One for each pair of elements; empty for a student's run that broke.
        teacher_simulated_time_s: Of the part of the teacher's run that is compared.
        teacher_settled_after_s: Simulated time of the teacher's run that was left out as its way to equilibrium; None
            where it did not settle, so that its last two thirds are compared, and only what is far off is seen.
        student_settled_after_s: The same of the student's; None where it did not settle.
    """

    simulated_time_s: float
    temperature_k: float
    stable: bool
    student_temperature_k: float | None
    teacher_temperature_k: float
    energy_difference_ev_per_atom: float | None
    energy_drift_ev_per_atom: float | None
    student_temperature_error_k: float | None = None
    energy_difference_error_ev_per_atom: float | None = None
    energy_drift_error_ev_per_atom: float | None = None
    pair_distances: tuple[PairDistance, ...] = ()
    teacher_simulated_time_s: float | None = None
    teacher_settled_after_s: float | None = None
    student_settled_after_s: float | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class Round:
    """One fit and what it was found to be worth.

    Attributes:
        number: From 1.
        training_frames: It was fitted on.
        train_s: Wall time of the fit.
        held_out: Error on the teacher's held-out trajectory.
        own_frames: Error on frames of the student's own run, which the teacher labelled afterwards; None where there
            are none.
        committee_spread_ev_per_angstrom: Mean spread of a force component over a committee on those frames; None
            without a committee.
        diverged: Whether the student's exploring run flew apart.
    """

    number: int
    training_frames: int
    train_s: float
    held_out: ForceError
    own_frames: ForceError | None
    committee_spread_ev_per_angstrom: float | None
    diverged: bool


@strict
@dataclass(frozen=True, kw_only=True)
class Distillation:
    """A student, how it was trained, and what speaks for it.

    Attributes:
        teacher: Id of the model that labelled.
        structure: The user's structure.
        cell_atoms: Of the cell that was labelled.
        temperature_k: Of the runs that it is for.
        timestep_s: Of all runs.
        labels: Evaluations of the teacher.
        label_time_s: Wall time of these.
        rounds: In order.
        best: Number of the round whose fit is kept.
        ended_because: Why there was no further round.
        comparison: A long run of the student beside the teacher's.
        potential: The fit; None when it is not handed over.
        model: Id of the card under which other commands know it; None when it is not handed over.
        teacher_step_time_per_atom_s: Of the teacher, in the labelled cell.
        student_step_time_per_atom_s: Of the student, in a cell of a production run's size.
        speed_up: How many times less the student takes for an atom and a step.
        spent_s: Wall time of everything, earlier runs of the same included.
        domain: What its frames cover.
        folder: Where the potential is, or what there is of it.
        verdict: Whether the student may be used, in a sentence.
        constant_energy: A run of the student without a thermostat; None where none was made.
        checks: What it was judged by; empty of a distillation by a version that kept no checks.
    """

    teacher: str
    structure: StructureSummary
    cell_atoms: int
    temperature_k: float
    timestep_s: float
    labels: int
    label_time_s: float
    rounds: tuple[Round, ...]
    best: int
    ended_because: str
    comparison: RunComparison
    potential: FittedPotential | None
    model: str | None
    teacher_step_time_per_atom_s: Estimate
    student_step_time_per_atom_s: Estimate
    speed_up: Estimate
    spent_s: float
    domain: DomainOfValidity
    folder: str
    verdict: str
    constant_energy: DynamicsCheck | None = None
    checks: tuple[CheckResult, ...] = ()

    def check(self) -> None:
        """Refuse what no distillation gave.

        Raises:
            ValueError: What does not make sense.
        """
        self.structure.check()
        require_atoms(cell_atoms=self.cell_atoms)
        require_positive(HOTTEST_K, temperature_k=self.temperature_k)
        require_positive(LONGEST_STEP_S, timestep_s=self.timestep_s)
        require_within(1, len(self.rounds), best=self.best)
        require_within(0, LONGEST_S, label_time_s=self.label_time_s, spent_s=self.spent_s)
        self.domain.check()
