"""What can be said of the models before anything is timed: a look, not the answer."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.verdict_reasons import Doubt


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """A first ranking, and what is timed to settle it.

    Attributes:
        ranking: Models that can be started here and whose times are known or expected, best first.
        choice: Id of the one that would be chosen by these times; None for none.
        known: Ids of those that were timed earlier.
        startable: How many models can be started here.
        timed: Ids of the models that are timed now.
        left_out: Why others are not, one each.
    """

    ranking: tuple[Candidate, ...]
    choice: str | None
    known: frozenset[str]
    startable: int
    timed: tuple[str, ...]
    left_out: tuple[Doubt, ...]
