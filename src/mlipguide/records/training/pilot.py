"""What a pilot found: fits, learning curves, the potential that came of it, and pretrained models beside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.accuracy.accuracy import ErrorGap
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict
from mlipguide.records.training.training import Engine, FitRecipe


class Reach(StrEnum):
    """Whether a model comes to the wanted error with more frames."""

    REACHED = "reached"
    REACHABLE = "reachable"
    BEYOND = "beyond"
    NEVER = "never"


@strict
@dataclass(frozen=True, kw_only=True)
class HeldOutErrors:
    """Errors on the test frames; None is what they have no labels for.

    Attributes:
        frames: Number of test frames.
        independent_frames: Independent frames that they are worth for the force error; None without forces.
        force_gap: Why the force error has no interval; None where it has one, or without forces.
        force_mae_ev_per_angstrom: Mean over force components.
        force_rmse_ev_per_angstrom: Root mean square over force components.
        energy_gap: Why the energy error is not known, or has no interval; None where it has one, or without energies.
        energy_mae_ev_per_atom: Mean over frames.
    """

    __test__ = False  # no test class

    frames: int
    independent_frames: float | None
    force_gap: ErrorGap | None
    force_mae_ev_per_angstrom: Estimate | None
    force_rmse_ev_per_angstrom: float | None
    energy_gap: ErrorGap | None
    energy_mae_ev_per_atom: Estimate | None


@strict
@dataclass(frozen=True, kw_only=True)
class GroupErrors:
    """Errors on one group of test frames."""

    group: str
    errors: HeldOutErrors


@strict
@dataclass(frozen=True, kw_only=True)
class PilotPoint:
    """One fit.

    Attributes:
        engine: What trained.
        size: Of the model.
        frames: That it learned from.
        repeat: Which choice of them.
        parameters: Fitted.
        errors: On the test frames.
        train_s: Wall time of the training.
        fit: Name of its folder.
    """

    engine: Engine
    size: str
    frames: int
    repeat: int
    parameters: int
    errors: HeldOutErrors
    train_s: float
    fit: str


@strict
@dataclass(frozen=True, kw_only=True)
class ErrorAt:
    """The force error of a curve at one number of frames: the mean of fits, and what one fit may have."""

    frames: int
    force_mae_ev_per_angstrom: Estimate
    one_fit_ev_per_angstrom: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class PilotCurve:
    """The learning curve error = floor + scale n^(-exponent) of one model.

    Attributes:
        engine: What trains.
        size: Of the model.
        fits: Number of fits behind it.
        smallest_frames: Fewest of them.
        largest_frames: Most of them.
        floor_ev_per_angstrom: What more frames do not remove, if the form holds that far.
        scale_ev_per_angstrom: Of the falling part.
        exponent: Of the falling part.
        curve: Errors from the smallest subset to four times the largest.
        reach: Whether the wanted error is reached; None when none was asked for.
        frames_for_target: With which the mean error falls to it; None when that is not within four times the data.
        fewest_frames_for_target: With 95 % probability it takes more; None when it is not known to be reachable.
        probability_of_target: To reach it within four times the data; None when none was asked for.
    """

    engine: Engine
    size: str
    fits: int
    smallest_frames: int
    largest_frames: int
    floor_ev_per_angstrom: Estimate
    scale_ev_per_angstrom: Estimate
    exponent: Estimate
    curve: tuple[ErrorAt, ...]
    reach: Reach | None
    frames_for_target: Estimate | None
    fewest_frames_for_target: float | None
    probability_of_target: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class BestAt:
    """Which model is the most accurate with so many frames.

    Attributes:
        frames: That were learned from.
        engine: Of the best.
        size: Of the best.
        force_mae_ev_per_angstrom: Its error, over the repeats.
        clearly: Whether there are others, and its interval lies below that of each.
    """

    frames: int
    engine: Engine
    size: str
    force_mae_ev_per_angstrom: float
    clearly: bool


@strict
@dataclass(frozen=True, kw_only=True)
class ModelSpeed:
    """How fast a fitted model is here.

    Attributes:
        engine: What trained it.
        size: Of the model.
        atoms: Of the structure that was stepped.
        driver: What advanced the atoms.
        time_per_atom_s: Wall time of a step over the number of atoms.
    """

    engine: Engine
    size: str
    atoms: int
    driver: str
    time_per_atom_s: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class PretrainedErrors:
    """A pretrained model on the same test frames; its energies are shifted to the labels' by one number an element.

    The errors are freed of what the fit of the shifts flatters; see ``stats.energy_shifts``.
    """

    model: str
    name: str
    errors: HeldOutErrors
    call_time_per_atom_s: float


@strict
@dataclass(frozen=True, kw_only=True)
class TrainedPotential:
    """A potential that can be used.

    Attributes:
        recipe: Which model.
        folder: Where it is.
        files: Its files there, the first the one that is opened.
        frames: That it learned from.
        parameters: Fitted.
        train_s: Wall time of the training.
        errors: On the test frames.
        groups: The same by group.
        time_per_atom_s: Of a step; None when it was not measured.
    """

    recipe: FitRecipe
    folder: str
    files: tuple[str, ...]
    frames: int
    parameters: int
    train_s: float
    errors: HeldOutErrors
    groups: tuple[GroupErrors, ...]
    time_per_atom_s: Estimate | None


@strict
@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Fits that were not done.

    Attributes:
        engine: What would have trained.
        size: Of the model.
        frames: That it would have learned from.
        fits: How many.
        reason: Why.
        expected_s: What one would have taken; None when that is not known.
    """

    engine: Engine
    size: str
    frames: int
    fits: int
    reason: str
    expected_s: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class LabelledData:
    """The frames and how they were divided.

    Attributes:
        source: File of the labels.
        test_source: File of the test frames; the same as ``source`` when they were taken from it.
        elements: Chemical symbols.
        train_frames: Learned from at most.
        test_frames: Tested on.
        left_out_frames: Nearly copies of test frames, so used on neither side.
        mean_force_ev_per_angstrom: Mean absolute force component of the test frames: the error of no forces at all.
    """

    source: str
    test_source: str
    elements: tuple[str, ...]
    train_frames: int
    test_frames: int
    left_out_frames: int
    mean_force_ev_per_angstrom: float


