"""Measure several candidates over several sizes within a budget of seconds.

First every candidate climbs the ladder of sizes, one rung a round, all candidates in turn; a candidate stops climbing
where the next rung would cost more than its own share of the budget and more than an equal share of what is left, or
more memory than there is. The rest of the budget goes to rounds through the sizes of every candidate that has one
whose centre is not certain enough, the least certain ones first where not all fit. After every round it is asked whose
samples could still change a decision; the others get no more. Sizes that the user named are all timed, whatever they
cost.

The budget holds the loading of the models too. Time is counted as the workers report it, or as it passes where that
is more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mlipguide.bench.candidate_run import CandidateRun, hold_too_much, timing_of
from mlipguide.bench.loading import load_all
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.core.errors import InputError
from mlipguide.hardware.gpu_state import GpuMonitor
from mlipguide.records.notice import Problem
from mlipguide.records.timing.model_timing import ModelTiming
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import Conditions

CLIMBING_SHARE = 0.75
"""Of the budget; the rest makes the sizes that were reached more certain."""
STEPPING_SHARE = 0.5
"""Of the budget is kept for steps, however long loading takes."""
CALLS_OF_A_RUNG = 3.0
"""A first call takes about this many steady steps: memory is faulted in, code is compiled or tuned."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a sweep may use.

    Attributes:
        budget_s: Seconds of loading and stepping, for all candidates together.
        memory_bytes: Memory of one worker.
        usable_cores: Of the machine, to attribute disturbances.
        parallel_starts: How many workers may load at once.
        resident_workers: How many workers may be loaded at the same time.
        gpu: Watches the GPU that is used; None on a CPU.
    """

    budget_s: float
    memory_bytes: int
    usable_cores: float
    parallel_starts: int
    resident_workers: int
    gpu: GpuMonitor | None = None


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What a sweep asks and tells while it runs.

    Attributes:
        on_progress: Told what is being done, and the share of the budget that is spent.
        on_timing: Told how far each candidate has come, whenever that changes.
        settled: Returns the candidates of which more samples would change no decision.
        quieten: Waits for a quiet moment before a burst.
    """

    on_progress: Callable[[str, float], None] = lambda _message, _share: None
    on_timing: Callable[[Sequence[ModelTiming]], None] = lambda _timings: None
    settled: Callable[[Sequence[CandidateRun]], Sequence[CandidateRun]] = lambda _runs: ()
    quieten: Callable[[], None] = lambda: None


