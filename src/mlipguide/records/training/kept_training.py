"""What later advice needs of pilots and distillations that were done here."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.core.formulas import as_written
from mlipguide.records.checks import (
    HOTTEST_K,
    LONGEST_S,
    MOST_FRAMES,
    require_atoms,
    require_elements,
    require_name,
    require_positive,
    require_when,
    require_within,
)
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.training.training import Engine

WORST_ERROR = 1e12
"""eV/Å; damaged numbers are beyond it."""


@strict
@dataclass(frozen=True, kw_only=True)
class KeptFit:
    """One fit of a pilot.

    Attributes:
        frames: That it learned from.
        repeat: Which choice of them.
        force_mae_ev_per_angstrom: On the test frames.
        train_s: Wall time of the training; None where it was not kept.
    """

    frames: int
    repeat: int
    force_mae_ev_per_angstrom: float
    train_s: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class KeptCurve:
    """What is kept of one model of a pilot.

    Attributes:
        engine: What trained.
        size: Of the model.
        fits: All that gave an error, by number of frames.
        time_per_atom_s: Of a step; None when it was not measured.
        timed_atoms: Of the structure that was stepped; None where it was not kept.
        base_model: Id of the model that was trained further; None from scratch, or where it was not kept.
    """

    engine: Engine
    size: str
    fits: tuple[KeptFit, ...]
    time_per_atom_s: Estimate | None
    timed_atoms: int | None
    base_model: str | None

    @property
    def most_frames(self) -> int:
        """Frames of the largest fit."""
        return max(fit.frames for fit in self.fits)


@strict
@dataclass(frozen=True, kw_only=True)
class KeptLabels:
    """The labelled frames of a pilot, as one would name them again.

    Attributes:
        file: Absolute path of the labels.
        test: Absolute path of the test frames; None when they were taken from ``file``.
        seed: Of the division and the subsets.
        energy_key: Name of the energy, where the user gave it.
        forces_key: Name of the forces, where the user gave it.
        frames: To learn from.
        frame_atoms: Mean number of atoms of these.
        formulas: Formulas of these, reduced but for molecules, each once.
    """

    file: str
    test: str | None
    seed: int
    energy_key: str | None
    forces_key: str | None
    frames: int
    frame_atoms: float
    formulas: tuple[str, ...]

    def __post_init__(self) -> None:
        """Write formulas of earlier versions, in the order of the alphabet, as they are written now."""
        object.__setattr__(self, "formulas", tuple(map(as_written, self.formulas)))


@strict
@dataclass(frozen=True, kw_only=True)
class KeptPilot:
    """What later advice needs of a pilot.

    Attributes:
        elements: Chemical symbols.
        fingerprint: Of the machine.
        folder: Where the fits are.
        made_at: UTC, ISO 8601.
        labels: Its frames; None where they were not kept.
        curves: One for each model.
    """

    elements: tuple[str, ...]
    fingerprint: str
    folder: str
    made_at: str
    labels: KeptLabels | None
    curves: tuple[KeptCurve, ...]

    def check(self) -> None:
        """Refuse what no learning curve can be drawn through.

        Raises:
            ValueError: What does not make sense.
        """
        require_elements(self.elements)
        require_when(made_at=self.made_at)
        if self.labels is not None:
            require_within(1, MOST_FRAMES, frames=self.labels.frames)
            require_atoms(frame_atoms=self.labels.frame_atoms)
        for curve in self.curves:
            require_name(size=curve.size)
            require_atoms(timed_atoms=curve.timed_atoms)
            _require_time(curve.time_per_atom_s)
            for fit in curve.fits:
                require_within(1, MOST_FRAMES, frames=fit.frames)
                require_positive(WORST_ERROR, force_mae_ev_per_angstrom=fit.force_mae_ev_per_angstrom)
                require_within(0, LONGEST_S, train_s=fit.train_s)


@strict
@dataclass(frozen=True, kw_only=True)
class KeptDistillation:
    """What later advice needs of a distillation.

    Attributes:
        elements: Chemical symbols.
        fingerprint: Of the machine.
        folder: Where everything is.
        made_at: UTC, ISO 8601.
        teacher: Id of the model that labelled.
        engine: What was trained.
        size: Of the student.
        formula: Reduced formula of the structure.
        temperature_k: Of the runs that it is for.
        cell_atoms: Of the cell that was labelled.
        frames: That the kept fit learned from.
        label_time_s: Wall time of all labels, those that the student was judged by included.
        fit_time_s: Wall time of everything else: fits, the student's own runs, checks.
        force_mae_ev_per_angstrom: Against the teacher, on its held-out trajectory.
        own_force_mae_ev_per_angstrom: The same on frames of the student's own run; None where there are none.
        time_per_atom_s: Of a step of the student.
        timed_atoms: Of the structure that was stepped.
        model: Id under which the student is known; None when it was not handed over.
        refusal: Why it was not handed over; None when it was.
    """

    elements: tuple[str, ...]
    fingerprint: str
    folder: str
    made_at: str
    teacher: str
    engine: Engine
    size: str
    formula: str
    temperature_k: float
    cell_atoms: int
    frames: int
    label_time_s: float
    fit_time_s: float
    force_mae_ev_per_angstrom: float
    own_force_mae_ev_per_angstrom: float | None
    time_per_atom_s: Estimate
    timed_atoms: int
    model: str | None
    refusal: str | None

    def __post_init__(self) -> None:
        """Write a formula of an earlier version, in the order of the alphabet, as it is written now."""
        object.__setattr__(self, "formula", as_written(self.formula))

    def check(self) -> None:
        """Refuse what no price can stand on.

        Raises:
            ValueError: What does not make sense.
        """
        require_elements(self.elements)
        require_when(made_at=self.made_at)
        require_name(teacher=self.teacher, size=self.size, formula=self.formula)
        require_within(0, HOTTEST_K, temperature_k=self.temperature_k)
        require_atoms(cell_atoms=self.cell_atoms, timed_atoms=self.timed_atoms)
        require_within(1, MOST_FRAMES, frames=self.frames)
        require_within(0, LONGEST_S, label_time_s=self.label_time_s, fit_time_s=self.fit_time_s)
        require_within(
            0,
            WORST_ERROR,
            force_mae_ev_per_angstrom=self.force_mae_ev_per_angstrom,
            own_force_mae_ev_per_angstrom=self.own_force_mae_ev_per_angstrom,
        )
        _require_time(self.time_per_atom_s)


def _require_time(found: Estimate | None) -> None:
    if found is not None:
        for value in (found.value, found.low, found.high):
            require_positive(LONGEST_S, time_per_atom_s=value)
