"""Evaluations that nodes made, slice by slice: a model's comes into the store when all of its slices are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlipguide.cluster.scripts import DATA, part_folder
from mlipguide.core.paths import evidence_dir
from mlipguide.evidence.accuracy.frame_slices import difference_between, put_together
from mlipguide.evidence.accuracy.label_input import parse_frames
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.cluster.jobs import ClusterRun, ClusterTask
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.store import evidence as store

FRAMES = "--frames"


def collect_evaluations(run: ClusterRun) -> tuple[list[str], list[str], list[Notice]]:
    """Bring what there is of a run into the store.

    A slice alone does not come: it is no sample of the labels, and nothing is to be judged by it.

    Returns:
        Names of records that came, names of those that were there, and what is still missing or does not go together.

    Raises:
        StorageError: The data folder cannot be written.
    """
    folders = [part_folder(run, part.partition) / DATA / evidence_dir().name for part in run.parts]
    found = store.FILES.look(_files(folders))
    notices = list(set_aside_notices("unreadable_evaluation", found.unusable))
    added: list[str] = []
    known: list[str] = []
    for model in run.models:
        tasks = [task for task in run.tasks if task.model == model]
        slices = [_latest(task, found.records) for task in tasks]
        there = [one for one in slices if one is not None]
        if len(there) < len(tasks):
            missing = [task for task, one in zip(tasks, slices, strict=True) if one is None]
            notices += _missing_notice(run, model, missing, of=len(tasks))
            continue
        difference = difference_between(there)
        if difference is not None:
            words = f"{model}: its slices are not put together, since {difference}. Submit it anew: see 'jobs list'."
            notices.append(Notice("slices_differ", words))
            continue
        whole = put_together(there)
        if _is_stored(whole):
            known.append(whole.record)
        else:
            store.save(whole)
            added.append(whole.record)
    return added, known, notices


def _files(folders: Iterable[Path]) -> list[Path]:
    return sorted(path for folder in folders for path in folder.glob("*/*.json"))


def _latest(task: ClusterTask, records: Iterable[StoredEvaluation]) -> StoredEvaluation | None:
    """Return what a task left; the later where it was done twice."""
    wanted = parse_frames(task.options.get(FRAMES))
    mine = [one for one in records if one.accuracy.model == task.model and one.slice == wanted]
    return max(mine, key=lambda one: one.accuracy.evaluated_at, default=None)


def _missing_notice(run: ClusterRun, model: str, missing: list[ClusterTask], *, of: int) -> list[Notice]:
    if of == 1:
        return []  # what became of its one task is told anyway
    names = ", ".join(str(task.part) for task in missing)
    words = f"{model} is not whole yet: {of - len(missing)} of its {of} slices are there, not {names}."
    resume = f"'mlipguide jobs resume {run.name}' submits what ended without an answer."
    return [Notice("slice_missing", f"{words} {resume}")]


def _is_stored(whole: StoredEvaluation) -> bool:
    """Tell whether the store has this evaluation, or a later one of the same."""
    same = [one for one in store.find(whole.labels.sha256).evaluations if one.record == whole.record]
    return any(one.accuracy.evaluated_at >= whole.accuracy.evaluated_at for one in same)