@strict
@dataclass(frozen=True, kw_only=True)
class OneFit:
    """One fit of a pilot's schedule, done by itself.

    Attributes:
        machine: Where it ran.
        fit: Its name: engine, size, frames, repeat.
        folder: What it left.
        train_s: Wall time of training and test.
        force_mae_ev_per_angstrom: On the test frames; None where it gave no potential.
    """

    machine: Machine
    fit: str
    folder: str
    train_s: float
    force_mae_ev_per_angstrom: Estimate | None


@strict
@dataclass(frozen=True, kw_only=True)
class PilotData:
    """The answer of ``train pilot``.

    Attributes:
        machine: Where it ran.
        data: The frames.
        seed: Of the split and the subsets.
        target_ev_per_angstrom: Wanted force MAE; None when none was asked for.
        budget_s: Wall time that it had.
        spent_s: Wall time that it took, earlier runs of the same included.
        folder: Where everything is.
        points: One for each fit.
        learning_curve: One for each model of which enough fits were done.
        best: At each number of frames.
        speeds: One for each model.
        pretrained: Models that were not trained here, on the same frames.
        potential: The best that came out; None when nothing usable did.
        left_out: What there was no time for, or failed.
    """

    machine: Machine
    data: LabelledData
    seed: int
    target_ev_per_angstrom: float | None
    budget_s: float
    spent_s: float
    folder: str
    points: tuple[PilotPoint, ...]
    learning_curve: tuple[PilotCurve, ...]
    best: tuple[BestAt, ...]
    speeds: tuple[ModelSpeed, ...]
    pretrained: tuple[PretrainedErrors, ...]
    potential: TrainedPotential | None
    left_out: tuple[LeftOut, ...]
