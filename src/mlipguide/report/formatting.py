"""Base units turned into what reads best; digits follow the interval."""

from __future__ import annotations

from mlipguide.records.estimate import Basis, Estimate

MARKS = {
    Basis.MEASURED: "",
    Basis.FITTED: "~",
    Basis.EXTRAPOLATED: "≈",
    Basis.TRANSFERRED: "≈≈",
    Basis.PUBLISHED: "†",
    Basis.ASSUMED: "?",
}
LEGEND = "no mark measured at this size, ~ fitted, ≈ extrapolated; ± is half the 90 % interval"

TIMES = (
    ("y", 365.25 * 86400),
    ("d", 86400.0),
    ("h", 3600.0),
    ("min", 60.0),
    ("s", 1.0),
    ("ms", 1e-3),
    ("µs", 1e-6),
)


def duration(seconds: float) -> str:
    """Return wall time with three digits in the largest unit that leaves a number of at least one."""
    for unit, length in TIMES:
        if seconds >= length:
            return f"{three_digits(seconds / length)} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def simulated(seconds: float) -> str:
    """Return simulated time."""
    for unit, length in (("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12)):
        if seconds >= length * (1 - 1e-9):
            return f"{three_digits(seconds / length)} {unit}"
    return f"{three_digits(seconds / 1e-15)} fs"


def memory(size_bytes: float) -> str:
    """Return memory in GiB, or MiB below one."""
    if size_bytes >= 2**30:
        return f"{three_digits(size_bytes / 2**30)} GiB"
    return f"{three_digits(size_bytes / 2**20)} MiB"


def three_digits(value: float) -> str:
    """Return a number with three significant digits and no exponent where it can be avoided."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:  # noqa: PLR2004  # from here on digits are grouped
        return f"{float(f'{value:.3g}'):,.0f}" if abs(value) < 1e15 else f"{value:.3g}"  # noqa: PLR2004
    if abs(value) < 1e-3:  # noqa: PLR2004
        return f"{value:.2g}"
    return f"{value:.3g}"


def marked(estimate: Estimate | None, text: str) -> str:
    """Return ``text`` with the mark of the estimate's basis, or a dash for what is not known."""
    return "–" if estimate is None else f"{MARKS[estimate.basis]}{text}"


def spread(estimate: Estimate | None) -> str:
    """Return half the 90 % interval relative to the value, as ``±12 %``; empty where it is not known."""
    if estimate is None or estimate.low is None or estimate.high is None or estimate.value == 0:
        return ""
    half = (estimate.high - estimate.low) / (2 * estimate.value)
    return f"±{max(half, 0.01):.0%}".replace("%", " %")


def estimated(estimate: Estimate | None, formatter: object) -> str:
    """Return an estimate formatted by ``formatter``, marked, or a dash."""
    assert callable(formatter)
    return "–" if estimate is None else marked(estimate, formatter(estimate.value))
