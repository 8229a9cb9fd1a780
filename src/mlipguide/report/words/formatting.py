"""Estimates in tables: a mark for the basis, the interval beside the value."""

from __future__ import annotations

import math
from collections.abc import Callable

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
