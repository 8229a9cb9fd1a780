"""What ``mlipguide tune`` finds, and keeps of each model."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.checks import require, require_atoms, require_name, require_positive, require_when
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Problem
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import AxisChoice, Purpose, UnavailableValue
from mlipguide.records.timing.measurement import Settings, Weights


class SettingOutcome(StrEnum):
    """What became of a setting that was tried.

    ``chosen``: clearly faster than the default, and right. ``default``: what others have to beat. ``not faster``: the
    default may be as fast. ``dropped``: others were faster in the first rounds. ``wrong``: it computes something else.
    ``failed``: it does not run. ``not tried``: the budget ended before.
    """

    CHOSEN = "chosen"
    DEFAULT = "default"
    NOT_FASTER = "not faster"
    DROPPED = "dropped"
    WRONG = "wrong"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@strict
@dataclass(frozen=True, kw_only=True)
class Differences:
    """How far a setting's results are from those of the plain one, on rattled structures of several sizes.

    Attributes:
        energy_ev_per_atom: Largest difference of an energy, eV per atom.
        force_mae_ev_per_angstrom: Mean absolute difference of the force components, eV/Å.
        force_max_ev_per_angstrom: Largest absolute difference of a force component, eV/Å.
        stress_max_ev_per_angstrom3: Largest absolute difference of a component of the stress, eV/Å³; None where the
            plain setting gives none.
        lacks_stress: Whether the plain setting gives a stress and this one none.
        within_limits: Whether all are within the limits.
    """

    energy_ev_per_atom: float
    force_mae_ev_per_angstrom: float
    force_max_ev_per_angstrom: float
    stress_max_ev_per_angstrom3: float | None
    lacks_stress: bool
    within_limits: bool


@strict
@dataclass(frozen=True, kw_only=True)
class TriedSetting:
    """One setting of one model.

    Attributes:
        settings: Threads, dtype, device, driver, allocator, and other choices.
        changed: In which axes it is not the default.
        outcome: What became of it.
        step_time_s: One step of the work, the median over rounds; None where it was not timed.
        speed_up: The default's time over this one's, in the same rounds; None where it was not timed.
        rounds: Rounds in which both were timed.
        differences: From the plain setting; None where it could not be compared.
        peak_memory_bytes: Peak of memory; None where it was not timed.
        reason: Why it was refused, failed or was not tried; None otherwise.
    """

    settings: Settings
    changed: tuple[AxisChoice, ...]
    outcome: SettingOutcome
    step_time_s: float | None
    speed_up: Estimate | None
    rounds: int
    differences: Differences | None
    peak_memory_bytes: int | None
    reason: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class ModelTuning:
    """The settings to run one model with on one machine for one purpose.

    Attributes:
        record: Unique name.
        tuned_at: ISO 8601 time, UTC.
        model: Id of the card.
        backend: Its backend.
        weights: Real or random; what was found with random ones says nothing of real ones.
        fingerprint: Of the machine.
        versions: Of the packages that decide speed and results.
        purpose: What they are fast for.
        structure: The structure that was repeated or cut.
        atoms: Numbers of atoms that were timed.
        default: What the model is run with where nothing was tuned.
        chosen: What it is to be run with: the default itself where nothing is clearly faster.
        changed: In which axes that is not the default.
        speed_up: The default's time over that of the chosen one, from rounds that were made after the choice; None
            where the default stays.
        reference: The plain setting that results were compared with; None where it could not be run.
        tried: Every setting that was thought of.
        unavailable: Values that cannot be chosen here.
        wall_time_s: What the search took.
        complete: Whether it came to its end; False where it was interrupted.
    """

    record: str
    tuned_at: str
    model: str
    backend: str
    weights: Weights
    fingerprint: str
    versions: dict[str, str]
    purpose: Purpose
    structure: StructureSummary
    atoms: tuple[int, ...]
    default: Settings
    chosen: Settings
    changed: tuple[AxisChoice, ...]
    speed_up: Estimate | None
    reference: Settings | None
    tried: tuple[TriedSetting, ...]
    unavailable: tuple[UnavailableValue, ...]
    wall_time_s: float
    complete: bool

    @property
    def differences(self) -> Differences | None:
        """Of the chosen setting; None where it was not compared."""
        return next((one.differences for one in self.tried if one.settings == self.chosen), None)

    def check(self) -> None:
        """Refuse what no run should be made with.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(record=self.record, model=self.model, backend=self.backend, fingerprint=self.fingerprint)
        require_when(tuned_at=self.tuned_at)
        require(bool(self.atoms), "no size was timed")
        for atoms in self.atoms:
            require_atoms(atoms=atoms)
        self.default.check()
        self.chosen.check()
        self.structure.check()
        if self.chosen == self.default:
            require(self.speed_up is None, "the default is said to be faster than itself")
            return
        require(
            self.speed_up is not None and self.speed_up.low is not None and self.speed_up.low > 1,
            "the chosen setting is not clearly faster than the default",
        )
        require_positive(1e6, speed_up=None if self.speed_up is None else self.speed_up.value)
        require(
            self.differences is not None and self.differences.within_limits,
            "the chosen setting was not shown to compute the same",
        )


@strict
@dataclass(frozen=True, kw_only=True)
class AgreementLimits:
    """How far results may be from those of the plain setting.

    Attributes:
        energy_ev_per_atom: Of an energy.
        force_mae_ev_per_angstrom: Mean over force components.
        force_max_ev_per_angstrom: Of any force component.
        stress_ev_per_angstrom3: Of any component of a stress.
    """

    energy_ev_per_atom: float
    force_mae_ev_per_angstrom: float
    force_max_ev_per_angstrom: float
    stress_ev_per_angstrom3: float


@strict
@dataclass(frozen=True, kw_only=True)
class TuneData:
    """The answer of ``mlipguide tune``.

    Attributes:
        machine: Where it was measured.
        structure: What was repeated or cut.
        purpose: What settings are to be fast for.
        budget_s: Wall time for all models together.
        limits: How far results may be from those of the plain setting.
        results: One for each model.
        failed: Models that could not be tuned.
        interrupted: Whether it was ended before its end.
    """

    machine: Machine
    structure: StructureSummary
    purpose: Purpose
    budget_s: float
    limits: AgreementLimits
    results: tuple[ModelTuning, ...]
    failed: tuple[Problem, ...] = field(default=())
    interrupted: bool = False
