"""Evaluations of models on labelled frames, one JSON file each.

A file stands for one model, with its weights, versions and those of its settings that decide what is computed, on one
choice of frames of one file of labels, which is known by its contents. The machine, its device and the threads stand in
the file, not in its name: evaluating the same again, wherever, writes the same file anew. Formats are versioned, as
those of measurements.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.kept_files import KeptFiles, Upgrades
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import evidence_dir
from mlipguide.core.serialisation import to_plain
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.store.measurements import without_additions, without_choices

FORMAT = 5


def _with_gaps(data: dict[str, Any]) -> dict[str, Any]:
    """Return an evaluation of the first version, which counted blocks of frames and gave no reason for gaps.

    Its figures are old and are made anew of the sums by whoever reads them; see ``evidence.model_accuracy``.
    """
    accuracy = {name: value for name, value in data["accuracy"].items() if name != "blocks"}
    new = {"independent_frames": float(data["accuracy"]["blocks"]), "force_gap": None, "energy_gap": None}
    return {**data, "accuracy": {**accuracy, **new}}


def _without_choices(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "accuracy": without_choices(data["accuracy"])}


def _without_additions(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "accuracy": without_additions(data["accuracy"])}


def _with_places(data: dict[str, Any]) -> dict[str, Any]:
    """Return an evaluation of the fourth version, of which the settings say on what it was made, and nothing where."""
    accuracy = data["accuracy"]
    frames = len({one["frame"] for one in data["frame_errors"]} | set(accuracy["failed_frames"]))
    place = {"fingerprint": None, "settings": accuracy["settings"], "frames": frames}
    return {**data, "places": [place], "slice": None}


UPGRADES: Upgrades = {1: _with_gaps, 2: _without_choices, 3: _without_additions, 4: _with_places}
"""From each past version to the next."""
FOLDER_DIGITS = 16
FILES = KeptFiles(kind=StoredEvaluation, name="evaluation", key="evaluation", format=FORMAT, upgrades=UPGRADES)


@dataclass(frozen=True)
class FoundEvaluations:
    """What a look into the store gave: evaluations, and notices about files that are set aside."""

    evaluations: tuple[StoredEvaluation, ...]
    notices: tuple[Notice, ...]


def record_name(evaluation: StoredEvaluation) -> str:
    """Return the name of an evaluation's file: the model, and a digest of everything that decides the result.

    Files of formats before 5 have names that depend on device and threads as well, and keep them.
    """
    accuracy, labels = evaluation.accuracy, evaluation.labels
    deciding = [
        evaluation.weights,
        sorted(accuracy.versions.items()),
        [accuracy.settings.driver, *map(to_plain, accuracy.settings.numerics_anywhere)],
        [labels.energy_key, labels.forces_key, labels.stress_key],
        sorted(evaluation.asked_frames),
    ]
    digest = hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:12]
    return f"{accuracy.model}-{digest}"


def save(evaluation: StoredEvaluation, *, folder: Path | None = None) -> Path:
    """Store an evaluation and return its file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    place = (folder or evidence_dir()) / evaluation.labels.sha256[:FOLDER_DIGITS]
    return FILES.write(place / f"{evaluation.record}.json", evaluation)


def read(path: Path) -> StoredEvaluation:
    """Read one stored evaluation, of this version or a past one.

    Raises:
        UnusableFileError: The file is not an evaluation, is damaged, makes no sense, or is of a newer version.
    """
    return FILES.read(path)


@once_a_look
def find(sha256: str | None = None, *, folder: Path | None = None) -> FoundEvaluations:
    """Return the stored evaluations on one file of labels, or on all, oldest first.

    Args:
        sha256: Of the contents of the labels; None for all.
        folder: Where they are kept; in the data folder by default.
    """
    pattern = "*/*.json" if sha256 is None else f"{sha256[:FOLDER_DIGITS]}/*.json"
    found = FILES.look(sorted((folder or evidence_dir()).glob(pattern)))
    kept = [one for one in found.records if sha256 is None or one.labels.sha256 == sha256]
    return FoundEvaluations(
        tuple(sorted(kept, key=lambda one: one.accuracy.evaluated_at)),
        set_aside_notices("unreadable_evaluation", found.unusable),
    )
