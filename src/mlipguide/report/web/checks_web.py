"""The checks that a potential was judged by, on a page: how near each comes to its limit, and why."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, Relation
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.report.tables.checks_table import (
    FOR_INFORMATION,
    figure_words,
    found_words,
    is_information,
    limit_words,
    source_words,
    value_words,
    verdict_words,
)
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.web_page import Cell, WebChart, WebTable

COLOURS = {CheckVerdict.PASSED: "#009E73", CheckVerdict.UNCLEAR: "#E69F00", CheckVerdict.FAILED: "#CC3311"}
NOTE = "Dashed: the limit. An interval that holds it is not resolved."


def checks_chart(checks: Sequence[CheckResult]) -> tuple[WebChart, ...]:
    """Return how large each value is as a share of the limit that it must not exceed; nothing where none has one."""
    dots = []
    for one in checks:
        threshold, value = one.threshold, one.value
        if threshold is None or value is None or threshold.relation is not Relation.AT_MOST or threshold.value <= 0:
            continue
        half = one.uncertainty
        share = Estimate(
            value=value / threshold.value,
            low=None if half is None else max(0.0, value - half) / threshold.value,
            high=None if half is None else (value + half) / threshold.value,
            basis=Basis.MEASURED,
            source=one.test,
        )
        told = figure_words(one).removeprefix(one.title).strip()
        dots.append(Dot(name=one.title, kind=verdict_words(one.verdict), estimate=share, told=told))
    if not dots:
        return ()
    axis = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": True},
        "title": "share of the limit",
        "axis": {"format": "%", "tickCount": 6},
    }
    colours = {verdict_words(verdict): colour for verdict, colour in COLOURS.items()}
    found = {name: colour for name, colour in colours.items() if name in {one.kind for one in dots}}
    nearest = max(dots, key=lambda one: one.estimate.value)
    words = f"{len(dots)} checks with a limit; nearest to it or furthest beyond: {nearest.name} {nearest.told}."
    spec = dots_spec(dots, axis, found, limits=[1.0])
    return (WebChart(title="Checks", words=words, spec=spec, note=NOTE),)


def checks_list(checks: Sequence[CheckResult]) -> tuple[WebTable, ...]:
    """Return every check with what was found, what is allowed and why; nothing where there are none."""
    rows = tuple(_row(one) for one in checks)
    if not rows:
        return ()
    legend = FOR_INFORMATION if any(map(is_information, checks)) else ""
    titles = ("Check", "Value", "Limit", "Unit", "Verdict", "Why")
    return (WebTable(caption="Every check", titles=titles, rows=rows, legend=legend),)


def _row(one: CheckResult) -> tuple[Cell, ...]:
    verdict = verdict_words(one.verdict) + (" *" if is_information(one) else "")
    return (
        Cell(text=one.title, order=one.title),
        Cell(text=value_words(one), order=one.value),
        Cell(text=limit_words(one), order=None if one.threshold is None else one.threshold.value),
        Cell(text=one.unit, order=one.unit or None),
        Cell(text=verdict, order=verdict),
        Cell(text=found_words(one) + (source_words(one) if one.value is not None else "")),
    )
