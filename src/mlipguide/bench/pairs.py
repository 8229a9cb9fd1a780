"""Two sessions of the same model, measured in turn on the same structures: A B B A A B ...

Both sides of a round meet the machine in the same state, so what disturbs it falls out of their ratio; the order
alternates, so a steady drift does too. A round's figure is the median of each side's burst, whose first step is left
out (see ``bench.size_run``).

Sampling may stop early, and looking again and again until the interval looks right would make it wrong (P. Armitage,
C. K. McPherson and B. C. Rowe, J. R. Stat. Soc. A 132, 235 (1969), doi:10.2307/2343787). So the interval is looked at
after fixed numbers of rounds only, ``LOOKS``, and has the confidence 1 - (1 - c) / (number of looks), with which all
looks hold together (Bonferroni): whichever look is the last, its interval covers the truth with confidence c. Where
the budget ends between two looks, what there is then takes the place of the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from mlipguide.bench.candidate_run import CandidateRun, hold_too_much
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import Size
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.ratios import Ratio, paired_ratio

LOOKS = (8, 12, 18, 27, 40)
"""Numbers of rounds after which the interval is looked at. Before the first, only the end of the budget ends it."""
SHORTEST_BURST_S = 0.05


@dataclass(frozen=True, kw_only=True)
class PairRules:
    """When a size has been measured enough.

    Attributes:
        confidence: Of each look's interval (:func:`mlipguide.stats.gate.shared_confidence`).
        max_slowdown: The threshold: 0.1 lets a step take 10 % longer; sampling ends when it is clear on which side of
            it the ratio is. None where the ratio itself is wanted.
        target_half_width: Of the logarithm of the ratio; sampling ends when the interval is narrower.
        budget_s: Seconds for the model, all sizes together.
    """

    confidence: float
    max_slowdown: float | None
    target_half_width: float
    budget_s: float


@dataclass
class PairedSize:
    """One size on both sides.

    Attributes:
        wall_s: Medians of the rounds' wall times of a step: of the first side, of the second.
        cpu_s: The same of the processor time.
    """

    wall_s: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    cpu_s: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    ended: bool = False

    @property
    def rounds(self) -> int:
        """Whole rounds."""
        return len(self.wall_s[1])

    def ratio(self, confidence: float) -> Ratio:
        """Return the second side's wall time over the first's."""
        return paired_ratio(*self.wall_s, confidence=confidence)

    def cpu_ratio(self, confidence: float) -> Ratio | None:
        """Return the same of processor time; None where a clock did not count any."""
        if min(*self.cpu_s[0], *self.cpu_s[1]) <= 0:
            return None
        return paired_ratio(*self.cpu_s, confidence=confidence)


class PairedRun:
    """Measures a model on two sides; see the module's text.

    Args:
        sides: Two candidates with sessions: of the same model, with the same settings. Their sizes are filled.
        conditions: Temperature and step of the molecular dynamics.
        protocol: How long a burst is at most, and of how many steps.
        rules: When to stop.
        usable_cores: Of the machine, to attribute disturbances.
        memory_bytes: Of the machine; the sides hold what they have freed unless it is too much.
        on_progress: Told what is being done, and the share of the budget that is spent.
    """

    def __init__(
        self,
        sides: tuple[CandidateRun, CandidateRun],
        *,
        conditions: Conditions,
        protocol: Protocol,
        rules: PairRules,
        usable_cores: float,
        memory_bytes: int,
        on_progress: Callable[[str, float], None] = lambda _message, _share: None,
    ) -> None:
        self._sides = sides
        self._conditions = conditions
        self._protocol = protocol
        self._rules = rules
        self._usable_cores = usable_cores
        self._memory_bytes = memory_bytes
        self._report = on_progress
        self._spent_s = 0.0
        self._burst_s = protocol.burst_s

    def measure(self, sizes: Sequence[Size]) -> dict[int, PairedSize]:
        """Measure ``sizes`` round by round, all of them in each round, until each is clear or the budget is spent.

        A size that fails on a side is a problem of that side and is left out of the result.

        Returns:
            By number of atoms, what has at least one whole round.
        """
        pairs: dict[int, PairedSize] = {}
        for size in sizes:
            if self._prepare(size):
                pairs[len(size.atoms)] = PairedSize()
        # So that the second look fits into the budget, bursts are as short as that takes.
        fitting_s = self._rules.budget_s / (2 * LOOKS[1] * max(1, len(pairs)))
        self._burst_s = min(self._protocol.burst_s, max(SHORTEST_BURST_S, fitting_s))
        for count in range(LOOKS[-1]):
            for atoms in [atoms for atoms, pair in pairs.items() if not pair.ended]:
                self._report(
                    f"measuring {self._sides[0].subject.label}, {atoms} atoms in both, round {count + 1}",
                    min(1.0, self._spent_s / self._rules.budget_s),
                )
                self._round(atoms, pairs[atoms], count)
            if all(pair.ended for pair in pairs.values()):
                break
        return {atoms: pair for atoms, pair in pairs.items() if pair.rounds}

    def _prepare(self, size: Size) -> bool:
        atoms = len(size.atoms)
        synthetic = any(side.facts is not None and side.facts.synthetic for side in self._sides)
        conditions = replace(self._conditions, propagate=size.propagate and not synthetic)
        for side in self._sides:
            if side.session is None:
                return False
            with self._timed(), self._failures(side, atoms):
                prepared = side.session.prepare(size.atoms, conditions)
                self._spent_s += prepared.first_call_s
                side.sizes[atoms] = SizeRun(prepared, propagated=conditions.propagate)
        return all(atoms in side.sizes for side in self._sides)

    def _round(self, atoms: int, pair: PairedSize, count: int) -> None:
        order = (0, 1) if count % 2 == 0 else (1, 0)
        taken: dict[int, tuple[float, float]] = {}
        for index in order:
            side = self._sides[index]
            if side.session is None:
                break
            with self._timed(), self._failures(side, atoms):
                run = side.sizes[atoms]
                self._spent_s += run.sample(
                    side.session,
                    fewest_steps=self._protocol.fewest_steps,
                    most_steps=self._protocol.most_steps,
                    max_s=self._burst_s,
                    usable_cores=self._usable_cores,
                    rested=hold_too_much(self._sides, self._memory_bytes),
                )
                if hold_too_much(self._sides, self._memory_bytes):
                    side.session.release_memory()
                taken[index] = median(run.bursts[-1].wall_s), median(run.bursts[-1].cpu_s)
        if len(taken) < len(order):
            pair.ended = True
            return
        for index, (wall_s, cpu_s) in taken.items():
            pair.wall_s[index].append(wall_s)
            pair.cpu_s[index].append(cpu_s)
        pair.ended = self._is_enough(pair)

    def _is_enough(self, pair: PairedSize) -> bool:
        if self._spent_s >= self._rules.budget_s:
            return True
        if pair.rounds not in LOOKS:
            return False
        ratio = pair.ratio(self._rules.confidence)
        if ratio.low is None or ratio.high is None or ratio.half_width is None:
            return False
        if self._rules.max_slowdown is None:
            return ratio.half_width <= self._rules.target_half_width
        slowest, fastest = 1 + self._rules.max_slowdown, 1 / (1 + self._rules.max_slowdown)
        return (
            ratio.half_width <= self._rules.target_half_width
            or ratio.low > slowest
            or ratio.high < fastest
            or (ratio.low > fastest and ratio.high < slowest)
        )

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Count what passed where it is more than what the workers report."""
        start, before = time.monotonic(), self._spent_s
        yield
        self._spent_s = max(self._spent_s, before + time.monotonic() - start)

    @contextmanager
    def _failures(self, side: CandidateRun, atoms: int) -> Iterator[None]:
        try:
            yield
        except SessionError as error:
            side.note_failure(atoms, error)
            if not side.sizes.get(atoms) or not side.sizes[atoms].bursts:
                side.sizes.pop(atoms, None)
