"""A number and its threshold made into a test result with its sentences."""

from __future__ import annotations

from mlipguide.evidence.stability.thresholds import THRESHOLDS, verdict_of
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, Threshold

LONGER = "Give it more time: a longer --budget narrows the interval."


def judged(
    test: str,
    title: str,
    value: float,
    *,
    unit: str,
    why: str,
    advice: str,
    uncertainty: float | None = None,
    decisive: bool = True,
    threshold: Threshold | None = None,
) -> CheckResult:
    """Return a test whose value is held against its threshold.

    Args:
        test: Name of the test, by which its threshold is found.
        title: For people.
        value: Found.
        unit: Of the value.
        why: What was done and found.
        advice: What to do when it failed.
        uncertainty: Half the 90 % interval.
        decisive: Whether the verdict on the model depends on it.
        threshold: Another one than that of the name.
    """
    limit = threshold or THRESHOLDS[test]
    verdict = verdict_of(value, uncertainty, limit)
    todo = {CheckVerdict.FAILED: advice, CheckVerdict.UNCLEAR: LONGER}.get(verdict)
    return CheckResult(
        test=test,
        title=title,
        value=value,
        uncertainty=uncertainty,
        unit=unit,
        threshold=limit,
        verdict=verdict,
        decisive=decisive,
        why=why,
        advice=todo,
    )


def without_value(
    test: str, title: str, why: str, *, verdict: CheckVerdict = CheckVerdict.NOT_APPLICABLE, advice: str | None = None
) -> CheckResult:
    """Return a test that gave no number: it does not apply, it came to nothing, or the run broke."""
    return CheckResult(
        test=test,
        title=title,
        value=None,
        uncertainty=None,
        unit="",
        threshold=THRESHOLDS.get(test),
        verdict=verdict,
        decisive=verdict is not CheckVerdict.NOT_APPLICABLE,
        why=why,
        advice=advice,
    )
