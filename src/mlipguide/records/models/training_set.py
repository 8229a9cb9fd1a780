"""A data set that models are trained on, with sourced facts."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.models.model_card import DomainFact
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """A data set, known by the name that cards give it.

    Attributes:
        frames: Number of labelled structures; None where no source says it exactly.
        elements: Chemical symbols that occur in it, or names of sets in ``element_sets.yaml``; empty where unknown.
        level_of_theory: Functional and corrections.
        domains: What the data cover.
        sources: Keys in ``sources.bib``.
        remark: What else should be known.
    """

    frames: int | None
    elements: tuple[str, ...]
    level_of_theory: str
    domains: tuple[DomainFact, ...]
    sources: tuple[str, ...]
    remark: str | None = None
