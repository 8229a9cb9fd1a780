"""A source, spelt out for a reader."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True)
class SourceFact:
    """Where a fact can be read."""

    key: str
    title: str | None
    link: str | None
