"""Why candidates are ruled out or in doubt, in lines: those with the same reason share one."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.readable import duration
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.task.task import Task
from mlipguide.report.words.reason_words import reason_words

NAMED = 6
"""Models named in a line; of more the number is given."""


def rulings(candidates: Sequence[Candidate], task: Task) -> list[str]:
    """Return the lines; those that are only too slow share the first, those never timed come last."""
    slow: list[str] = []
    reasons: dict[str, list[str]] = {}
    untimed: dict[str, list[str]] = {}
    for candidate in candidates:
        if [rejection.constraint for rejection in candidate.rejections] == [Constraint.TIME]:
            slow.append(candidate.model)
            continue
        words = list(map(reason_words, candidate.rejections or candidate.doubts))
        if words and candidate.step_time_s is None and not candidate.rejections:
            untimed.setdefault(words[0], []).append(candidate.model)  # the rest is of no use before it is timed
        elif words:
            reasons.setdefault(" ".join(words), []).append(candidate.model)
    lines = [f"Slower than the budget of {duration(task.budget_s)} allows: {named(slow)}."] if slow else []
    return lines + [f"{named(models)}: {words}" for words, models in (*reasons.items(), *untimed.items())]


def named(models: Sequence[str]) -> str:
    """Return the names of a few models, and how many more there are."""
    if len(models) <= NAMED:
        return ", ".join(models)
    return f"{', '.join(models[: NAMED - 1])} and {len(models) - NAMED + 1} more"
