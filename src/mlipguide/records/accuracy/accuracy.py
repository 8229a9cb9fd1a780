"""How far models are from reference calculations: sums of one frame, figures of one model, and the whole evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.core.formulas import as_written
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.timing.measurement import Settings

WORST_ERROR = 1e12
"""eV/Å or eV; models may be this wrong, damaged numbers are beyond it."""


class ErrorGap(StrEnum):
    """Why an error, or its interval, is not known.

    Attributes:
        TOO_FEW_FRAMES: Too few independent frames for an interval.
        TOO_FEW_FOR_SHIFTS: The shift of each element takes all that the frames say of energies: there is no error.
    """

    TOO_FEW_FRAMES = "too-few-independent-frames"
    TOO_FEW_FOR_SHIFTS = "too-few-frames-for-shifts"


@strict
@dataclass(frozen=True, kw_only=True)
class ErrorSums:
    """Sums over force components: how many, of absolute errors (eV/Å), of squared errors (eV²/Å²)."""

    components: int
    absolute: float
    squared: float


@strict
@dataclass(frozen=True, kw_only=True)
class FrameErrors:
    """One model on one frame, in sums that figures of any selection of frames are made of.

    Attributes:
        frame: Place in the file, from 0.
        group: The kind of frame, as the file names it.
        run: Frames with one number are of one trajectory; see ``structures.trajectories``.
        composition: Atoms of each element.
        elements: Errors of the forces, by element.
        bins: The same by the magnitude of the atom's reference force; edges are ``evidence.force_errors.BIN_EDGES``.
        dot: Sum of predicted times reference components, eV²/Å².
        reference_squared: Sum of squared reference components.
        predicted_squared: Sum of squared predicted components.
        cosine_sum: Sum over atoms of the cosine between both forces.
        cosine_atoms: Atoms that have one: both forces are not zero.
        largest: Largest error of a component, eV/Å.
        largest_atom: Where it is.
        energy_reference_ev: None where the file has none.
        energy_predicted_ev: Of the whole structure.
        stress: Errors of the six components, eV/Å³; None where either side has none.
        stress_dot: Likewise the sums that units and sign are told by.
        stress_reference_squared: Likewise.
        stress_predicted_squared: Likewise.
    """

    frame: int
    group: str | None
    run: int
    composition: dict[str, int]
    elements: dict[str, ErrorSums]
    bins: tuple[ErrorSums, ...]
    dot: float
    reference_squared: float
    predicted_squared: float
    cosine_sum: float
    cosine_atoms: int
    largest: float
    largest_atom: int
    energy_reference_ev: float | None
    energy_predicted_ev: float
    stress: ErrorSums | None = None
    stress_dot: float = 0.0
    stress_reference_squared: float = 0.0
    stress_predicted_squared: float = 0.0

    @property
    def atoms(self) -> int:
        """Number of atoms."""
        return sum(self.composition.values())

    @property
    def components(self) -> int:
        """Number of force components."""
        return sum(item.components for item in self.elements.values())

    @property
    def absolute(self) -> float:
        """Sum of the absolute errors of all force components."""
        return sum(item.absolute for item in self.elements.values())


@strict
@dataclass(frozen=True, kw_only=True)
class ErrorPart:
    """The force error of a part of the atoms: an element, a group, a range of force magnitudes."""

    name: str
    frames: int
    components: int
    force_mae_ev_per_angstrom: Estimate
    force_rmse_ev_per_angstrom: float


@strict
@dataclass(frozen=True, kw_only=True)
class LargestError:
    """The largest error of a force component, and where it is."""

    ev_per_angstrom: float
    frame: int
    atom: int


@strict
@dataclass(frozen=True, kw_only=True)
class ModelAccuracy:
    """The errors of one model, with intervals of 90 %; see ``stats.frame_means``.

    Attributes:
        model: Id of the card.
        name: As people call it.
        backend: That evaluated it.
        versions: Of the packages that decide the result.
        settings: Threads, dtype, device.
        evaluated_at: When, ISO 8601 in UTC.
        reused: Whether it was evaluated in an earlier run.
        frames: Frames evaluated.
        atoms: Atoms in them.
        independent_frames: Independent frames that the frames are worth for the force error.
        failed_frames: Frames that it could not evaluate.
        force_gap: Why the force errors have no interval; None where they have one.
        force_mae_ev_per_angstrom: Mean absolute error of the force components.
        force_rmse_ev_per_angstrom: Root of the mean squared error.
        force_cosine: Mean cosine between predicted and reference force.
        force_slope: Of predicted against reference forces; below 1 the model is too soft.
        force_largest: The largest error.
        by_element: Parts of the force error.
        by_group: Likewise; empty where the file names no groups.
        by_magnitude: Likewise, by the magnitude of the reference force.
        energy_gap: Why the energy error is not known, or has no interval; None where it has one, or without energies.
        energy_mae_ev_per_atom: After a shift for each element was taken off, freed of what the fit of the shifts
            flatters; None where it cannot be told.
        energy_rmse_ev_per_atom: Likewise.
        energy_mae_unshifted_ev_per_atom: As the numbers stand; two zeros of energy differ by any amount.
        energy_shifts_ev: The shifts, reference minus prediction, of each element.
        energy_shifts_are_unique: Whether the compositions determine each of them; the errors do not depend on it.
        stress_mae_ev_per_angstrom3: Of the six components.
        stress_rmse_ev_per_angstrom3: Likewise.
    """

    model: str
    name: str
    backend: str
    versions: dict[str, str]
    settings: Settings
    evaluated_at: str
    reused: bool
    frames: int
    atoms: int
    independent_frames: float
    failed_frames: tuple[int, ...]
    force_gap: ErrorGap | None
    force_mae_ev_per_angstrom: Estimate
    force_rmse_ev_per_angstrom: Estimate
    force_cosine: Estimate | None
    force_slope: Estimate | None
    force_largest: LargestError
    by_element: tuple[ErrorPart, ...]
    by_group: tuple[ErrorPart, ...]
    by_magnitude: tuple[ErrorPart, ...]
    energy_gap: ErrorGap | None
    energy_mae_ev_per_atom: Estimate | None
    energy_rmse_ev_per_atom: float | None
    energy_mae_unshifted_ev_per_atom: Estimate | None
    energy_shifts_ev: dict[str, float]
    energy_shifts_are_unique: bool
    stress_mae_ev_per_angstrom3: Estimate | None
    stress_rmse_ev_per_angstrom3: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class RankedPair:
    """Two models on the frames that both evaluated.

    Attributes:
        better: The one with the smaller force MAE.
        worse: The other.
        frames: Frames in common.
        difference_ev_per_angstrom: MAE of the worse minus that of the better, frame by frame.
        significant: Whether the 90 % interval excludes zero; None where there are too few independent frames
            for an interval.
    """

    better: str
    worse: str
    frames: int
    difference_ev_per_angstrom: Estimate
    significant: bool | None


class FindingKind(StrEnum):
    """What may be wrong with labels."""

    FORCE_UNITS = "force-units"
    FORCE_SIGN = "force-sign"
    ENERGY_UNITS = "energy-units"
    STRESS_UNITS = "stress-units"
    LEVELS_OF_THEORY = "levels-of-theory"
    DUPLICATES = "duplicates"
    OUTLIERS = "outliers"
    UNCONVERGED = "unconverged"
    NET_FORCE = "net-force"


SPOILING = frozenset({FindingKind.FORCE_UNITS, FindingKind.FORCE_SIGN, FindingKind.ENERGY_UNITS})
"""What makes errors against such labels meaningless."""


@strict
@dataclass(frozen=True, kw_only=True)
class LabelFinding:
    """Something that looks wrong in the labels, and the frames where."""

    kind: FindingKind
    message: str
    frames: tuple[int, ...]

    @property
    def spoils(self) -> bool:
        """Whether the errors of the models mean nothing while this stands."""
        return self.kind in SPOILING


@strict
@dataclass(frozen=True, kw_only=True)
class LabelledSystem:
    """A kind of structure that labels are of.

    Attributes:
        reduced_formula: As the field writes it; of a molecule all its atoms.
        periodic_directions: 0 to 3.
        frames: How many.
        lowest_density_per_angstrom3: Atoms per volume, where periodic in three directions.
        highest_density_per_angstrom3: Likewise.
    """

    reduced_formula: str
    periodic_directions: int
    frames: int
    lowest_density_per_angstrom3: float | None
    highest_density_per_angstrom3: float | None

    def __post_init__(self) -> None:
        """Write formulas of earlier versions, in the order of the alphabet, as they are written now."""
        object.__setattr__(self, "reduced_formula", as_written(self.reduced_formula))


@strict
@dataclass(frozen=True, kw_only=True)
class LabelsSummary:
    """A file of labels.

    Attributes:
        source: Its name.
        sha256: Of its contents.
        frames: Frames in the file, isolated atoms not counted.
        frames_with_forces: Of these with forces.
        frames_with_stress: Of these with a stress.
        atoms: Atoms in all frames.
        largest_frame_atoms: Atoms of the largest frame.
        elements: Chemical symbols.
        groups: Frames of each group.
        systems: Kinds of structure, the most frequent first.
        energy_key: Name of the energy that was read; None where there is none.
        forces_key: Name of the forces.
        stress_key: Name of the stress.
        runs: Trajectories that the frames seem to be of.
        chosen_frames: Frames that were chosen to be evaluated.
        isolated_atoms_ev: Energies of isolated atoms by element; such frames are not counted among the others.
    """

    source: str
    sha256: str
    frames: int
    frames_with_forces: int
    frames_with_stress: int
    atoms: int
    largest_frame_atoms: int
    elements: tuple[str, ...]
    groups: dict[str, int]
    systems: tuple[LabelledSystem, ...]
    energy_key: str | None
    forces_key: str | None
    stress_key: str | None
    runs: int
    chosen_frames: int
    isolated_atoms_ev: dict[str, float] = field(default_factory=dict)


@strict
@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What ``mlipguide evaluate`` answers.

    Attributes:
        labels: What was compared with.
        results: The models, the smallest force error first.
        ranking: Each model against the next, and the first against each.
        findings: What looks wrong in the labels.
        worst_file: Where the worst frames were written; None where not asked for.
    """

    labels: LabelsSummary
    results: tuple[ModelAccuracy, ...]
    ranking: tuple[RankedPair, ...]
    findings: tuple[LabelFinding, ...]
    worst_file: str | None = None
