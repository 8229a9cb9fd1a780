"""Stored evaluations that still hold: same labels, weights, versions and numerics."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from mlipguide.candidates.preparation import Prepared
from mlipguide.evidence.accuracy.label_input import LabelInput
from mlipguide.evidence.accuracy.model_accuracy import reckoned_anew
from mlipguide.records.accuracy.accuracy import StoredEvaluation
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.store import evidence as store

CHUNK_BYTES = 2**20
DIGITS = 16
PACKAGED = "package"
"""What stands for weights that a package brings: its version tells them apart."""


def weights_digest(item: Prepared) -> str:
    """Return what tells one set of weights of a model from another."""
    if item.weights_file is None:
        return PACKAGED
    if item.card.weights.origin is WeightsOrigin.CALCULATOR:
        return str(item.card.weights.sha256)[:DIGITS]  # of all that it is made of
    return _file_digest(item.weights_file, item.weights_file.stat().st_mtime_ns)


def known_evaluation(item: Prepared, labels: LabelInput, *, any_sample: bool) -> StoredEvaluation | None:
    """Return the stored evaluation of a model on these labels; None where there is none that holds.

    Args:
        item: The model.
        labels: The labels.
        any_sample: Whether another choice of frames of the same file will do; the largest is taken then.
    """
    summary = labels.summary
    wanted = set(labels.chosen)
    found = []
    for one in store.find(summary.sha256).evaluations:
        keys = (one.labels.energy_key, one.labels.forces_key, one.labels.stress_key)
        frames = {frame.frame for frame in one.frame_errors} | set(one.accuracy.failed_frames)
        if (
            frames <= set(labels.order)
            and still_holds(one, item)
            and keys == (summary.energy_key, summary.forces_key, summary.stress_key)
            and (any_sample or frames == wanted)
        ):
            found.append(one)
    best = max(found, key=lambda one: (one.accuracy.frames, one.accuracy.evaluated_at), default=None)
    return None if best is None else reckoned_anew(best)


def still_holds(evaluation: StoredEvaluation, item: Prepared) -> bool:
    """Tell whether an evaluation is of this model as it would be run now; threads do not matter."""
    accuracy, installed = evaluation.accuracy, item.environment.versions
    return (
        accuracy.model == item.card.id
        and accuracy.backend == item.card.backend
        and accuracy.settings.numerics == item.settings.numerics
        and all(installed[name] == version for name, version in accuracy.versions.items() if name in installed)
        and evaluation.weights == weights_digest(item)
    )


@cache
def _file_digest(path: Path, _changed_ns: int) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()[:DIGITS]
