"""Contenders timed in turn with the default, fewer and fewer of them: successive halving.

The half that was faster in the first rounds goes on to as many rounds again (K. Jamieson and A. Talwalkar, AISTATS
2016, arXiv:1502.07943). Every round times the default and all contenders that are left, one after the other and each
time in another order, so that what disturbs the machine hits all alike; what counts is a contender's time over the
default's in the same round.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.pairs import SHORTEST_BURST_S
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.tuning.contenders import Contender
from mlipguide.records.notice import Problem
from mlipguide.records.timing.tuning import SettingOutcome
from mlipguide.sessions.errors import SessionError

ROUNDS = 3
"""Before the first halving, and between two."""


ALL = 1.0


class Clock:
    """Seconds that a search has spent: as they pass, or as workers report them where that is more.

    Args:
        budget_s: What it may spend.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._shared_from_s = 0.0
        self._begin = time.monotonic()
        self._ahead_s = 0.0

    @property
    def spent_s(self) -> float:
        """So far."""
        return time.monotonic() - self._begin + self._ahead_s

    def share_the_rest(self) -> None:
        """Let shares be those of what is left now: nobody knows beforehand how long it takes to start."""
        self._shared_from_s = min(self.spent_s, self._budget_s)

    def left_s(self, share: float = ALL) -> float:
        """Return what is left of a share."""
        end_s = self._shared_from_s + share * (self._budget_s - self._shared_from_s)
        return max(0.0, end_s - self.spent_s)

    def count(self, begin: float, reported_s: float) -> None:
        """Count what workers report where it is more than what passed since ``begin``."""
        self._ahead_s += max(0.0, reported_s - (time.monotonic() - begin))


@dataclass(frozen=True, kw_only=True)
class RaceRules:
    """How a race is run.

    Attributes:
        protocol: How many steps a burst has.
        usable_cores: Of the machine, to attribute disturbances.
        until: Share of the budget at which the race ends.
    """

    protocol: Protocol
    usable_cores: float
    until: float


class Race:
    """Times contenders; see the module's text.

    Args:
        default: What others have to beat, with its prepared sizes.
        clock: What is spent.
        rules: How it is run.
        say: Told what is being done.
    """

    def __init__(self, default: Contender, clock: Clock, rules: RaceRules, say: Callable[[str], None]) -> None:
        self._default = default
        self._clock = clock
        self._rules = rules
        self._say = say
        self._rounds = 0

    def halve(self, contenders: Sequence[Contender]) -> list[Contender]:
        """Time contenders until one is left or the time is over, and return those that are left, the fastest first."""
        alive = [one for one in contenders if one.outcome is None]
        self._plan_bursts(len(alive) + 1)
        if alive and not self._default.round_s and self._clock.left_s() > 0:
            self._timed(self._default)  # a first call says little of the steps that follow
        while alive:
            done = sum(self._round(alive) for _ in range(ROUNDS))
            alive = sorted((one for one in alive if one.outcome is None), key=lambda one: one.ratio)
            if done < ROUNDS or len(alive) <= 1:
                break
            keep = math.ceil(len(alive) / 2)
            for one in alive[keep:]:
                one.outcome = SettingOutcome.DROPPED
                one.reason = "others were faster"
            alive = alive[:keep]
            if len(alive) == 1:
                break
        return alive

    def _plan_bursts(self, number: int) -> None:
        fitting_s = self._clock.left_s(self._rules.until) / (2 * ROUNDS * number * self._sizes)
        self._burst_s = min(self._rules.protocol.burst_s, max(SHORTEST_BURST_S, fitting_s))

    @property
    def _sizes(self) -> int:
        return max(1, len(_run(self._default).sizes))

    def _round(self, alive: list[Contender]) -> int:
        """Time all once; return 0 where the time does not allow it, else 1."""
        running = [one for one in alive if one.outcome is None]
        # Where starting took the time of the race, one round is made of what is left for the end.
        share = self._rules.until if self._rounds else ALL
        if not running or self._clock.left_s(share) <= self._cost_s(len(running) + 1):
            return 0
        turn = [self._default, *running]
        turn = turn[self._rounds % len(turn) :] + turn[: self._rounds % len(turn)]
        if self._rounds % 2:
            turn.reverse()
        self._rounds += 1
        self._say(f"{len(running)} settings in turn with the default, round {self._rounds}")
        taken = {id(one): self._timed(one) for one in turn if one.outcome in (None, SettingOutcome.DEFAULT)}
        own_s = self._default.round_s[-1]
        for one in running:
            time_s = taken.get(id(one))
            if time_s is not None:
                one.round_s.append(time_s)
                one.default_s.append(own_s)
        return 1

    def _cost_s(self, number: int) -> float:
        """Return what a round takes at least, as the default's last one tells."""
        steps_s = sum(self._default.round_s[-1:]) * self._rules.protocol.fewest_steps
        return number * max(steps_s, self._burst_s)

    def _timed(self, one: Contender) -> float | None:
        """Return one step of a contender, all sizes together; None where it failed."""
        run = _run(one)
        total_s = 0.0
        for atoms, size in run.sizes.items():
            if run.session is None:
                return None
            begin = time.monotonic()
            try:
                reported_s = size.sample(
                    run.session,
                    fewest_steps=self._rules.protocol.fewest_steps,
                    most_steps=self._rules.protocol.most_steps,
                    max_s=self._burst_s,
                    usable_cores=self._rules.usable_cores,
                )
            except SessionError as error:
                if one is self._default:
                    raise
                run.problems.append(Problem.from_error(error, model=run.subject.card.id))
                one.leave(SettingOutcome.FAILED, f"{error.message.removesuffix('.')} (at {atoms} atoms)")
                return None
            self._clock.count(begin, reported_s)
            total_s += median(size.bursts[-1].wall_s)
        if one is self._default:
            one.round_s.append(total_s)
        return total_s


def _run(one: Contender) -> CandidateRun:
    assert one.run is not None
    return one.run
