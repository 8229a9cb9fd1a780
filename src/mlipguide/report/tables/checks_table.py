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
        table.add_row(one.title, value_words(one), limit_words(one), one.unit, _verdict(one))
    parts: list[RenderableType] = [table]
    for verdict_of_pairs, count in alike.items():
        if count > 1:
            word = verdict_words(verdict_of_pairs)
            parts.append(Text(f"g(r), {word}: {count} pairs of elements; the farthest is shown.", style="dim"))
    if any(is_information(one) for one in shown):
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
        limit = next(filter(None, map(limit_words, known)), "")
        title = known[0].title + (" *" if any(map(is_information, known)) else "")
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
        if not did_not_pass(one):
            continue
        whose = f"{name}, " if name else ""
        sentence = Text.assemble((f"{whose}{one.title}: ", STYLES[one.verdict]), found_words(one))
        if limits:
            sentence.append(source_words(one), style="dim")
        lines.append(sentence)
    return lines


def did_not_pass(one: CheckResult) -> bool:
    """Return whether a check failed or left open whether it did."""
    return one.verdict in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR)


def found_words(one: CheckResult) -> str:
    """Return what was done and found, and what to do about it."""
    return one.why if one.advice is None else f"{one.why} {one.advice}"


def source_words(one: CheckResult) -> str:
    """Return where the limit of a check is from, with a blank before; empty where nothing is judged."""
    return "" if one.threshold is None else f" (Limit: {one.threshold.source}.)"


def figure_words(one: CheckResult) -> str:
    """Return a check with what was found and its limit: ``Drift at 1 fs 0.2 ± 0.002 meV/atom/ps, limit ≤ 0.05``."""
    if one.value is None:
        return one.title
    limit = limit_words(one)
    words = " ".join(filter(None, (one.title, value_words(one), one.unit)))
    return f"{words}, limit {limit}" if limit else words


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Check", no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def is_information(one: CheckResult) -> bool:
    """Return whether the verdict on the model does not depend on a check that was made."""
    return not one.decisive and one.verdict is not CheckVerdict.NOT_APPLICABLE


def _verdict(one: CheckResult) -> Text:
    verdict = Text(verdict_words(one.verdict), style=STYLES[one.verdict])
    return verdict.append(" *", style="dim") if is_information(one) else verdict


def verdict_words(verdict: CheckVerdict) -> str:
    """Return what a verdict is called."""
    return WORDS.get(verdict, verdict.value)


def _cell(one: CheckResult | None) -> Text:
    if one is None or one.verdict is CheckVerdict.NOT_APPLICABLE:
        return Text("–", style="dim")
    value = "" if one.value is None else value_words(one)
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


def value_words(one: CheckResult) -> str:
    """Return what was found, with half of its 90 % interval; a dash where nothing was."""
    if one.value is None:
        return "–"
    error = "" if one.uncertainty is None else f" ± {_digits(one.uncertainty)}"
    return f"{_digits(one.value)}{error}"


def limit_words(one: CheckResult) -> str:
    """Return the limit of a value; empty where there is none of either."""
    if one.threshold is None or one.value is None:
        return ""
    return f"{SIGNS[one.threshold.relation]} {one.threshold.value:.3g}"


def _digits(value: float) -> str:
    return "0" if value == 0 else f"{value:.2g}" if abs(value) < THREE_DIGITS else f"{value:.0f}"
