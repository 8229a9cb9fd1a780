"""The settings to run one model with, searched within a budget of wall time.

Single changes of the default race against it (``race``); those that were faster are joined; and the best of all is
timed once more, against the default alone and in fresh rounds: the rounds by which it was chosen favour it, since of
many the luckiest looks best. It is recommended where the interval of those fresh rounds lies wholly on its side, by
more than two runs of one program differ anyway, and its results were shown to be those of the plain setting. Else the
default stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.measuring.measuring import (
    RESIDENT_SHARE,
    RESIDENT_WORKER_BYTES,
    usable_memory_bytes,
    worker_memory_bytes,
)
from mlipguide.bench.pairs import LOOKS, PairedRun, PairedSize, PairRules
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.tuning.contenders import Contender, joined, single_changes
from mlipguide.bench.tuning.race import Clock, Race, RaceRules
from mlipguide.bench.tuning.starting import Ground, Starter
from mlipguide.candidates.axes_here import AxesHere
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.core.kept_files import UnfitRecordError
from mlipguide.core.processes import undisturbed
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.measurement import Measurement, Weights
from mlipguide.records.timing.tuning import ModelTuning, SettingOutcome, TriedSetting
from mlipguide.stats.gate import shared_confidence
from mlipguide.stats.ratios import BETWEEN_RUNS, Ratio, paired_ratio
from mlipguide.store import measurements as store


@dataclass(frozen=True)
class Stage:
    """A part of the search, by the shares of the budget, after the default was started, at which it ends.

    Attributes:
        start: Until then contenders are started.
        race: Until then they are timed.
    """

    start: float
    race: float


FIRST, SLOW, JOINED = Stage(0.35, 0.55), Stage(0.66, 0.72), Stage(0.78, 0.83)
"""Single changes; those that compile; those that were faster, joined. The rest is for the best against the default."""
COMPILING = "compile"
"""The axis whose values take minutes to be ready: they come after all others."""
CONFIDENCE = shared_confidence(1, looks=len(LOOKS))
RULES_HALF_WIDTH = 0.01


class Search:
    """Searches the settings of one model; see the module's text.

    Args:
        ground: The model, the machine, the structures.
        here: What can be chosen.
        structure: Description of the user's structure.
        purpose: What it is to be fast for.
        protocol: How many steps a burst has.
        budget_s: Wall time, loading included.
    """

    def __init__(
        self,
        ground: Ground,
        here: AxesHere,
        *,
        structure: StructureSummary,
        purpose: Purpose,
        protocol: Protocol,
        budget_s: float,
    ) -> None:
        self._ground = ground
        self._here = here
        self._structure = structure
        self._purpose = purpose
        self._protocol = protocol
        self._clock = Clock(budget_s)
        self._starter = Starter(ground, self._clock)
        self._default = Contender((), ground.item.settings)
        self._contenders: list[Contender] = []
        self._chosen = self._default
        self._final: Ratio | None = None
        self._complete = False
        self.measurements: tuple[Measurement, ...] = ()

    def run(self) -> ModelTuning:
        """Search, and return what was found: where Ctrl-C ends it, what is known so far.

        Raises:
            MeasurementFailedError: The default does not run.
        """
        try:
            self._starter.start_default(self._default)
            self._clock.share_the_rest()
            self._search()
            self._complete = True
        except KeyboardInterrupt:
            if self._default.run is None or self._default.run.facts is None:
                raise  # nothing is known
        finally:
            with undisturbed():
                self._close()
        return self._found()

    def _search(self) -> None:
        self._contenders = single_changes(self._ground.item, self._here)
        slow = [one for one in self._contenders if one.changed[0].axis == COMPILING]
        alive: list[Contender] = []
        quick = [one for one in self._contenders if one not in slow]
        brackets = [quick[begin : begin + self._room] for begin in range(0, len(quick), self._room)]
        for number, bracket in enumerate(brackets, start=1):
            share = number / len(brackets)
            alive = self._race(alive, bracket, Stage(FIRST.start * share, FIRST.race * share))
        for one in slow:
            alive = self._race(alive, [one], SLOW)
        both = joined(self._default.settings, self._contenders)
        if both is not None and self._clock.left_s(JOINED.start) > 0:
            self._contenders.append(both)
            alive = self._race(alive, [both], JOINED)
        if alive and alive[0].ratio < 1:
            self._decide(alive[0])

    @property
    def _room(self) -> int:
        """How many contenders may be loaded beside the default."""
        memory = worker_memory_bytes(self._ground.machine, replace(self._default.settings, device="cpu"))
        return max(1, math.floor(RESIDENT_SHARE * memory / RESIDENT_WORKER_BYTES) - 1)

    def _race(self, alive: Sequence[Contender], fresh: Sequence[Contender], stage: Stage) -> list[Contender]:
        self._starter.start(fresh, until=stage.start)
        rules = RaceRules(protocol=self._protocol, usable_cores=self._ground.machine.cpu.usable_cores, until=stage.race)
        left = Race(self._default, self._clock, rules, self._ground.say).halve([*alive, *fresh])
        for one in self._contenders:
            if one.outcome is SettingOutcome.DROPPED and one.run is not None:
                one.run.close()
        return left

    def _decide(self, best: Contender) -> None:
        """Time the best against the default in fresh rounds."""
        assert best.run is not None
        assert self._default.run is not None
        sides = (self._default.run, best.run)
        settings = self._default.settings
        runner = PairedRun(
            sides,
            conditions=self._ground.conditions,
            protocol=self._protocol,
            rules=PairRules(
                confidence=CONFIDENCE,
                max_slowdown=BETWEEN_RUNS,
                target_half_width=RULES_HALF_WIDTH,
                budget_s=max(self._clock.left_s(), 1.0),
            ),
            usable_cores=self._ground.machine.cpu.usable_cores,
            memory_bytes=usable_memory_bytes(self._ground.machine, settings),
            on_progress=lambda _message, _share: self._ground.say(f"{best.words} against the default"),
        )
        pairs = runner.measure(self._ground.sizes)
        if len(pairs) < len(self._ground.sizes):
            problem = best.run.problems[-1] if best.run.problems else None
            best.leave(SettingOutcome.FAILED, None if problem is None else problem.message.removesuffix("."))
            return
        self._final = together(list(pairs.values()))
        best.round_s, best.default_s = summed(list(pairs.values()))[::-1]
        high = self._final.high
        if high is not None and high * (1 + BETWEEN_RUNS) < 1:
            best.outcome = SettingOutcome.CHOSEN
            self._chosen = best
        else:
            best.outcome = SettingOutcome.NOT_FASTER
            best.reason = "the gain is not resolved" if high is None or best.ratio < 1 else "it is not faster"

    def _close(self) -> None:
        """End all workers and keep what they measured."""
        for run in self._starter.runs:
            run.close()
        kept: list[Measurement] = []
        for run in self._starter.runs:
            for record in measurements_of(
                run,
                structure=self._structure,
                conditions=self._ground.conditions,
                fingerprint=self._ground.machine.fingerprint,
            ):
                try:
                    store.append(record)
                except UnfitRecordError:
                    continue
                kept.append(record)
        self.measurements = tuple(kept)

    def _found(self) -> ModelTuning:
        run = self._default.run
        if run is None or run.facts is None:
            raise MeasurementFailedError("The default does not run.", hint="mlipguide env check tests the environment.")
        now = datetime.now(UTC)
        card = self._ground.item.card
        chosen = self._chosen
        return ModelTuning(
            record=f"{now:%Y%m%dT%H%M%S}-{card.id}-{uuid4().hex[:8]}",
            tuned_at=now.isoformat(timespec="seconds"),
            model=card.id,
            backend=card.backend,
            weights=Weights.SYNTHETIC if run.facts.synthetic else Weights.PRETRAINED,
            fingerprint=self._ground.machine.fingerprint,
            versions=run.facts.versions,
            purpose=self._purpose,
            structure=self._structure,
            atoms=tuple(len(size.atoms) for size in self._ground.sizes),
            default=self._default.settings,
            chosen=chosen.settings,
            changed=chosen.changed,
            speed_up=None if chosen is self._default else self._speed_up(chosen),
            reference=self._starter.reference,
            tried=tuple(self._tried(one) for one in (self._default, *self._contenders)),
            unavailable=self._here.unavailable,
            wall_time_s=self._clock.spent_s,
            complete=self._complete,
        )

    def _tried(self, one: Contender) -> TriedSetting:
        sizes = {} if one.run is None else one.run.sizes
        outcome = one.outcome or (SettingOutcome.NOT_FASTER if one.round_s else SettingOutcome.NOT_TRIED)
        reason = one.reason
        if one.outcome is None and self._complete:
            untimed = "the budget ended before it was timed"
            reason = untimed if not one.round_s else "another one was ahead when one was chosen"
        elif one.outcome is None:
            reason = "interrupted"
        bursts = sorted(one.round_s)
        return TriedSetting(
            settings=one.settings,
            changed=one.changed,
            outcome=outcome,
            step_time_s=bursts[len(bursts) // 2] if bursts else None,
            speed_up=self._speed_up(one) if one.default_s else None,
            rounds=len(one.round_s),
            differences=one.differences,
            peak_memory_bytes=max((size.peak_memory_bytes for size in sizes.values()), default=0) or None,
            reason=reason,
        )

    def _speed_up(self, one: Contender) -> Estimate:
        """Return the default's time over this one's; that of the finalist from its fresh rounds."""
        fresh = one.outcome in (SettingOutcome.CHOSEN, SettingOutcome.NOT_FASTER) and self._final is not None
        ratio = paired_ratio(one.default_s, one.round_s, confidence=CONFIDENCE)
        if fresh and one is self._chosen:
            ratio = self._final or ratio
        return Estimate(
            value=1 / ratio.value,
            low=None if ratio.high is None else 1 / ratio.high,
            high=None if ratio.low is None else 1 / ratio.low,
            basis=Basis.MEASURED,
            source=f"{ratio.rounds} rounds in turn with the default",
        )


def summed(pairs: Sequence[PairedSize]) -> tuple[list[float], list[float]]:
    """Return the time of each round on both sides, all sizes together."""
    rounds = min(pair.rounds for pair in pairs)
    first, second = ([sum(pair.wall_s[side][number] for pair in pairs) for number in range(rounds)] for side in (0, 1))
    return first, second


def together(pairs: Sequence[PairedSize]) -> Ratio:
    """Return the second side's time over the first's, all sizes together."""
    first, second = summed(pairs)
    return paired_ratio(first, second, confidence=CONFIDENCE)
