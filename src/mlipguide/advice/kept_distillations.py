"""Distillations in advice: kept when they end, and looked up for a task on the same elements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from mlipguide.advice.known import DistilledBefore
from mlipguide.core.kept_files import UnfitRecordError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.kept_training import KeptDistillation
from mlipguide.records.training.training import FitRecipe
from mlipguide.store import distillations as store


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
    try:
        store.keep(kept)
    except UnfitRecordError as error:  # what was trained is handed over all the same
        return (Notice(error.kind, f"{error.message} {error.hint}"),)
    return ()


def distilled_before(
    elements: Sequence[str], fingerprint: str | None
) -> tuple[tuple[DistilledBefore, ...], tuple[Notice, ...]]:
    """Return all distillations on these elements, the latest first, and notices of those that cannot be read.

    Args:
        elements: Of the task.
        fingerprint: Of the machine that the task is for; None where it is not this one.
    """
    found = store.find(elements)
    kept = tuple(
        DistilledBefore(kept=one, here=one.fingerprint == fingerprint) for one in reversed(found.distillations)
    )
    return kept, found.notices
