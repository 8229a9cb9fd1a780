"""An evaluation of a model on labelled frames as it is kept: what it is of, and beside that where it was made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlipguide.records.accuracy.accuracy import WORST_ERROR, FrameErrors, LabelsSummary, ModelAccuracy
from mlipguide.records.checks import (
    MOST_ATOMS,
    MOST_FRAMES,
    require,
    require_atoms,
    require_elements,
    require_name,
    require_when,
    require_within,
)
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.timing.measurement import Settings


@strict
@dataclass(frozen=True)
class FrameRange:
    """Frames by their places in a file, counted from 0: from ``start`` to the one before ``stop``."""

    start: int
    stop: int

    def __contains__(self, frame: int) -> bool:
        """Tell whether a place is among them."""
        return self.start <= frame < self.stop

    def __str__(self) -> str:
        """Return it as the command line takes it."""
        return f"{self.start}:{self.stop}"


@strict
@dataclass(frozen=True, kw_only=True)
class EvaluatedOn:
    """Where frames were evaluated: it decides how long that took, and of the results the last digits alone.

    Attributes:
        fingerprint: Of the machine; None where it was not kept.
        settings: As they were there: device, threads, allocator and the like.
        frames: How many, with those that could not be evaluated.
    """

    fingerprint: str | None
    settings: Settings
    frames: int


@strict
@dataclass(frozen=True, kw_only=True)
class StoredEvaluation:
    """One model on one file of labels, as it is kept.

    What makes it another evaluation: the model, its weights, the packages, the numerics of its settings on whatever
    device, the frames by their contents. Where it was made stands beside that.

    Attributes:
        record: Unique name.
        labels: The file.
        seed: Of the choice of frames.
        weights: Checksum or version that tells one set of weights from another.
        accuracy: The figures.
        frame_errors: What they were made of.
        spoiled: Whether units or signs of the labels looked wrong: no evidence then.
        places: Where the frames were evaluated.
        slice: Neighbouring frames of the file that it is confined to, which are no sample of it; None for a choice
            from the whole file.
    """

    record: str
    labels: LabelsSummary
    seed: int
    weights: str
    accuracy: ModelAccuracy
    frame_errors: tuple[FrameErrors, ...]
    spoiled: bool
    places: tuple[EvaluatedOn, ...]
    slice: FrameRange | None

    @property
    def asked_frames(self) -> frozenset[int]:
        """Places of the frames that it is of, those that could not be evaluated included."""
        return frozenset((*(one.frame for one in self.frame_errors), *self.accuracy.failed_frames))

    def check(self) -> None:
        """Refuse figures that no evaluation gives.

        Raises:
            ValueError: What does not make sense.
        """
        labels, accuracy = self.labels, self.accuracy
        require_name(record=self.record, weights=self.weights, sha256=labels.sha256, model=accuracy.model)
        require_elements(labels.elements)
        require_within(1, MOST_FRAMES, frames=labels.frames, chosen_frames=labels.chosen_frames)
        require_when(evaluated_at=accuracy.evaluated_at)
        accuracy.settings.check()
        require_within(1, MOST_FRAMES, frames=accuracy.frames)
        require_atoms(atoms=accuracy.atoms)
        for name in ("force_mae_ev_per_angstrom", "force_rmse_ev_per_angstrom", "energy_mae_ev_per_atom"):
            found: Estimate | None = getattr(accuracy, name)
            if found is not None:
                require_within(0, WORST_ERROR, **{name: found.value})
                require(found.low is None or found.high is None or found.low <= found.high, f"{name} has no interval")
        require(bool(self.frame_errors), "it holds no frame")
        require(sum(one.frames for one in self.places) == len(self.asked_frames), "frames were evaluated nowhere")
        for place in self.places:
            require_within(1, MOST_FRAMES, frames=place.frames)
            place.settings.check()
        if self.slice is not None:
            require(all(frame in self.slice for frame in self.asked_frames), f"frames beyond {self.slice}")
        for frame in self.frame_errors:
            require_elements(tuple(frame.composition), name="composition")
            for count in frame.composition.values():
                require_within(1, MOST_ATOMS, composition=count)
            for sums in (*frame.elements.values(), *frame.bins):
                require_within(0, math.inf, components=sums.components, absolute=sums.absolute, squared=sums.squared)
