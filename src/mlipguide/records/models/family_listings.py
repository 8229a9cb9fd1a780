"""What ``models families`` reports."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True)
class FamilyList:
    """Families of potentials that are trained for one system, by id.

    Attributes:
        families: All of them, or the one that was asked for.
        sources: What that one names; empty for all of them.
    """

    families: tuple[FamilyCard, ...]
    sources: tuple[SourceFact, ...] = ()
