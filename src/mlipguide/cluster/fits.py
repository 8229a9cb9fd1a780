"""Fits that nodes made come into the folder of their pilot, each whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

from mlipguide.cluster.scripts import DATA, part_folder
from mlipguide.core.paths import make_folder, storage_error
from mlipguide.records.cluster.jobs import ClusterRun
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.training.fit.fit_folders import FINISHED
from mlipguide.training.fit.fit_folders import FITS as FILES
from mlipguide.training.pilot.run import FITS

TRAINING = "training"
"""Of a task's data folder: the pilot that its fit is of."""


def collect_fits(run: ClusterRun) -> tuple[list[str], list[str], list[Notice]]:
    """Bring the finished fits of a run into the folder of its pilot.

    Returns:
        Names of fits that came, of those that were there, and what cannot be used.

    Raises:
        StorageError: The folder cannot be written.
    """
    target = make_folder(Path(str(run.target)) / FITS)
    added: list[str] = []
    known: list[str] = []
    notices: list[Notice] = []
    for part in run.parts:
        folder = part_folder(run, part.partition) / DATA / TRAINING / FITS
        finished = sorted(folder.glob(f"*/{FINISHED}"))
        unusable = {error.path: error for error in FILES.look(finished).unusable}
        notices += set_aside_notices("unreadable_training", unusable.values())
        for path in finished:
            if path in unusable:
                continue
            name = path.parent.name
            if (target / name / FINISHED).exists():
                known.append(name)
            else:
                _copy(path.parent, target / name)
                added.append(name)
    return added, known, notices


def _copy(source: Path, target: Path) -> None:
    """Copy a fit under another name, and give it its own when all of it is there."""
    trial = target.with_name(f".{target.name}-{uuid4().hex[:6]}")
    try:
        shutil.copytree(source, trial)
        if target.exists():  # begun here and not finished
            shutil.rmtree(target)
        trial.rename(target)
    except OSError as error:
        shutil.rmtree(trial, ignore_errors=True)
        raise storage_error(target, error) from error
