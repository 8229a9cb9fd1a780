"""The largest system that really fits into memory, found by trying.

Every attempt is a process of its own that loads the model, makes the first energy-and-force call, takes one step and
ends: memory that an attempt left fragmented, or an attempt that the system killed, touches no other one. Sizes grow by
a constant factor from near the prediction until one does not fit, or shrink until one does; then the bracket is halved
(in the logarithm) until it is narrow enough, no other size lies inside, or the time is spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from mlipguide.bench.possible_sizes import PossibleSizes
from mlipguide.bench.subject import Size, SizeSource
from mlipguide.core.errors import MlipguideError
from mlipguide.records.notice import Problem
from mlipguide.records.strict import strict
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, ModelSession

HEADROOM = 0.10
"""Share by which the density may grow. At a fixed cutoff each atom's number of neighbours is proportional to the
density, and what grows with a system's size is the memory of its pairs: a cell that becomes 10 % denser needs up to
10 % more. That is what a liquid or glass, built too loosely, may gain while NPT equilibrates it."""
START_SHARE = 0.8
"""Of the predicted size: predictions of memory err by some 10 %, and the first attempt should fit."""


class ProbeEnd(StrEnum):
    """Why a probe ended."""

    FOUND = "found"
    BUDGET = "budget"
    LARGEST = "largest"
    PROBLEM = "problem"


@strict
@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One size in a process of its own.

    Attributes:
        atoms: Number of atoms.
        fitted: Whether the step was made.
        elapsed_s: Wall time of everything, loading included.
        peak_memory_bytes: None where it did not fit.
    """

    atoms: int
    fitted: bool
    elapsed_s: float
    peak_memory_bytes: int | None


@strict
@dataclass(frozen=True, kw_only=True)
class CapacityFound:
    """What fits.

    Attributes:
        largest_fitting_atoms: Largest size that fitted; None where none did.
        smallest_failing_atoms: Smallest size that ran out of memory; None where none did.
        with_headroom_atoms: The largest size that the structure allows and that would still fit after the density has
            grown by ``headroom``; None where none does.
        headroom: As a share: 0.1 is 10 %. 0 for a structure that is not periodic, whose density is its own.
        attempts: In order.
        end: Found within the bracket or to the last size inside it, budget spent, largest size reached, or a problem.
        problem: A failure that says nothing about memory, and ended the probe.
    """

    largest_fitting_atoms: int | None
    smallest_failing_atoms: int | None
    with_headroom_atoms: int | None
    headroom: float
    attempts: tuple[Attempt, ...]
    end: ProbeEnd
    problem: Problem | None


def probe_capacity(
    open_session: Callable[[], ModelSession],
    sizes: SizeSource,
    *,
    conditions: Conditions,
    predicted_atoms: int | None,
    smallest: int,
    growth: float,
    budget_s: float,
    largest: int | None = None,
    headroom: float = HEADROOM,
    on_progress: Callable[[str, float], None] = lambda _message, _share: None,
    clock: Callable[[], float] = time.monotonic,
) -> CapacityFound:
    """Find the largest size of a structure that a model can step.

    Args:
        open_session: Starts the model in a process of its own; called once for each attempt.
        sizes: Makes the structures. One that is not periodic has a single size.
        conditions: Temperature and step of the one step taken.
        predicted_atoms: The size that is expected to fit; None to begin at ``smallest``.
        smallest: No smaller size is tried, except the structure's own.
        growth: Factor between sizes while no bracket is known, above 1.
        budget_s: Wall time. No attempt begins that is expected to end beyond it, but for the first.
        largest: No larger size is tried; None for no limit.
        headroom: Share by which the density may grow.
        on_progress: Told what is being tried, and the share of the budget that is spent.
        clock: Returns seconds that pass.

    Raises:
        ValueError: ``growth`` is not above 1, or ``headroom`` is negative.
    """
    if growth <= 1 or headroom < 0:
        raise ValueError(f"a probe cannot grow by {growth} or keep a headroom of {headroom}")
    possible = PossibleSizes(sizes, smallest=smallest, largest=largest)
    probe = _Probe(open_session, conditions, budget_s=budget_s, on_progress=on_progress, clock=clock)
    wanted = smallest if predicted_atoms is None else max(smallest, round(START_SHARE * predicted_atoms))
    size = possible.near(wanted)
    while size is not None and probe.affords(len(size.atoms)):
        if not probe.attempt(size):
            break
        size = possible.next(probe.fitting, probe.failing, growth)
    fitting = probe.fitting
    denser = headroom if possible.periodic else 0.0
    return CapacityFound(
        largest_fitting_atoms=fitting,
        smallest_failing_atoms=probe.failing,
        with_headroom_atoms=None if fitting is None else possible.at_most(fitting / (1 + denser)),
        headroom=denser,
        attempts=tuple(probe.attempts),
        end=_end(probe, nothing_left=size is None),
        problem=probe.problem,
    )


