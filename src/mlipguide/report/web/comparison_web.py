"""The answer of ``check`` and ``bench compare`` as an HTML page: passed or not, and every ratio with its limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlipguide.core.readable import duration
from mlipguide.records.notice import Result
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Side
from mlipguide.report.pages.comparison_page import CPU_LEGEND, LEGEND, NOT_COMPARED, ratio_words, sides, what_next
from mlipguide.report.tables.series import differing
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.parts import linear, noticed, what_failed
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values
from mlipguide.report.words.comparison_words import VERDICT_WORDS, change_percent, headline, subject

COLOURS = {
    ChangeVerdict.SLOWER: "#CC3311",
    ChangeVerdict.UNCLEAR: "#E69F00",
    ChangeVerdict.UNCHANGED: "#0072B2",
    ChangeVerdict.FASTER: "#009E73",
}

UNBROKEN = "\u2060–\u2060"
"""A dash at which no line ends."""


def comparison_web(result: Result[Comparison], command: str, given: str | None = None) -> WebPage:
    """Return the page.

    Args:
        result: What was compared.
        command: That was typed, for the title.
        given: The baseline as it was typed; None for its name.
    """
    data = result.data
    lead, mark, rest = headline(data).partition(": ")
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide {command}: {data.baseline.name}",
        lead=f"{lead}.",
        rest=rest[:1].upper() + rest[1:] if mark else "",
        tone="bad" if data.regressions else "good" if data.changes else "unsure",
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=tuple(sides(data)),
        charts=(_ratios(data),) if data.changes else (),
        tables=tuple(_tables(data)),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
    )


def _ratios(data: Comparison) -> WebChart:
    fields = differing(change.settings for change in data.changes)
    order = list(COLOURS)
    dots = [
        Dot(
            name=subject(one, fields),
            kind=one.verdict.value,
            estimate=one.ratio,
            told=change_percent(one.ratio),
        )
        for one in sorted(data.changes, key=lambda one: order.index(one.verdict))
    ]
    colours: dict[str, str] = {
        one.value: colour for one, colour in COLOURS.items() if one.value in {dot.kind for dot in dots}
    }
    same = [
        {
            "data": values([{"limit": 1.0}]),
            "mark": {"type": "rule", "color": "#888888", "strokeWidth": 1},
            "encoding": {"x": {"field": "limit", "type": "quantitative"}},
        }
    ]
    axis = linear("value", "time now over time before", zero=False)
    spec = dots_spec(dots, axis, colours, limits=[1 + data.max_slowdown], lines=same)
    worst = max(data.changes, key=lambda one: one.ratio.value)
    told = f"{len(dots)} ratios of times; the largest: {subject(worst, fields)}, {change_percent(worst.ratio)}."
    note = f"The line: no change; dashed: {1 + data.max_slowdown:.3g}, the slowest that is allowed."
    return WebChart(title="Now beside before", words=told, spec=spec, note=note)


def _tables(data: Comparison) -> Iterator[WebTable]:
    if data.changes:
        fields = differing(change.settings for change in data.changes)
        titles = ("Measurement", "Before", "Now", "Ratio", "Interval", "Allowed", "CPU", "Verdict")
        rows = tuple(_row(one, fields, 1 + data.max_slowdown) for one in data.changes)
        with_cpu = any(change.cpu_ratio is not None for change in data.changes)
        legend = " ".join(filter(None, (LEGEND, CPU_LEGEND if with_cpu else "")))
        yield WebTable(caption="Every measurement", titles=titles, rows=rows, legend=legend)
    if data.only_in_baseline:
        missing = tuple((Cell(text=one, order=one),) for one in data.only_in_baseline)
        yield WebTable(caption=NOT_COMPARED, titles=("Measurement",), rows=missing)


def _row(one: Change, fields: Sequence[str], allowed: float) -> tuple[Cell, ...]:
    ratio, between, cpu = ratio_words(one)
    name = subject(one, fields)
    return (
        Cell(text=name, order=name),
        Cell(text=duration(one.baseline_s.value), order=one.baseline_s.value),
        Cell(text=duration(one.current_s.value), order=one.current_s.value),
        Cell(text=ratio, order=one.ratio.value),
        Cell(text=between.replace("–", UNBROKEN) if one.ratio.high is not None else between, order=one.ratio.high),
        Cell(text=f"{allowed:.3f}", order=allowed),
        Cell(text=cpu, order=None if one.cpu_ratio is None else one.cpu_ratio.value),
        Cell(text=VERDICT_WORDS[one.verdict], order=list(COLOURS).index(one.verdict)),
    )


def _provenance(result: Result[Comparison]) -> Iterator[tuple[str, str]]:
    for title, side in (("Before", result.data.baseline), ("Now", result.data.current)):
        yield from ((f"{title}: {backend}", words) for backend, words in _versions(side))
    yield from noticed(result)


def _versions(side: Side) -> Iterator[tuple[str, str]]:
    for backend, packages in sorted(side.versions.items()):
        yield backend, ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
