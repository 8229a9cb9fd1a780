"""What is said of a comparison, alike in the terminal, in GitHub's annotations, in JUnit and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.readable import duration
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Pairing
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.tables.series import settings_words

VERDICT_WORDS = {
    ChangeVerdict.SLOWER: "slower",
    ChangeVerdict.FASTER: "faster",
    ChangeVerdict.UNCHANGED: "no change that counts",
    ChangeVerdict.UNCLEAR: "unclear: measure longer, or on a quieter machine",
}


def headline(data: Comparison) -> str:
    """Return the result in one sentence."""
    threshold = f"{data.max_slowdown:.0%}"
    compared = f"{len(data.changes)} measurement{'' if len(data.changes) == 1 else 's'}"
    if not data.changes:
        return f"Nothing could be compared: {data.baseline.name} and {data.current.name} have no measurement in common."
    if data.regressions:
        worst = max(data.regressions, key=lambda change: change.ratio.value)
        return (
            f"Regression: of {compared} {len(data.regressions)} became slower by more than {threshold}, worst "
            f"{subject(worst)}: {change_percent(worst.ratio)}."
        )
    counts = [
        f"{sum(change.verdict is verdict for change in data.changes)} {word}"
        for verdict, word in ((ChangeVerdict.FASTER, "faster"), (ChangeVerdict.UNCLEAR, "unclear"))
        if any(change.verdict is verdict for change in data.changes)
    ]
    details = f" ({', '.join(counts)})" if counts else ""
    return f"No regression: of {compared} none was shown to be more than {threshold} slower{details}."


def how(data: Comparison) -> str:
    """Return how the two runs were taken and what was done to them."""
    taken = {
        Pairing.INTERLEAVED: "Both were measured in turn, burst by burst, in one run.",
        Pairing.SEPARATE: "Each was measured in a run of its own.",
    }[data.pairing]
    normalised = " Both are divided by the reference kernel of their own run." if data.normalised else ""
    together = " of all changes together" if len(data.changes) > 1 else ""
    return f"{taken}{normalised} Intervals hold with 90 % confidence{together}."


def subject(change: Change, fields: Sequence[str] = ()) -> str:
    """Return what a change is of: the model, the size, and those of the settings that ``fields`` names."""
    words = [change.model, f"{change.atoms:,} atoms"]
    if fields:
        words.append(settings_words(change.settings, fields))
    if change.scenario is Scenario.OFFLINE:
        words.append("offline")
    return ", ".join(words)


def change_percent(ratio: Estimate) -> str:
    """Return a ratio of times as a change: ``+12.3 % (+8.1 % to +16.9 %)``."""
    if ratio.low is None or ratio.high is None:
        return _percent(ratio.value)
    return f"{_percent(ratio.value)} ({_percent(ratio.low)} to {_percent(ratio.high)})"


def change_sentence(change: Change) -> str:
    """Return a change in a sentence: the times, the ratio with its interval, the processor time, the verdict."""
    words = (
        f"{duration(change.baseline_s.value)} before, {duration(change.current_s.value)} now: "
        f"{change_percent(change.ratio)}"
    )
    if change.cpu_ratio is not None:
        words += f"; processor time {change_percent(change.cpu_ratio)}"
    return f"{words}; {VERDICT_WORDS[change.verdict]}."


def version_changes(data: Comparison) -> list[str]:
    """Return which packages differ between the two sides: ``sevenn: torch 2.7.1 → 2.8.0``."""
    lines: list[str] = []
    for backend in sorted({*data.baseline.versions, *data.current.versions}):
        before, now = data.baseline.versions.get(backend, {}), data.current.versions.get(backend, {})
        differ = [
            f"{name} {before.get(name, 'absent')} → {now.get(name, 'absent')}"
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name)
        ]
        if differ and before and now:
            lines.append(f"{backend}: {', '.join(differ)}")
    return lines


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"
