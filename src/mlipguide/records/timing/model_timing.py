"""How far the timing of a model has come, for whoever watches a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate


class TimingPhase(StrEnum):
    """What happens to a model while several are timed."""

    WAITING = "waiting"
    LOADING = "loading"
    TIMING = "timing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ModelTiming:
    """One model while it is timed.

    Attributes:
        model: Id of the card, with the settings that tell it from others that are timed.
        phase: What happens to it.
        atoms: The largest size with a time so far; None before there is one.
        step_time_s: One step at that size, with the interval so far; None before there is one.
        problem: Why it failed, in a sentence; None where it did not.
    """

    model: str
    phase: TimingPhase
    atoms: int | None = None
    step_time_s: Estimate | None = None
    problem: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be asked of the model."""
        return self.phase in (TimingPhase.DONE, TimingPhase.FAILED)
