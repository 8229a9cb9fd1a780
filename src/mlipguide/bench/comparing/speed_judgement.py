"""Whether a speed is what is expected, and which reasons fit if it is not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlipguide.costmodel.slow_factors import Case, factor_of, is_possible, other_codes
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.run_log import RunLog
from mlipguide.records.timing.slowdown import (
    Fit,
    LikelySlowdown,
    LogSign,
    SlowdownCard,
    SlowdownCheck,
    SlowdownKind,
)
from mlipguide.records.timing.speed_check import SpeedVerdict
from mlipguide.stats.bursts import NORMAL_90

WORTH_A_WORD = 1.1
"""Less than a tenth is what output and a busy machine make of it; the threshold of ``check`` too."""
LEAST_SPREAD = 0.05
"""Standard deviation of the logarithm of any factor, however sure it looks."""
GAINS = (SlowdownKind.PLAIN_KERNELS, SlowdownKind.FEW_ATOMS)
"""What is in the expected time already, and would be faster without."""
WORTH_GAINING = 1.5

LOG, LOG_SLOT, SOME_LOG = "log", "{log}", "log.lammps"
Slots = Mapping[str, str]
"""What stands for the words in braces of a command."""


def slowdown_of(expected: Estimate | None, seen_s: float, log: RunLog | None) -> Estimate | None:
    """Return seen over expected, 90 % interval included; None where nothing is expected."""
    if expected is None:
        return None
    ratio = expected.inverted(seen_s)
    error = 0.0 if log is None else log.clock_error
    if not error:
        return ratio
    low = None if ratio.low is None else ratio.low * (1 - error)
    return replace(ratio, low=low, high=None if ratio.high is None else ratio.high * (1 + error))


def verdict_on(slowdown: Estimate | None) -> SpeedVerdict:
    """Return whether a speed is normal: it is where the interval holds no difference, or the difference is small."""
    if slowdown is None:
        return SpeedVerdict.UNKNOWN
    if slowdown.at_least > 1 and slowdown.value > WORTH_A_WORD:
        return SpeedVerdict.SLOWER
    if slowdown.at_most < 1 and slowdown.value < 1 / WORTH_A_WORD:
        return SpeedVerdict.FASTER
    return SpeedVerdict.NORMAL


def rank_causes(
    cards: Mapping[SlowdownKind, SlowdownCard],
    case: Case,
    slowdown: Estimate,
    slots: Slots,
    ruled_out: set[SlowdownKind],
) -> tuple[LikelySlowdown, ...]:
    """Return the reasons that there can be, those that a log shows first, then those whose factor fits.

    Of those that fit as well, the order of the cards counts: how often a reason is met.

    Args:
        cards: What is known of each.
        case: What was asked.
        slowdown: Seen over expected.
        slots: For the commands.
        ruled_out: Reasons that the user knows not to hold.
    """
    found: list[LikelySlowdown] = []
    for kind, card in cards.items():
        if kind in GAINS or kind in ruled_out or not is_possible(kind, case):
            continue
        sign = sign_of(kind, case.signs)
        if kind is SlowdownKind.STYLE:
            slower = [(code, factor) for code, factor in other_codes(case) if factor.value > WORTH_A_WORD]
            found += [_likely(card, factor, slowdown, slots, detail=code, sign=sign) for code, factor in slower]
            continue
        factor = factor_of(card, case)
        if kind is SlowdownKind.OUTSIDE and factor is None:
            continue
        detail = case.log.other_part if kind is SlowdownKind.OUTSIDE and case.log is not None else None
        found.append(_likely(card, factor, slowdown, slots, detail=detail, sign=sign))
    return tuple(sorted(found, key=lambda one: _place(one, slowdown)))  # as in the cards where places are equal


def shown_causes(cards: Mapping[SlowdownKind, SlowdownCard], case: Case, slots: Slots) -> tuple[LikelySlowdown, ...]:
    """Return the reasons that a log shows, for a speed that need not be explained."""
    found: list[LikelySlowdown] = []
    for kind, card in cards.items():
        sign = sign_of(kind, case.signs)
        if sign is not None and is_possible(kind, case):
            checks = _checks(card.checks, slots)
            factor = factor_of(card, case)
            found.append(LikelySlowdown(kind=kind, factor=factor, fit=Fit.UNKNOWN, checks=checks, sign=sign))
    return tuple(found)


def find_gains(cards: Mapping[SlowdownKind, SlowdownCard], case: Case, slots: Slots) -> tuple[LikelySlowdown, ...]:
    """Return what would be faster than what is expected: other interfaces, accelerators, more atoms in a step."""
    faster = sorted((factor.value, code, factor) for code, factor in other_codes(case))
    found = [
        _gain(cards[SlowdownKind.STYLE], factor.inverted(1.0), slots, detail=code)
        for value, code, factor in faster
        if value < 1 / WORTH_GAINING
    ]
    for kind in GAINS:
        factor = factor_of(cards[kind], case) if _is_gain(kind, cards[kind], case) else None
        if factor is not None and factor.at_most > WORTH_GAINING:
            found.append(_gain(cards[kind], factor, slots))
    return tuple(found)


def sign_of(kind: SlowdownKind, signs: Sequence[LogSign]) -> LogSign | None:
    """Return what shows a reason: a line of the log, or the user's own word."""
    return next((one for one in signs if one.kind is kind), None)


