"""The checks that a model or a fitted potential was judged by: value, limit, verdict, and why one did not pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
SHORT = {CheckVerdict.PASSED: "", CheckVerdict.FAILED: " ✗", CheckVerdict.UNCLEAR: " ?"}
SIGNS = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥"}
THREE_DIGITS = 100
FOR_INFORMATION = "* for information: the verdict does not depend on it."
MATRIX_LEGEND = "✗ failed; ? not resolvable: the interval holds the limit; – does not apply."


def checks_table(checks: Sequence[CheckResult], *, limits: bool = False) -> list[RenderableType]:
    """Return a table of the checks, and a sentence for each that did not pass.

    Of the pairs of elements whose distribution functions have the same verdict only the farthest is shown; those that
    failed are all shown.

    Args:
        checks: In the order of the table.
        limits: Whether the sentences say where their limits are from.
    """
    shown, alike = _shown(checks)
    table = _table("Value", "Limit")
    table.add_column("Unit", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for one in shown:
        table.add_row(one.title, _value(one), _limit(one), one.unit, _verdict(one))
    parts: list[RenderableType] = [table]
    for verdict_of_pairs, count in alike.items():
        if count > 1:
            word = WORDS.get(verdict_of_pairs, verdict_of_pairs.value)
            parts.append(Text(f"g(r), {word}: {count} pairs of elements; the farthest is shown.", style="dim"))
    if any(_is_information(one) for one in shown):
        parts.append(Text(FOR_INFORMATION, style="dim"))
    return [*parts, *failure_sentences(shown, limits=limits)]


def checks_matrix(checks: Mapping[str, Sequence[CheckResult]]) -> Table:
    """Return one table for several models: a row for each check that any of them had, a column of values for each."""
    table = _table("Limit")
    table.add_column("Unit", no_wrap=True)
    for name in checks:
        table.add_column(name, justify="right", no_wrap=True)
    by_test = {name: {one.test: one for one in ones} for name, ones in checks.items()}
    for test in dict.fromkeys(one.test for ones in checks.values() for one in ones):
        found = [ones.get(test) for ones in by_test.values()]
        known = [one for one in found if one is not None]
        unit = next((one.unit for one in known if one.unit), "")
        limit = next(filter(None, map(_limit, known)), "")
        title = known[0].title + (" *" if any(map(_is_information, known)) else "")
        table.add_row(title, limit, unit, *(_cell(one) for one in found))
    return table


def failure_sentences(checks: Sequence[CheckResult], *, name: str = "", limits: bool = False) -> list[RenderableType]:
    """Return a sentence for each check that did not pass: what was found, and what to do.

    Args:
        checks: Of one model.
        name: Of it, where there are several.
        limits: Whether to say where the limits are from.
    """
    lines: list[RenderableType] = []
    for one in checks:
        if one.verdict not in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR):
            continue
        whose = f"{name}, " if name else ""
        sentence = Text.assemble((f"{whose}{one.title}: ", STYLES[one.verdict]), one.why)
        if one.advice is not None:
            sentence.append(f" {one.advice}")
        if limits and one.threshold is not None:
            sentence.append(f" (Limit: {one.threshold.source}.)", style="dim")
        lines.append(sentence)
    return lines


def figure_words(one: CheckResult) -> str:
    """Return a check with what was found and its limit: ``Drift at 1 fs 0.2 ± 0.002 meV/atom/ps, limit ≤ 0.05``."""
    if one.value is None:
        return one.title
    limit = _limit(one)
    words = " ".join(filter(None, (one.title, _value(one), one.unit)))
    return f"{words}, limit {limit}" if limit else words


def check_cells(one: CheckResult) -> tuple[str, ...]:
    """Return a check as it stands in a table: title, value, limit, unit, verdict."""
    return one.title, _value(one), _limit(one), one.unit, _verdict(one).plain


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Check", no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _is_information(one: CheckResult) -> bool:
    return not one.decisive and one.verdict is not CheckVerdict.NOT_APPLICABLE


def _verdict(one: CheckResult) -> Text:
    verdict = Text(WORDS.get(one.verdict, one.verdict.value), style=STYLES[one.verdict])
    return verdict.append(" *", style="dim") if _is_information(one) else verdict


def _cell(one: CheckResult | None) -> Text:
    if one is None or one.verdict is CheckVerdict.NOT_APPLICABLE:
        return Text("–", style="dim")
    value = "" if one.value is None else _value(one)
    return Text(value + SHORT[one.verdict] or one.verdict.value, style=STYLES[one.verdict])


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


def _value(one: CheckResult) -> str:
    if one.value is None:
        return "–"
    error = "" if one.uncertainty is None else f" ± {_digits(one.uncertainty)}"
    return f"{_digits(one.value)}{error}"


def _limit(one: CheckResult) -> str:
    if one.threshold is None or one.value is None:
        return ""
    return f"{SIGNS[one.threshold.relation]} {one.threshold.value:.3g}"


def _digits(value: float) -> str:
    return "0" if value == 0 else f"{value:.2g}" if abs(value) < THREE_DIGITS else f"{value:.0f}"
