"""The words for an answer: whether a candidate does the task, and how to get a potential."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Whether a candidate can do the task."""

    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Position in every order of candidates, 0 first: what does the task, what may, what does not."""
        return (Verdict.FEASIBLE, Verdict.UNKNOWN, Verdict.INFEASIBLE).index(self)


class Strategy(StrEnum):
    """How to get a potential for the task."""

    PRETRAINED = "pretrained"
    FINE_TUNE = "fine-tune"
    DISTIL = "distil"
    TRAIN_FROM_SCRATCH = "train-from-scratch"
    NONE = "none"
