"""Measure several candidates over several sizes within a budget of seconds.

First every candidate climbs the ladder of sizes, one rung a round, all candidates in turn; a candidate stops climbing
where the next rung would cost more than its own share of the budget and more than an equal share of what is left, or
more memory than there is. The rest of the budget goes to the sizes whose centre is least certain, the larger ones
before the smaller, again in turn, until all are certain enough. Time is counted as the workers report it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from mlipguide.bench.protocol import Protocol
from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.core.errors import InputError, MlipguideError
from mlipguide.core.processes import end_all_groups
from mlipguide.records.notice import Problem
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, ModelFacts, ModelSession

CLIMBING_SHARE = 0.75
"""Of the budget; the rest makes the sizes that were reached more certain."""
CALLS_OF_A_RUNG = 3.0
"""A first call takes about this many steady steps: memory is faulted in, code is compiled or tuned."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a sweep may use.

    Attributes:
        budget_s: Seconds of stepping, for all candidates together.
        memory_bytes: Memory of one worker.
        usable_cores: Of the machine, to attribute disturbances.
        parallel_starts: How many workers may load at once.
        resident_workers: How many workers may be loaded at the same time.
    """

    budget_s: float
    memory_bytes: int
    usable_cores: float
    parallel_starts: int
    resident_workers: int


@dataclass
class CandidateRun:
    """One candidate while it is being measured."""

    subject: Subject
    ladder: tuple[int, ...]
    session: ModelSession | None = None
    facts: ModelFacts | None = None
    sizes: dict[int, SizeRun] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spent_s: float = 0.0
    climbing: bool = True
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


class Sweep:
    """Measures candidates; see the module's text.

    Args:
        sizes: Makes the structures.
        conditions: Temperature and step of the molecular dynamics.
        protocol: How bursts and sizes are chosen.
        limits: What may be used.
        on_progress: Told what is being done, and the share of the budget that is spent.
    """

    def __init__(
        self,
        *,
        sizes: SizeSource,
        conditions: Conditions,
        protocol: Protocol,
        limits: Limits,
        on_progress: Callable[[str, float], None] = lambda _message, _share: None,
    ) -> None:
        self._sizes = sizes
        self._conditions = conditions
        self._protocol = protocol
        self._limits = limits
        self._report = on_progress
        self._runs: tuple[CandidateRun, ...] = ()

    def measure(
        self, subjects: Sequence[Subject], *, wanted_atoms: int, on_finished: Callable[[CandidateRun], None]
    ) -> tuple[CandidateRun, ...]:
        """Measure ``subjects`` and hand each over as soon as nothing more will be asked of it.

        Whatever ends the sweep, Ctrl-C included, candidates with samples are handed over and workers are
        ended.

        Args:
            subjects: The candidates.
            wanted_atoms: Size of the task, beyond which no size is timed.
            on_finished: Called once for each candidate.
        """
        ladder = self._sizes.ladder(wanted=wanted_atoms)
        runs = self._runs = tuple(CandidateRun(subject, ladder) for subject in subjects)
        group = max(1, self._limits.resident_workers)
        for begin in range(0, len(runs), group):
            together = runs[begin : begin + group]
            left_s = self._limits.budget_s - sum(run.spent_s for run in runs)
            share = max(0.0, left_s) * len(together) / (len(runs) - begin)
            try:
                self._open(together)
                self._climb(together, CLIMBING_SHARE * share)
                self._refine(together, share)
            finally:
                for run in together:
                    run.close()
                for run in together:
                    on_finished(run)
        return runs

    def _open(self, runs: Sequence[CandidateRun]) -> None:
        with ThreadPoolExecutor(max_workers=max(1, self._limits.parallel_starts)) as pool:
            waiting: list[tuple[CandidateRun, Future[ModelSession]]] = [
                (run, pool.submit(run.subject.open)) for run in runs
            ]
            try:
                for count, (run, future) in enumerate(waiting):
                    self._report(f"loading {run.subject.card.id} ({count + 1} of {len(runs)})", 0.0)
                    try:
                        run.session = future.result()
                        run.facts = run.session.facts
                    except MlipguideError as error:
                        run.problems.append(Problem.from_error(error))
            except BaseException:
                # Threads that are starting workers cannot be interrupted; their workers can be ended.
                for _, future in waiting:
                    future.cancel()
                while not all(future.done() for _, future in waiting):
                    end_all_groups()
                    time.sleep(0.02)
                for run, future in waiting:
                    if not future.cancelled() and future.exception() is None:
                        run.session = future.result()
                raise

    def _climb(self, runs: Sequence[CandidateRun], budget_s: float) -> None:
        for rung in range(max(len(run.ladder) for run in runs)):
            climbing = [run for run in runs if run.alive and run.climbing and rung < len(run.ladder)]
            left_s = budget_s - sum(run.spent_s for run in runs)
            for run in climbing:
                own_s = budget_s / len(runs) - run.spent_s
                # A law needs two sizes, so the second one may use what is left; from then on it is shared.
                pooled_s = left_s if len(run.sizes) == 1 else left_s / len(climbing)
                self._take_rung(run, run.ladder[rung], max(own_s, pooled_s))
                self._say(f"{run.subject.card.id}, {run.ladder[rung]} atoms")

    def _take_rung(self, run: CandidateRun, size: int, allowed_s: float) -> None:
        if run.sizes and not self._worth_trying(run, size, allowed_s):
            run.climbing = False
            return
        assert run.session is not None
        try:
            made = self._sizes.make(size)
        except InputError as error:
            # A structure with much vacuum cannot be cut to every size; the other sizes remain.
            if not run.sizes and size == run.ladder[-1]:
                run.problems.append(Problem.from_error(error))
            return
        conditions = Conditions(
            temperature_k=self._conditions.temperature_k,
            timestep_s=self._conditions.timestep_s,
            propagate=made.propagate and not run.session.facts.synthetic,
            seed=self._conditions.seed,
        )
        try:
            prepared = run.session.prepare(made.atoms, conditions)
            run.spent_s += prepared.first_call_s
            size_run = SizeRun(prepared, propagated=conditions.propagate)
            run.spent_s += self._burst(run.session, size_run)
            run.sizes[size] = size_run
            run.session.rest()
        except SessionError as error:
            self._note_failure(run, size, error)

    def _worth_trying(self, run: CandidateRun, size: int, allowed_s: float) -> bool:
        largest = max(run.sizes)
        growth = size / largest
        step_s = run.sizes[largest].centre.value * growth
        cost = step_s * steps_of_a_rung(self._protocol)
        known = sorted(run.sizes)[-2:]
        memory = run.sizes[largest].peak_memory_bytes * growth
        if len(known) > 1:
            low, high = (run.sizes[atoms].peak_memory_bytes for atoms in known)
            memory = high + max(0.0, high - low) / (known[1] - known[0]) * (size - largest)
        return cost <= allowed_s and memory <= self._protocol.memory_share * self._limits.memory_bytes

    def _refine(self, runs: Sequence[CandidateRun], budget_s: float) -> None:
        while True:
            worked = False
            for run in runs:
                left = budget_s - sum(other.spent_s for other in runs)
                size = self._least_certain(run, left)
                if size is None:
                    continue
                assert run.session is not None
                try:
                    run.spent_s += self._burst(run.session, run.sizes[size])
                    run.session.rest()
                    worked = True
                except SessionError as error:
                    self._note_failure(run, size, error)
                    run.close()
                self._say(f"{run.subject.card.id}, {size} atoms again")
            if not worked:
                return

    def _least_certain(self, run: CandidateRun, left_s: float) -> int | None:
        if not run.alive:
            return None

        def width(size: int) -> float:
            half_width = run.sizes[size].centre.relative_half_width
            return float("inf") if half_width is None else half_width

        # A burst is a lead-in and at least the fewest steps.
        fitting = [
            size
            for size in run.sizes
            if run.sizes[size].centre.value * (self._protocol.fewest_steps + 1) <= left_s
            and width(size) > self._protocol.target_half_width
        ]
        # Predictions reach beyond the largest size, so its certainty matters most.
        return max(fitting, key=lambda size: (width(size) * size**0.5, size), default=None)

    def _burst(self, session: ModelSession, size_run: SizeRun) -> float:
        return size_run.sample(
            session,
            fewest_steps=self._protocol.fewest_steps,
            most_steps=self._protocol.most_steps,
            max_s=self._protocol.burst_s,
            usable_cores=self._limits.usable_cores,
        )

    def _note_failure(self, run: CandidateRun, size: int, error: SessionError) -> None:
        message = f"{error.message.removesuffix('.')} (at {size} atoms)."
        run.problems.append(Problem(kind=error.kind, message=message, hint=error.hint))
        run.climbing = False
        if error.failure is FailureKind.OUT_OF_MEMORY:
            run.out_of_memory_at = size
        if error.ends_session or not run.sizes:
            run.close()

    def _say(self, what: str) -> None:
        spent_s = sum(run.spent_s for run in self._runs)
        self._report(f"measuring {what}", min(1.0, spent_s / self._limits.budget_s))


def steps_of_a_rung(protocol: Protocol) -> float:
    """Return what a size costs at least, in steady steps: the first call, a lead-in, the fewest steps of a burst."""
    return CALLS_OF_A_RUNG + 1 + protocol.fewest_steps
