"""Why an error, or its interval, is not shown, in words."""

from __future__ import annotations

from mlipguide.records.accuracy.accuracy import ErrorGap

GAPS = {
    ErrorGap.TOO_FEW_FRAMES: "too few independent frames",
    ErrorGap.TOO_FEW_FOR_SHIFTS: "too few frames for a shift of each element",
}


def gap_words(gap: ErrorGap | None) -> str:
    """Return the reason in brackets, with a blank before; empty where nothing is missing."""
    return "" if gap is None else f" ({GAPS[gap]})"
