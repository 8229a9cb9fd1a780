"""The settings that are tried: each differs from the default in one value, or joins several that were faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.candidates.axes_here import AxesHere
from mlipguide.candidates.preparation import ASE, Prepared
from mlipguide.records.timing.axes import DRIVER, RANKS, THREADS, WAIT_POLICY, AxisChoice, choice_words
from mlipguide.records.timing.measurement import Settings
from mlipguide.records.timing.tuning import Differences, SettingOutcome

WORTH_JOINING = 0.98
"""A value whose time is below this share of the default's is put together with others."""


@dataclass
class Contender:
    """A setting while it is tried.

    Attributes:
        changed: In which axes it is not the default; nothing for the default itself.
        settings: The whole setting.
        run: Its worker and samples; None before it was started.
        round_s: Its time in each round, all sizes together.
        default_s: The default's time in the same rounds.
        differences: From the plain setting; None where it was not compared.
        outcome: What became of it; None as long as it is in the race.
        reason: Why it is not; None while it is.
    """

    changed: tuple[AxisChoice, ...]
    settings: Settings
    run: CandidateRun | None = None
    round_s: list[float] = field(default_factory=list)
    default_s: list[float] = field(default_factory=list)
    differences: Differences | None = None
    outcome: SettingOutcome | None = None
    reason: str | None = None

    @property
    def ratio(self) -> float:
        """Its time over the default's, the median over rounds; infinity where there is none."""
        if not self.round_s:
            return math.inf
        return median(own / other for own, other in zip(self.round_s, self.default_s, strict=True))

    @property
    def words(self) -> str:
        """What it changes, as ``threads 1, pinning cores``."""
        return choice_words(self.changed) or "default"

    def leave(self, outcome: SettingOutcome, reason: str | None = None) -> None:
        """Take it out of the race."""
        self.outcome, self.reason = outcome, reason
        if self.run is not None:
            self.run.close()


def single_changes(item: Prepared, here: AxesHere) -> list[Contender]:
    """Return one contender for each value that can be chosen, the most promising first."""
    return [_contender(item.settings, (AxisChoice(axis=one.axis, value=one.value),)) for one in here.available]


def joined(default: Settings, contenders: Sequence[Contender]) -> Contender | None:
    """Return the best value of each axis that was faster than the default, all together; None where fewer than two are.

    With one thread there is nobody to wait for.
    """
    best: dict[str, Contender] = {}
    for one in sorted(contenders, key=lambda one: one.ratio):
        if one.ratio < WORTH_JOINING and one.outcome in (None, SettingOutcome.DROPPED) and len(one.changed) == 1:
            best.setdefault(one.changed[0].axis, one)
    threads = best.get(THREADS)
    if threads is not None and threads.settings.threads == 1:
        best.pop(WAIT_POLICY, None)
    if len(best) < 2:  # noqa: PLR2004  # one alone is a contender already
        return None
    return _contender(default, tuple(one.changed[0] for _, one in sorted(best.items())))


def _contender(default: Settings, changed: tuple[AxisChoice, ...]) -> Contender:
    settings = default
    for one in changed:
        settings = settings.with_choice(one.axis, one.value)
        if one.axis == DRIVER and one.value == ASE:
            settings = replace(settings.with_choice(RANKS, "1"), threads=default.threads)
    return Contender(changed, settings)