def _end(probe: _Probe, *, nothing_left: bool) -> ProbeEnd:
    if probe.problem is not None:
        return ProbeEnd.PROBLEM
    if not nothing_left:
        return ProbeEnd.BUDGET
    return ProbeEnd.LARGEST if probe.failing is None else ProbeEnd.FOUND


class _Probe:
    """Attempts, and the bracket that they leave."""

    def __init__(
        self,
        open_session: Callable[[], ModelSession],
        conditions: Conditions,
        *,
        budget_s: float,
        on_progress: Callable[[str, float], None],
        clock: Callable[[], float],
    ) -> None:
        self._open = open_session
        self._conditions = conditions
        self._budget_s = budget_s
        self._report = on_progress
        self._clock = clock
        self._begin = clock()
        self._load_s = 0.0
        self._work_s_per_atom = 0.0
        self.attempts: list[Attempt] = []
        self.problem: Problem | None = None

    @property
    def fitting(self) -> int | None:
        """The largest size that fitted."""
        return max((attempt.atoms for attempt in self.attempts if attempt.fitted), default=None)

    @property
    def failing(self) -> int | None:
        """The smallest size that did not fit."""
        return min((attempt.atoms for attempt in self.attempts if not attempt.fitted), default=None)

    def affords(self, atoms: int) -> bool:
        """Tell whether an attempt is expected to end within the budget; the first one always may begin."""
        expected_s = self._load_s + self._work_s_per_atom * atoms
        return not self.attempts or self._clock() - self._begin + expected_s <= self._budget_s

    def attempt(self, size: Size) -> bool:
        """Try ``size`` and return whether it says something about memory."""
        atoms = len(size.atoms)
        begin = self._clock()
        spent = min(1.0, (begin - self._begin) / self._budget_s) if self._budget_s > 0 else 1.0
        self._report(f"trying whether {atoms} atoms fit", spent)
        try:
            session = self._open()
        except MlipguideError as error:
            self.problem = Problem.from_error(error)  # out of memory too: then no size fits
            return False
        opened = self._clock()
        self._load_s = opened - begin
        try:
            peak_bytes = self._step(session, size)
        except SessionError as error:
            if error.failure is not FailureKind.OUT_OF_MEMORY:
                message = f"{error.message.removesuffix('.')} (at {atoms} atoms)."
                self.problem = Problem(kind=error.kind, message=message, hint=error.hint)
                return False
            peak_bytes = None
        finally:
            session.close()
        end = self._clock()
        if peak_bytes is not None:
            self._work_s_per_atom = (end - opened) / atoms
        self.attempts.append(
            Attempt(
                atoms=atoms,
                fitted=peak_bytes is not None,
                elapsed_s=end - begin,
                peak_memory_bytes=peak_bytes,
            )
        )
        return True

    def _step(self, session: ModelSession, size: Size) -> int:
        propagate = self._conditions.propagate and size.propagate and not session.facts.synthetic
        conditions = replace(self._conditions, propagate=propagate)
        prepared = session.prepare(size.atoms, conditions)
        burst = session.run(prepared, max_steps=1, max_s=1.0)
        return max(prepared.peak_memory_bytes, burst.peak_memory_bytes)
