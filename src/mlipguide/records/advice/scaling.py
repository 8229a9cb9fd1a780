"""How the time of a step grows with the atoms, as an answer stands on it."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class SizedTime:
    """The time of a step at one size."""

    atoms: int
    step_time_s: Estimate


@dataclass(frozen=True, kw_only=True)
class ModelScaling:
    """One model.

    Attributes:
        model: Id of the card.
        measured: Sizes that were timed on this machine, of the kind of structure that is asked about.
        expected: What its law, or what is carried over from elsewhere, says over many sizes; empty where nothing tells.
    """

    model: str
    measured: tuple[SizedTime, ...]
    expected: tuple[SizedTime, ...]
