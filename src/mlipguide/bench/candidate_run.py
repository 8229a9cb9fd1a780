"""One candidate while it is being measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import Subject
from mlipguide.records.notice import Problem
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts, ModelSession


@dataclass
class CandidateRun:
    """One candidate while it is being measured.

    Attributes:
        subject: The checkpoint with its settings.
        ladder: Sizes that it may climb, ascending.
        session: Its worker; None before it was started and after it ended.
        facts: What the weights say of themselves; None when they were never loaded.
        sizes: What was measured, by number of atoms.
        problems: What went wrong.
        spent_s: Seconds of the budget that it used.
        climbing: Whether it may still be given a larger size.
        settled: Whether more samples of it would change no decision.
        out_of_memory_at: Number of atoms that did not fit.
    """

    subject: Subject
    ladder: tuple[int, ...]
    session: ModelSession | None = None
    facts: ModelFacts | None = None
    sizes: dict[int, SizeRun] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spent_s: float = 0.0
    climbing: bool = True
    settled: bool = False
    out_of_memory_at: int | None = None

    @property
    def alive(self) -> bool:
        """Whether its worker can be asked."""
        return self.session is not None

    def close(self) -> None:
        """End the worker."""
        if self.session is not None:
            self.session.close()
            self.session = None

    def note_failure(self, size: int, error: SessionError) -> None:
        """Keep what went wrong at a size; it climbs no further, and ends where nothing can be asked of it any more."""
        message = f"{error.message.removesuffix('.')} (at {size} atoms)."
        self.problems.append(Problem(kind=error.kind, message=message, hint=error.hint))
        self.climbing = False
        if error.failure is FailureKind.OUT_OF_MEMORY:
            self.out_of_memory_at = size
        if error.ends_session or not self.sizes:
            self.close()
