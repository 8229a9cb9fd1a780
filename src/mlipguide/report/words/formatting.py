"""Estimates in tables: a mark for the basis, the interval beside the value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from mlipguide.core.readable import coarse
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.estimate import Basis, Estimate

MARKS = {
    Basis.MEASURED: "",
    Basis.FITTED: "~",
    Basis.EXTRAPOLATED: "≈",
    Basis.SHARED: "§",
    Basis.PUBLISHED: "†",
    Basis.TRANSFERRED: "≈≈",
    Basis.TRIAL: "‡",
    Basis.ASSUMED: "?",
}
LEGEND = "No mark: measured at this size; ~ fitted; ≈ extrapolated. ± (or ×÷ when wide) gives the 90 % interval."
MARK_WORDS = {
    Basis.FITTED: "fitted",
    Basis.EXTRAPOLATED: "extrapolated",
    Basis.SHARED: "shared by others",
    Basis.PUBLISHED: "published",
    Basis.TRANSFERRED: "carried over",
    Basis.TRIAL: "own trial",
    Basis.ASSUMED: "partly assumed",
}
WIDE_HALF_WIDTH = 0.5
NARROW = 1.05
"""Intervals up to this factor to either side support three digits, wider ones two at most."""
DIGITS_WITHOUT_INTERVAL = 2
"""Of an error from too few frames for an interval: it is off by tens of percent."""
VERDICT_WORDS = {Verdict.FEASIBLE: "feasible", Verdict.UNKNOWN: "doubtful", Verdict.INFEASIBLE: "rejected"}
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


def brief(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return the value with the digits that its interval supports: three up to ±5 %, one from ×÷5 on, else two."""
    return coarse(formatter(estimate.value), _digits(estimate))


def interval(estimate: Estimate, formatter: Callable[[float], str], between: str = "") -> str:
    """Return the value and its 90 % interval, ``2 h (1 to 4 h)``; the value alone where there is none to tell.

    Args:
        estimate: The number.
        formatter: Writes it with its unit.
        between: Words between the value and the interval.
    """
    ends = ends_words(estimate, formatter)
    return " ".join(filter(None, (brief(estimate, formatter), between, f"({ends})" if ends else "")))


def ends_words(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return the ends of the 90 % interval, the unit once where both have it; empty where they say nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    digits = max(2, _digits(estimate)) if estimate.digits > 1 else 1
    low, high = (coarse(formatter(end), digits) for end in (estimate.low, estimate.high))
    if low == high:
        return ""
    amount, _, unit = low.partition(" ")
    return f"{amount if unit and high.endswith(f' {unit}') else low} to {high}"


def marks_legend(estimates: Iterable[Estimate | None]) -> str:
    """Return what the marks of these estimates mean, those that occur alone; empty without any."""
    bases = {one.basis for one in estimates if one is not None}
    return ", ".join(f"{MARKS[basis]} {MARK_WORDS[basis]}" for basis in Basis if basis in bases and basis in MARK_WORDS)


def _digits(estimate: Estimate) -> int:
    spread = estimate.relative_spread
    is_narrow = spread is not None and math.exp(spread) <= NARROW
    return estimate.digits if is_narrow else min(estimate.digits, 2)


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


def error_with_interval(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return an error with its interval; one whose interval is unknown as :func:`told_error` has it."""
    return told_error(estimate, formatter) if estimate.low is None else with_interval(estimate, formatter)


def told_error(estimate: Estimate, formatter: Callable[[float], str]) -> str:
    """Return an error without its interval; one whose interval is unknown, for want of frames, has two digits."""
    if estimate.low is None or estimate.high is None:
        return cut(estimate.value, formatter, DIGITS_WITHOUT_INTERVAL)
    return estimate.told(formatter)
