"""A file of labels in slices that are evaluated apart, and their evaluations put together again.

What is kept of an evaluation are sums of single frames, and trajectories are told apart by the whole file whatever
slice is evaluated: the sums of all slices together are those of one evaluation, and so are its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from mlipguide.evidence.accuracy.label_input import LabelInput
from mlipguide.evidence.accuracy.label_units import check_units
from mlipguide.evidence.accuracy.model_accuracy import reckoned_anew
from mlipguide.records.accuracy.stored_evaluation import FrameRange, StoredEvaluation
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.store import evidence as store


def slices_of(labels: LabelInput, count: int) -> tuple[FrameRange, ...]:
    """Return slices of the file that hold all chosen frames, each about as many atoms of them.

    Args:
        labels: The file, and which frames are chosen.
        count: How many slices; there are fewer where there are fewer frames.
    """
    atoms = {note.index: note.atoms for note in labels.scan.frames}
    chosen = sorted(labels.chosen)
    count = min(count, len(chosen))
    sums = list(accumulate(atoms[frame] for frame in chosen))
    cuts = [0]
    for number in range(1, count):
        share = sums[-1] * number / count
        nearest = min(range(1, len(chosen)), key=lambda place: abs(sums[place - 1] - share))
        cuts.append(min(max(nearest, cuts[-1] + 1), len(chosen) - count + number))
    ends = [*cuts[1:], len(chosen)]
    return tuple(FrameRange(chosen[begin], chosen[end - 1] + 1) for begin, end in zip(cuts, ends, strict=True))


def difference_between(slices: Sequence[StoredEvaluation]) -> str | None:
    """Return what keeps slices from being one evaluation, in a few words; None where nothing does."""
    first, *others = slices
    for one in others:
        if one.labels.sha256 != first.labels.sha256:
            return "the labels were changed between them"
        if one.weights != first.weights:
            return "their weights differ"
        if one.accuracy.versions != first.accuracy.versions:
            return f"their packages differ ({_words(first)}; {_words(one)})"
        if one.accuracy.settings.numerics_anywhere != first.accuracy.settings.numerics_anywhere:
            return "their settings compute something else"
    return None


def put_together(slices: Sequence[StoredEvaluation]) -> StoredEvaluation:
    """Return the evaluation of all frames of some slices, as if they had been evaluated in one go.

    Args:
        slices: Of one model on one file, between which :func:`difference_between` finds nothing; no frame is in two.
    """
    first = slices[0]
    errors = tuple(sorted((error for one in slices for error in one.frame_errors), key=lambda error: error.frame))
    drivers = {one.accuracy.settings.driver for one in slices}
    settings = replace(first.accuracy.settings, driver=TORCH_SIM) if TORCH_SIM in drivers else first.accuracy.settings
    accuracy = replace(
        first.accuracy,
        settings=settings,
        evaluated_at=max(one.accuracy.evaluated_at for one in slices),
        reused=False,
        failed_frames=tuple(sorted(frame for one in slices for frame in one.accuracy.failed_frames)),
    )
    whole = replace(
        first,
        labels=replace(first.labels, chosen_frames=sum(one.labels.chosen_frames for one in slices)),
        accuracy=accuracy,
        frame_errors=errors,
        spoiled=any(one.spoils for one in check_units({accuracy.model: errors})),
        places=tuple(place for one in slices for place in one.places),
        slice=None,
    )
    whole = reckoned_anew(whole)
    return replace(whole, record=store.record_name(whole))


def _words(one: StoredEvaluation) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(one.accuracy.versions.items()))
