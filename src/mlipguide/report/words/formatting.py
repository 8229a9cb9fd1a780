"""Estimates in tables: a mark for the basis, the interval beside the value."""

from __future__ import annotations

import math
from collections.abc import Callable

from mlipguide.core.readable import coarse
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.estimate import Basis, Estimate

MARKS = {
    Basis.MEASURED: "",
    Basis.FITTED: "~",
    Basis.EXTRAPOLATED: "≈",
    Basis.PUBLISHED: "†",
    Basis.TRANSFERRED: "≈≈",
    Basis.TRIAL: "‡",
    Basis.ASSUMED: "?",
}
LEGEND = "No mark: measured at this size; ~ fitted; ≈ extrapolated. ± (or ×÷ when wide) gives the 90 % interval."
WIDE_HALF_WIDTH = 0.5
DIGITS_WITHOUT_INTERVAL = 2
"""Of an error from too few frames for an interval: it is off by tens of percent."""
VERDICT_STYLES = {Verdict.FEASIBLE: "green", Verdict.UNKNOWN: "yellow", Verdict.INFEASIBLE: "red"}


def marked(estimate: Estimate | None, text: str) -> str:
    """Return ``text`` with the mark of the estimate's basis, or a dash for what is not known."""
    return "–" if estimate is None else f"{MARKS[estimate.basis]}{text}"


def spread(estimate: Estimate | None) -> str:
    """Return the 90 % interval relative to the value: ``±12 %``, or ``×÷3.1`` when it is wide; empty if unknown."""
    if estimate is None or estimate.low is None or estimate.high is None or estimate.low <= 0:
        return ""
    half = (estimate.high - estimate.low) / (2 * estimate.value)
    if half > WIDE_HALF_WIDTH:
        return f"×÷{math.sqrt(estimate.high / estimate.low):.2g}"
    return f"±{max(half, 0.01) * 100:.0f} %"


def estimated(estimate: Estimate | None, formatter: Callable[[float], str]) -> str:
    """Return an estimate formatted by ``formatter``, marked, with the digits that mean something; or a dash."""
    return "–" if estimate is None else marked(estimate, estimate.told(formatter))


def with_interval(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return value and 90 % interval with the digits that mean something: ``70 (66 to 75)``."""
    if estimate.low is None or estimate.high is None:
        return estimate.told(formatter)
    low, value, high = (cut(end, formatter, estimate.digits) for end in (estimate.low, estimate.value, estimate.high))
    return value if low == value == high else f"{value} ({low} to {high})"


def cut(value: float, formatter: Callable[[float], str], digits: int) -> str:
    """Return a number of either sign as ``formatter`` writes it, with at most so many significant digits."""
    text = coarse(formatter(abs(value)), digits)
    return f"-{text}" if value < 0 else text


def told_error(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return an error without its interval; one whose interval is unknown, for want of frames, has two digits."""
    if estimate.low is None or estimate.high is None:
        return cut(estimate.value, formatter, DIGITS_WITHOUT_INTERVAL)
    return estimate.told(formatter)