class Sweep:
    """Measures candidates; see the module's text.

    Args:
        sizes: Makes the structures.
        conditions: Temperature and step of the molecular dynamics.
        protocol: How bursts and sizes are chosen.
        limits: What may be used.
        hooks: What is asked and told on the way.
    """

    def __init__(
        self,
        *,
        sizes: SizeSource,
        conditions: Conditions,
        protocol: Protocol,
        limits: Limits,
        hooks: Hooks | None = None,
    ) -> None:
        self._sizes = sizes
        self._conditions = conditions
        self._protocol = protocol
        self._limits = limits
        self._hooks = hooks or Hooks()
        self._runs: tuple[CandidateRun, ...] = ()
        self._over: list[CandidateRun] = []
        self._loading_s = 0.0
        self._all_sizes = False
        self._memory_is_short = False

    def measure(
        self,
        subjects: Sequence[Subject],
        *,
        wanted_atoms: int,
        on_finished: Callable[[CandidateRun], None],
        sizes: Sequence[int] | None = None,
    ) -> tuple[CandidateRun, ...]:
        """Measure ``subjects`` and hand each over as soon as nothing more will be asked of it.

        Whatever ends the sweep, Ctrl-C included, candidates with samples are handed over and workers are
        ended.

        Args:
            subjects: The candidates.
            wanted_atoms: Size of the task, beyond which no size is timed.
            on_finished: Called once for each candidate.
            sizes: Numbers of atoms to time, all of them; None leaves the choice to the sweep. Subjects with sizes of
                their own time all of those.
        """
        self._all_sizes = sizes is not None
        if sizes is not None:
            by_count = {self._sizes.make(size).count: size for size in sorted(set(sizes))}
            ladder = tuple(by_count[count] for count in sorted(by_count))
        else:
            ladder = self._sizes.ladder(wanted=wanted_atoms)
        runs = self._runs = tuple(
            CandidateRun(one, ladder if one.sizes is None else one.sizes.ladder(wanted=wanted_atoms))
            for one in subjects
        )
        group = max(1, self._limits.resident_workers)
        for begin in range(0, len(runs), group):
            together = runs[begin : begin + group]
            share_s = self._left_s() * len(together) / (len(runs) - begin)
            self._memory_is_short = False  # the workers of the group before have ended
            try:
                self._show(loading=together)
                start = time.monotonic()
                load_all(together, at_once=self._limits.parallel_starts, on_progress=self._hooks.on_progress)
                loading_s = time.monotonic() - start
                self._loading_s += loading_s
                self._show()
                stepping_s = max(share_s - loading_s, STEPPING_SHARE * share_s)
                self._climb(together, CLIMBING_SHARE * stepping_s)
                self._refine(together, stepping_s)
            finally:
                for run in together:
                    run.close()
                for run in together:
                    on_finished(run)
                self._over += together
                self._show()
        return runs

    def _left_s(self) -> float:
        spent_s = self._loading_s + sum(run.spent_s for run in self._runs)
        return max(0.0, self._limits.budget_s - spent_s)

    def _climb(self, runs: Sequence[CandidateRun], budget_s: float) -> None:
        for rung in range(max(len(run.ladder) for run in runs)):
            climbing = [
                run for run in runs if run.alive and run.climbing and not run.settled and rung < len(run.ladder)
            ]
            left_s = budget_s - sum(run.spent_s for run in runs)
            for run in climbing:
                own_s = budget_s / len(runs) - run.spent_s
                # A law needs two sizes, so the second one may use what is left; from then on it is shared.
                pooled_s = left_s if len(run.sizes) == 1 else left_s / len(climbing)
                self._say(f"{run.subject.label}, {run.ladder[rung]} atoms")
                self._take_rung(run, run.ladder[rung], max(own_s, pooled_s))
            self._settle()

    def _take_rung(self, run: CandidateRun, size: int, allowed_s: float) -> None:
        if run.sizes and not self._all_sizes and not self._worth_trying(run, size, allowed_s):
            run.climbing = False
            return
        self._keep_room(run, size)
        if run.session is None:
            return  # it ended while it gave memory back
        try:
            made = (run.subject.sizes or self._sizes).make(size)
        except InputError as error:
            # A structure with much vacuum cannot be cut to every size; the other sizes remain.
            if not run.sizes and size == run.ladder[-1]:
                run.problems.append(Problem.from_error(error, model=run.subject.card.id))
            return
        conditions = replace(self._conditions, propagate=made.propagate and not run.session.facts.synthetic)
        with self._failures(run, size):
            start = time.monotonic()
            prepared = made.prepare(run.session, conditions)
            run.spent_s += max(prepared.first_call_s, time.monotonic() - start)
            if prepared.pairs_per_atom <= 0:
                raise SessionError.sees_nothing(run.subject.label, run.session.facts.cutoff_angstrom)
            run.sizes[size] = SizeRun(prepared, propagated=conditions.propagate)
            try:
                self._burst(run, size)
            except BaseException:
                del run.sizes[size]  # nothing was timed
                raise

    def _worth_trying(self, run: CandidateRun, size: int, allowed_s: float) -> bool:
        largest = max(run.sizes)
        growth = size / largest
        step_s = run.sizes[largest].step_time_s * growth
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
                for size in self._round(run, budget_s - sum(other.spent_s for other in runs)):
                    self._say(f"{run.subject.label}, {size} atoms again")
                    before = len(run.problems)
                    with self._failures(run, size):
                        self._burst(run, size)
                        worked = True
                    if len(run.problems) > before:
                        run.close()  # what failed while it was refined is not tried again
                        break
            if not worked:
                return
            self._settle()

    def _round(self, run: CandidateRun, left_s: float) -> list[int]:
        """Return the sizes of a candidate's next round, ascending: nothing where all are certain, else all that fit.

        A machine changes its speed within seconds, by more than the steps of one burst tell. A round through all
        sizes lets each change hit them alike, and what the growth of the cost is read from is their ratio.
        """
        if not run.alive or run.settled:
            return []
        widths = run.relative_half_widths()

        def is_certain(size: int) -> bool:
            return widths[size] <= self._protocol.target_half_width and not run.sizes[size].is_disturbed

        if all(is_certain(size) for size in run.sizes):
            return []
        fitting: list[int] = []
        # Predictions reach beyond the largest size, so its certainty matters most.
        for size in sorted(run.sizes, key=lambda size: (is_certain(size), -widths[size] * size**0.5, -size)):
            cost_s = self._burst_cost_s(run.sizes[size])
            if cost_s <= left_s:
                fitting.append(size)
                left_s -= cost_s
        return [] if all(is_certain(size) for size in fitting) else sorted(fitting)

    def _burst_cost_s(self, size: SizeRun) -> float:
        """Return the seconds that the next burst of a size takes."""
        step_s = size.step_time_s
        steps_s = max(
            self._protocol.fewest_steps * step_s, min(self._protocol.burst_s, self._protocol.most_steps * step_s)
        )
        return steps_s + step_s * size.needs_lead_in(rested=self._memory_is_short)

    def _burst(self, run: CandidateRun, size: int) -> None:
        assert run.session is not None
        start = time.monotonic()
        self._hooks.quieten()
        reported_s = run.sizes[size].sample(
            run.session,
            fewest_steps=self._protocol.fewest_steps,
            most_steps=self._protocol.most_steps,
            max_s=self._protocol.burst_s,
            usable_cores=self._limits.usable_cores,
            rested=self._memory_is_short,
            gpu=self._limits.gpu,
        )
        if self._memory_is_short:
            run.session.release_memory()
        run.spent_s += max(reported_s, time.monotonic() - start)
        self._show()

    def _keep_room(self, run: CandidateRun, size: int) -> None:
        """From where the workers together might hold too much at this size of ``run``, let them all rest."""
        growing_bytes = (size / max(run.sizes) - 1) * run.held_bytes if run.sizes else 0.0
        if self._memory_is_short or not hold_too_much(
            self._runs, self._limits.memory_bytes, growing_bytes=growing_bytes
        ):
            return
        self._memory_is_short = True
        for other in self._runs:
            if other.session is not None:
                with self._failures(other, max(other.sizes, default=0)):
                    other.session.release_memory()

    @contextmanager
    def _failures(self, run: CandidateRun, size: int) -> Iterator[None]:
        try:
            yield
        except SessionError as error:
            run.note_failure(size, error)

    def _settle(self) -> None:
        if not self._all_sizes:
            for run in self._hooks.settled(self._runs):
                run.settled = True
            self._show()

    def _show(self, *, loading: Sequence[CandidateRun] = ()) -> None:
        """Tell how far each candidate has come."""
        starting, over = ({id(run) for run in runs} for runs in (loading, self._over))
        self._hooks.on_timing(
            [timing_of(run, is_loading=id(run) in starting, is_over=id(run) in over) for run in self._runs]
        )

    def _say(self, what: str) -> None:
        left_s = self._left_s()
        self._hooks.on_progress(
            f"measuring {what}, at most {left_s:.0f} s to go" if left_s > 0 else f"measuring {what}",
            1.0 - left_s / self._limits.budget_s,
        )


def steps_of_a_rung(protocol: Protocol) -> float:
    """Return what a size costs at least, in steady steps: the first call, a lead-in, the fewest steps of a burst."""
    return CALLS_OF_A_RUNG + 1 + protocol.fewest_steps
