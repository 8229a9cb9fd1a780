"""Why one model got its verdict, down to the sources."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.advice.advice import Candidate
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class ModelReasons:
    """A judged model and where each of its numbers can be followed to.

    Attributes:
        candidate: The model, judged for the task.
        hardware: Name of the hardware that the numbers hold for; None for this machine.
        record_files: Files of the measurements that the numbers stand on.
        sources: What is cited, spelt out.
    """

    candidate: Candidate
    hardware: str | None
    record_files: tuple[str, ...]
    sources: tuple[SourceFact, ...]
