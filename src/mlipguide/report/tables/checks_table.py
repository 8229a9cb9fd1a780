"""The checks that a fitted potential was judged by: value, limit, verdict, and the reason where it did not pass."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, Relation

PAIRS = "pair-distribution-"
STYLES = {
    CheckVerdict.PASSED: "green",
    CheckVerdict.FAILED: "red",
    CheckVerdict.UNCLEAR: "yellow",
    CheckVerdict.NOT_APPLICABLE: "dim",
}
WORDS = {CheckVerdict.UNCLEAR: "not resolvable", CheckVerdict.NOT_APPLICABLE: "–"}
SIGNS = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥"}
THREE_DIGITS = 100


def checks_table(checks: Sequence[CheckResult]) -> list[RenderableType]:
    """Return a table of the checks, and a sentence for each that did not pass.

    Of the pairs of elements whose distribution functions have the same verdict only the farthest is shown; those that
    failed are all shown.
    """
    shown, alike = _shown(checks)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Check", no_wrap=True)
    for title in ("Value", "Limit"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for one in shown:
        verdict = Text(WORDS.get(one.verdict, one.verdict.value), style=STYLES[one.verdict])
        table.add_row(one.title, _value(one), _limit(one), one.unit, verdict)
    parts: list[RenderableType] = [table]
    for verdict_of_pairs, count in alike.items():
        if count > 1:
            word = WORDS.get(verdict_of_pairs, verdict_of_pairs.value)
            parts.append(Text(f"g(r), {word}: {count} pairs of elements; the farthest is shown.", style="dim"))
    return [*parts, *(_sentence(one) for one in shown if one.verdict in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR))]


def _shown(checks: Sequence[CheckResult]) -> tuple[list[CheckResult], dict[CheckVerdict, int]]:
    alike: dict[CheckVerdict, list[CheckResult]] = {}
    for one in checks:
        if one.test.startswith(PAIRS) and one.verdict is not CheckVerdict.FAILED:
            alike.setdefault(one.verdict, []).append(one)
    farthest = [max(ones, key=_share_of_limit) for ones in alike.values()]
    left_out = [one for ones in alike.values() for one in ones if one not in farthest]
    return [one for one in checks if one not in left_out], {verdict: len(ones) for verdict, ones in alike.items()}


def _share_of_limit(one: CheckResult) -> float:
    return 0.0 if one.value is None or one.threshold is None else one.value / one.threshold.value


def _sentence(one: CheckResult) -> Text:
    sentence = Text.assemble((f"{one.title}: ", STYLES[one.verdict]), one.why)
    if one.advice is not None:
        sentence.append(f" {one.advice}")
    return sentence


def _value(one: CheckResult) -> str:
    if one.value is None:
        return "–"
    error = "" if one.uncertainty is None else f" ± {_digits(one.uncertainty)}"
    return f"{_digits(one.value)}{error}"


def _limit(one: CheckResult) -> str:
    if one.threshold is None or one.value is None:
        return ""
    return f"{SIGNS[one.threshold.relation]} {_digits(one.threshold.value)}"


def _digits(value: float) -> str:
    return "0" if value == 0 else f"{value:.2g}" if abs(value) < THREE_DIGITS else f"{value:.0f}"
