"""Stored evaluations that still hold: same labels, weights, versions and numerics, on whatever machine they were made.

The errors of a model are the same on every device but for their last digits, so that what a compute node evaluated is
known on the login node.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.candidates.identity import weights_digest
from mlipguide.candidates.preparation import Prepared
from mlipguide.evidence.accuracy.model_accuracy import reckoned_anew
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.store import evidence as store

if TYPE_CHECKING:
    from mlipguide.evidence.accuracy.label_input import LabelInput


def known_evaluation(item: Prepared, labels: LabelInput, *, any_sample: bool) -> StoredEvaluation | None:
    """Return the stored evaluation of a model on these labels; None where there is none that holds.

    Args:
        item: The model.
        labels: The labels.
        any_sample: Whether another choice of frames of the same file will do; the largest is taken then. A slice of
            the file is none.
    """
    summary = labels.summary
    wanted = set(labels.chosen)
    found = []
    for one in store.find(summary.sha256).evaluations:
        keys = (one.labels.energy_key, one.labels.forces_key, one.labels.stress_key)
        frames = one.asked_frames
        if (
            frames <= set(labels.order)
            and still_holds(one, item)
            and keys == (summary.energy_key, summary.forces_key, summary.stress_key)
            and (frames == wanted or (any_sample and one.slice is None))
        ):
            found.append(one)
    best = max(found, key=lambda one: (one.accuracy.frames, one.accuracy.evaluated_at), default=None)
    return None if best is None else reckoned_anew(best)


def still_holds(evaluation: StoredEvaluation, item: Prepared) -> bool:
    """Tell whether an evaluation is of this model as it would be run now, whatever the device and the threads.

    One with the default settings holds for tuned ones as well: these were chosen because they compute the same.
    """
    accuracy, installed = evaluation.accuracy, item.environment.versions
    as_run, untuned = item.settings, replace(item.settings, choices=())
    return (
        accuracy.model == item.card.id
        and accuracy.backend == item.card.backend
        and accuracy.settings.numerics_anywhere in (as_run.numerics_anywhere, untuned.numerics_anywhere)
        and all(installed[name] == version for name, version in accuracy.versions.items() if name in installed)
        and evaluation.weights == weights_digest(item)
    )