def fit_of(factor: Estimate | None, slowdown: Estimate) -> Fit:
    """Return how a factor compares with what was seen, both with their intervals."""
    if factor is None:
        return Fit.UNKNOWN
    if abs(_distance(factor, slowdown)) <= NORMAL_90:
        return Fit.EXPLAINS
    return Fit.PART if factor.value < slowdown.value else Fit.TOO_MUCH


def _is_gain(kind: SlowdownKind, card: SlowdownCard, case: Case) -> bool:
    """Accelerators are named where one was seen to matter with the family, on a GPU and in plain ASE."""
    if kind is not SlowdownKind.PLAIN_KERNELS:
        return case.on_gpu
    family = case.card.architecture.family
    return case.on_gpu and case.code is None and any(family in one.families for one in card.evidence)


def _place(one: LikelySlowdown, slowdown: Estimate) -> tuple[int, float]:
    """Return the place of a reason: shown by a log, explaining all, a part, no figure, too much; in each by its fit.

    Fits within one standard deviation are equally good: intervals are known no better.
    """
    place = list(_PLACES).index(one.fit)
    if one.sign is not None:
        return -1, float(place)
    if one.factor is None:
        return place, 0.0
    if one.fit is Fit.PART:
        return place, -one.factor.value
    return place, float(max(1, math.ceil(abs(_distance(one.factor, slowdown)))))


def _distance(factor: Estimate, slowdown: Estimate) -> float:
    return math.log(slowdown.value / factor.value) / _spread(factor, slowdown)


def _spread(factor: Estimate, slowdown: Estimate) -> float:
    """Return the standard deviation of the logarithm of both together."""
    parts = [(one.relative_spread or 0.0) / NORMAL_90 for one in (factor, slowdown)]
    return max(LEAST_SPREAD, math.hypot(*parts))


_PLACES = (Fit.EXPLAINS, Fit.PART, Fit.UNKNOWN, Fit.TOO_MUCH)


def _likely(
    card: SlowdownCard,
    factor: Estimate | None,
    slowdown: Estimate,
    slots: Slots,
    *,
    detail: str | None,
    sign: LogSign | None,
) -> LikelySlowdown:
    fit = fit_of(factor, slowdown)
    return LikelySlowdown(
        kind=card.kind, factor=factor, fit=fit, checks=_checks(card.checks, slots), detail=detail, sign=sign
    )


def _gain(card: SlowdownCard, factor: Estimate, slots: Slots, detail: str | None = None) -> LikelySlowdown:
    return LikelySlowdown(
        kind=card.kind, factor=factor, fit=Fit.EXPLAINS, checks=_checks(card.checks, slots), detail=detail
    )


def _checks(checks: Sequence[SlowdownCheck], slots: Slots) -> tuple[SlowdownCheck, ...]:
    """Return the commands with what was asked in them; without a log, those that look into one only where all do."""
    if LOG not in slots:
        checks = [one for one in checks if LOG_SLOT not in one.command] or checks
        slots = {**slots, LOG: SOME_LOG}

    def filled(text: str) -> str:
        for name, value in slots.items():
            text = text.replace("{" + name + "}", value)
        return text

    return tuple(replace(one, command=filled(one.command)) for one in checks)
