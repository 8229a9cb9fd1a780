"""One candidate while it is being measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import Subject
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.notice import Problem
from mlipguide.records.timing.model_timing import ModelTiming, TimingPhase
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts, ModelSession
from mlipguide.stats.bursts import average, variance_between

HELD_SHARE = 0.5
"""Of the memory may be held by workers that wait for their turn. As in a long run, a step then finds the memory that
the last one freed; beyond it, each gives its freed memory back after a burst, and the next lead-in pays for that."""


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

    @property
    def held_bytes(self) -> int:
        """What its worker may still hold of the memory that it has freed: the highest peak so far."""
        return max((size.peak_memory_bytes for size in self.sizes.values()), default=0) if self.alive else 0

    def relative_half_widths(self) -> dict[int, float]:
        """Return half the 90 % interval of the step time at each size, relative to it."""
        timings = {size: run.timings for size, run in self.sizes.items()}
        between = variance_between(list(timings.values()))
        return {size: average(bursts, between).relative_half_width for size, bursts in timings.items()}

    def close(self) -> None:
        """End the worker."""
        if self.session is not None:
            self.session.close()
            self.session = None

    def note_failure(self, size: int, error: SessionError) -> None:
        """Keep what went wrong at a size; it climbs no further, and ends where nothing can be asked of it any more."""
        message = f"{error.message.removesuffix('.')} (at {size} atoms)."
        self.problems.append(replace(Problem.from_error(error, model=self.subject.card.id), message=message))
        self.climbing = False
        if error.failure is FailureKind.OUT_OF_MEMORY:
            self.out_of_memory_at = size
        if error.ends_session or not self.sizes:
            self.close()


def timing_of(run: CandidateRun, *, is_loading: bool, is_over: bool) -> ModelTiming:
    """Return how far a candidate has come: the time at its largest size, with the 90 % interval of its bursts so far.

    Args:
        run: The candidate.
        is_loading: Whether its worker is being started.
        is_over: Whether nothing more will be asked of it.
    """
    label = run.subject.label
    if is_over and not run.sizes:
        problem = run.problems[0].message if run.problems else None
        return ModelTiming(model=label, phase=TimingPhase.FAILED, problem=problem)
    if not run.sizes:
        started = TimingPhase.TIMING if run.alive else TimingPhase.WAITING
        return ModelTiming(model=label, phase=TimingPhase.LOADING if is_loading else started)
    atoms = max(run.sizes)
    step_s, half = run.sizes[atoms].step_time_s, run.relative_half_widths()[atoms]
    known = math.isfinite(half)
    so_far = Estimate(
        value=step_s,
        low=max(0.0, step_s * (1 - half)) if known else None,
        high=step_s * (1 + half) if known else None,
        basis=Basis.MEASURED,
        source="the samples so far",
    )
    phase = TimingPhase.DONE if is_over or run.settled or not run.alive else TimingPhase.TIMING
    return ModelTiming(model=label, phase=phase, atoms=atoms, step_time_s=so_far)


def hold_too_much(runs: Sequence[CandidateRun], memory_bytes: int, *, growing_bytes: float = 0.0) -> bool:
    """Tell whether the workers together may hold more memory than those that wait may.

    Args:
        runs: All whose workers are loaded.
        memory_bytes: All the memory.
        growing_bytes: By how much more the next size may need.
    """
    return sum(run.held_bytes for run in runs) + growing_bytes > HELD_SHARE * memory_bytes
