"""What ``mlipguide disagree`` reports, and the calibration that it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary


class FrameKind(StrEnum):
    """Where a frame is from."""

    START = "start"
    DYNAMICS = "dynamics"
    DISTORTED = "distorted"


class Agreement(StrEnum):
    """How the models stand to each other, by the interval of the expected error; undecided is what it leaves open."""

    AGREE = "agree"
    DIFFER = "differ"
    DISAGREE = "disagree"
    UNDECIDED = "undecided"


@strict
@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often the 90 % intervals held the true error where they were fitted without what they were tested on.

    Attributes:
        left_out: What was left out, in words.
        share: Of the errors inside of their interval.
        above: Of the errors above it.
        frames: Number of labelled frames that were tested.
    """

    left_out: str
    share: float
    above: float
    frames: int


@strict
@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How disagreement maps to error: the force MAE of one of the models is ``ratio`` times the disagreement.

    Attributes:
        ratio: Median of error over disagreement.
        low_ratio: 5 % of the ratios are below.
        high_ratio: 95 % of the ratios are below.
        smallest_ev_per_angstrom: Smallest disagreement that it was fitted on.
        largest_ev_per_angstrom: Largest disagreement that it was fitted on.
        elements: That the labelled structures hold.
        chemistries: Number of sets of elements among them.
        models: Models of the ensembles.
        coverage: On what was left out.
        ensembles: Number of ensembles made of them.
        frames: Number of labelled frames.
        level_of_theory: Of the labels.
        sources: Keys of the labelled data in ``sources.bib``.
        made_by: The script that wrote it.
        made_on: ISO date.
        limits: What it does not tell, a sentence each.
    """

    ratio: float
    low_ratio: float
    high_ratio: float
    smallest_ev_per_angstrom: float
    largest_ev_per_angstrom: float
    elements: tuple[str, ...]
    chemistries: int
    models: tuple[str, ...]
    coverage: tuple[Coverage, ...]
    ensembles: int
    frames: int
    level_of_theory: str
    sources: tuple[str, ...]
    made_by: str
    made_on: str
    limits: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class FrameDisagreement:
    """One frame.

    Attributes:
        frame: Its number, from 0.
        kind: Where it is from.
        time_s: Simulated time; None for what is not from the run.
        temperature_k: From the kinetic energy; None for what is not from the run.
        force_disagreement_ev_per_angstrom: Standard deviation over the models of a force component, root mean square.
        relative_disagreement: Over ``force_magnitude_ev_per_angstrom``; None where the forces vanish.
        largest_atom_disagreement_ev_per_angstrom: Of the atom with the largest, of the force as a vector.
        largest_atom: Index of that atom, from 0.
        largest_atom_element: Its element.
        force_magnitude_ev_per_angstrom: Root mean square of a component of the models' mean force.
        energy_disagreement_ev_per_atom: Standard deviation over the models after each one's mean is taken off; None for
            a single frame.
        stress_disagreement_ev_per_angstrom3: Standard deviation over the models of a stress component, root mean
            square; None where a model gives no stress.
        expected_force_mae_ev_per_angstrom: Expected mean absolute error of a force component of one of the models.
    """

    frame: int
    kind: FrameKind
    time_s: float | None
    temperature_k: float | None
    force_disagreement_ev_per_angstrom: float
    relative_disagreement: float | None
    largest_atom_disagreement_ev_per_angstrom: float
    largest_atom: int
    largest_atom_element: str
    force_magnitude_ev_per_angstrom: float
    energy_disagreement_ev_per_atom: float | None
    stress_disagreement_ev_per_angstrom3: float | None
    expected_force_mae_ev_per_angstrom: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class GroupDisagreement:
    """Several frames together, or the atoms of one element in them.

    Attributes:
        name: A kind of frame, an element, or what ``overall`` is of.
        frames: Number of frames.
        atoms: Number of atoms in each.
        force_disagreement_ev_per_angstrom: As of a frame, root mean square over all.
        relative_disagreement: Over the magnitude of the forces; None where they vanish.
        largest_atom_disagreement_ev_per_angstrom: Of the atom with the largest.
        expected_force_mae_ev_per_angstrom: As of a frame.
    """

    name: str
    frames: int
    atoms: int
    force_disagreement_ev_per_angstrom: float
    relative_disagreement: float | None
    largest_atom_disagreement_ev_per_angstrom: float
    expected_force_mae_ev_per_angstrom: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class PairDifference:
    """How far two models are apart over all frames.

    Attributes:
        models: The two.
        force_difference_ev_per_angstrom: Mean absolute difference of a force component.
    """

    models: tuple[str, str]
    force_difference_ev_per_angstrom: float


@strict
@dataclass(frozen=True, kw_only=True)
class SamplingRun:
    """The run that frames were taken from.

    Attributes:
        model: What made it.
        temperature_k: Of the thermostat.
        timestep_s: Integration step.
        simulated_s: How far it came.
        unstable: Whether the atoms flew apart or grew far too hot.
    """

    model: str
    temperature_k: float
    timestep_s: float
    simulated_s: float
    unstable: bool


@strict
@dataclass(frozen=True, kw_only=True)
class FramesToLabel:
    """The frames that would tell most.

    Attributes:
        file: Where they were written; None where not.
        frames: Their numbers, the first choice first.
    """

    file: str | None
    frames: tuple[int, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """The answer of ``mlipguide disagree``.

    Attributes:
        structure: The user's structure.
        atoms: Of the cell that was run and evaluated.
        models: That evaluated every frame.
        run: Where frames were taken from; None where it gave none.
        agreement: How the models stand to each other.
        tolerance_ev_per_angstrom: Force MAE that the user can bear; None where it was not said.
        overall: What the verdict stands on: the run after its first 0.1 ps, or where that is too little all frames
            but the start.
        kinds: By kind of frame.
        elements: By element, over the same frames as ``overall``.
        pairs: Any two models.
        frames: All frames that were evaluated.
        to_label: What to label; None where nothing need be.
        calibration: What the expected errors stand on.
        extrapolated: Why they are outside of what it was fitted on; empty where they are not.
        shared_data: Data sets that all of the models were trained on.
    """

    structure: StructureSummary
    atoms: int
    models: tuple[str, ...]
    run: SamplingRun | None
    agreement: Agreement
    tolerance_ev_per_angstrom: float | None
    overall: GroupDisagreement
    kinds: tuple[GroupDisagreement, ...]
    elements: tuple[GroupDisagreement, ...]
    pairs: tuple[PairDifference, ...]
    frames: tuple[FrameDisagreement, ...]
    to_label: FramesToLabel | None
    calibration: Calibration
    extrapolated: tuple[str, ...]
    shared_data: tuple[str, ...]
