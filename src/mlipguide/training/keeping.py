"""Pilots and distillations kept when they end, for later advice on the same elements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from mlipguide.core.kept_files import UnfitRecordError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.kept_training import KeptCurve, KeptDistillation, KeptFit, KeptLabels, KeptPilot
from mlipguide.records.training.pilot import PilotData
from mlipguide.records.training.training import Engine, FitRecipe
from mlipguide.store import distillations, pilots
from mlipguide.structures.summaries import formula_of
from mlipguide.training.fit.data import TrainingFrames
from mlipguide.training.pilot.answer import by_model

T = TypeVar("T")


def keep_pilot(
    data: PilotData, frames: TrainingFrames, *, test: Path | None, keys: LabelKeys, base: str
) -> tuple[Notice, ...]:
    """Store what later advice needs of a pilot, and return a notice where that makes no sense.

    Args:
        data: What it found.
        frames: What was learned from.
        test: File of the test frames; None when they were taken from the labels.
        keys: Names of the labels that the user gave.
        base: Id of the model that ``fine-tune`` trained further.

    Raises:
        StorageError: The data folder cannot be written.
    """
    speeds = {(speed.engine, speed.size): speed for speed in data.speeds}
    curves = []
    for (engine, size), points in by_model(data.points).items():
        fits = tuple(
            KeptFit(
                frames=point.frames,
                repeat=point.repeat,
                force_mae_ev_per_angstrom=point.errors.force_mae_ev_per_angstrom.value,
                train_s=point.train_s,
            )
            for point in points
            if point.errors.force_mae_ev_per_angstrom is not None and point.errors.force_mae_ev_per_angstrom.value > 0
        )
        if not fits:
            continue
        speed = speeds.get((engine, size))
        curves.append(
            KeptCurve(
                engine=engine,
                size=size,
                fits=fits,
                time_per_atom_s=None if speed is None else speed.time_per_atom_s,
                timed_atoms=None if speed is None else speed.atoms,
                base_model=base if engine is Engine.FINE_TUNE else None,
            )
        )
    learned = [frame.atoms for frame in frames.chosen(frames.train)]
    kept = KeptPilot(
        elements=data.data.elements,
        fingerprint=data.machine.fingerprint,
        folder=data.folder,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        labels=KeptLabels(
            file=str(Path(frames.source).absolute()),
            test=None if test is None else str(test.absolute()),
            seed=data.seed,
            energy_key=keys.energy,
            forces_key=keys.forces,
            frames=len(learned),
            frame_atoms=sum(map(len, learned)) / len(learned),
            formulas=tuple(sorted({formula_of(atoms) for atoms in learned})),
        ),
        curves=tuple(curves),
    )
    return _kept(pilots.keep, kept)


def keep_distillation(
    data: Distillation, recipe: FitRecipe, machine: Machine, *, folder: str, timed_atoms: int
) -> tuple[Notice, ...]:
    """Store what later advice needs of a distillation, and return a notice where that makes no sense.

    Args:
        data: What came of it.
        recipe: Of the student.
        machine: Where it was done.
        folder: Of the whole distillation.
        timed_atoms: Of the structure that the student was timed with.

    Raises:
        StorageError: The data folder cannot be written.
    """
    best = data.rounds[data.best - 1]
    kept = KeptDistillation(
        elements=data.structure.elements,
        fingerprint=machine.fingerprint,
        folder=folder,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        teacher=data.teacher,
        engine=recipe.engine,
        size=recipe.size,
        formula=data.structure.reduced_formula,
        temperature_k=data.temperature_k,
        cell_atoms=data.cell_atoms,
        frames=best.training_frames,
        label_time_s=data.label_time_s,
        fit_time_s=max(0.0, data.spent_s - data.label_time_s),
        force_mae_ev_per_angstrom=best.held_out.force_mae_ev_per_angstrom,
        own_force_mae_ev_per_angstrom=(None if best.own_frames is None else best.own_frames.force_mae_ev_per_angstrom),
        time_per_atom_s=data.student_step_time_per_atom_s,
        timed_atoms=timed_atoms,
        model=data.model,
        refusal=None if data.model is not None else data.verdict,
    )
    return _kept(distillations.keep, kept)


def _kept(keep: Callable[[T], object], record: T) -> tuple[Notice, ...]:
    """Store a record; one that makes no sense is a notice, since what was trained is handed over all the same."""
    try:
        keep(record)
    except UnfitRecordError as error:
        return (Notice(error.kind, f"{error.message} {error.hint}"),)
    return ()
