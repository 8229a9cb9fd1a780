"""The answer of ``recommend`` as an HTML page: to send to a group, and to ask "and with ten times as long?"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from mlipguide.advice.caveats import most_important
from mlipguide.advice.prices.break_even import total_s
from mlipguide.core.readable import duration, memory, number
from mlipguide.records.accuracy.accuracy_axis import AxisFigure
from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.advice.strategy import StrategyTable
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.figures.break_even_plot import COLOURS, drawable, strategy_label
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.recommend_page import commands_now, facts
from mlipguide.report.tables.choice_rows import structures_per_hour
from mlipguide.report.web.parts import GIBIBYTE, HEIGHT, HOUR_S, cell, ends, limit, logarithmic
from mlipguide.report.web.time_chart import Way, time_chart
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values
from mlipguide.report.words.answer_words import answer_words
from mlipguide.report.words.axis_words import UNITS, accuracy_cell, accuracy_column, axis_legend
from mlipguide.report.words.formatting import VERDICT_WORDS, marks_legend
from mlipguide.report.words.reason_words import reason_words

TONES = {Verdict.FEASIBLE: "good", Verdict.UNKNOWN: "unsure", Verdict.INFEASIBLE: "bad"}
VERDICT_COLOURS = {Verdict.FEASIBLE: "#009E73", Verdict.UNKNOWN: "#E69F00", Verdict.INFEASIBLE: "#CC3311"}
LOWER_IS_BETTER = frozenset({AxisFigure.FORCE_MAE, AxisFigure.ENERGY_MAE, AxisFigure.KAPPA_SRME})
MOST_RECORDS = 12


def recommend_web(answer: Recommendation, notices: Sequence[Notice] = ()) -> WebPage:
    """Return the page.

    Args:
        answer: The answer.
        notices: That came with it.
    """
    words = answer_words(answer)
    return WebPage(
        title=f"mlipguide: {answer.task.structure.reduced_formula}",
        lead=words.lead,
        rest=words.rest,
        tone=TONES[words.verdict],
        commands=commands_now(answer),
        facts=tuple(facts(answer, notices)),
        charts=tuple(_charts(answer)),
        tables=(_models(answer), *_prices(answer)),
        cautions=tuple(
            (one.topic, f"{one.message} ({one.source})", one.links)
            for one in most_important(answer.caveats, answer.task, len(answer.caveats))
        ),
        provenance=tuple(_provenance(answer, notices)),
    )


def _charts(answer: Recommendation) -> Iterator[WebChart]:
    points = list(_accuracy_points(answer))
    if points:
        yield _accuracy_chart(points, answer)
    if answer.strategies is not None and answer.task.simulated_time_s is not None and drawable(answer.strategies):
        yield _strategies_chart(answer.strategies, answer.task, answer.task.simulated_time_s)
    known = [one for one in _shown(answer) if one.peak_memory_bytes is not None]
    if known:
        yield _memory_chart(known, answer)


def _shown(answer: Recommendation) -> tuple[Candidate, ...]:
    return answer.hardware[0].candidates if answer.hardware else answer.candidates


def _accuracy_points(answer: Recommendation) -> Iterator[dict[str, Any]]:
    axis = answer.accuracy_axis
    scale = 1e3 if axis.figure in UNITS else 1.0
    for one in _shown(answer):
        place, run = one.accuracy, one.run_time_s
        if run is None or place.value is None or place.figure is not axis.figure:
            continue
        yield {
            "model": one.model,
            **ends(run, HOUR_S),
            "time": duration(run.value),
            "error": place.value * scale,
            "is": "the choice" if one.model == answer.choice else VERDICT_WORDS[one.verdict],
            "front": one.on_pareto_front is True,
        }


def _accuracy_chart(points: list[dict[str, Any]], answer: Recommendation) -> WebChart:
    column, legend = accuracy_column(answer.accuracy_axis)
    figure = answer.accuracy_axis.figure
    better = "lower is better" if figure in LOWER_IS_BETTER else "higher is better"
    title = (
        f"{column}{UNITS.get(figure, '')} ({better})" if answer.accuracy_axis.domain is None else f"figure, {better}"
    )
    hours = logarithmic("value", "time of the run, hours")
    error = {"field": "error", "type": "quantitative", "scale": {"zero": False}, "title": title}
    spec = {
        "height": HEIGHT,
        "data": values(points),
        "layer": [
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "line", "strokeDash": [4, 3], "color": "#888888"},
                "encoding": {"x": hours, "y": error, "order": {"field": "value"}},
            },
            {
                "mark": {"type": "rule", "opacity": 0.5},
                "encoding": {
                    "x": {**hours, "field": "low"},
                    "x2": {"field": "high"},
                    "y": error,
                    "color": _colour_of_verdict(),
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90},
                "encoding": {
                    "x": hours,
                    "y": error,
                    "color": _colour_of_verdict(),
                    "shape": {"field": "is", "legend": None},
                    "tooltip": [
                        {"field": "model"},
                        {"field": "time"},
                        {"field": "error", "format": ".3~g", "title": column},
                    ],
                },
            },
            {
                "transform": [{"filter": "datum.front || datum.is == 'the choice'"}],
                "mark": {"type": "text", "align": "left", "dx": 8, "dy": -7},
                "encoding": {"x": hours, "y": error, "text": {"field": "model"}},
            },
            *limit("x", answer.task.budget_s / HOUR_S),
        ],
    }
    best = min(points, key=lambda one: one["value"])
    told = f"{legend}. {len(points)} models; the fastest, {best['model']}, takes {best['time']}."
    return WebChart(title="Accuracy against time", words=told, spec=spec)


def _colour_of_verdict() -> dict[str, Any]:
    names = ["the choice", *(VERDICT_WORDS[one] for one in Verdict)]
    colours = ["#0072B2", *(VERDICT_COLOURS[one] for one in Verdict)]
    return {"field": "is", "title": None, "scale": {"domain": names, "range": colours}}


def _strategies_chart(table: StrategyTable, task: Task, task_time_s: float) -> WebChart:
    ways = [
        Way(name=strategy_label(one), colour=COLOURS[one.strategy], total=partial(total_s, one, task_time_s))
        for one in table.prices
        if total_s(one, task_time_s, task_time_s) is not None
    ]
    return time_chart(ways, task_time_s=task_time_s, budget_s=task.budget_s, axis="time to solution")


def _memory_chart(candidates: Sequence[Candidate], answer: Recommendation) -> WebChart:
    rows: list[dict[str, Any]] = [
        {"model": one.model, "gib": peak.value / GIBIBYTE, "memory": memory(peak.value)}
        for one in candidates
        if (peak := one.peak_memory_bytes) is not None
    ]
    usable = _usable_bytes(answer)
    spec = {
        "height": 22 * len(rows),
        "data": values(rows),
        "layer": [
            {
                "mark": {"type": "bar", "color": "#0072B2"},
                "encoding": {
                    "y": {"field": "model", "type": "nominal", "sort": "x", "title": None, "axis": {"labelLimit": 240}},
                    "x": {"field": "gib", "type": "quantitative", "title": "peak memory, GiB"},
                    "tooltip": [{"field": "model"}, {"field": "memory"}],
                },
            },
            *([] if usable is None else limit("x", usable / GIBIBYTE)),
        ],
    }
    most = max(rows, key=lambda one: one["gib"])
    there = "" if usable is None else f" of {memory(usable)} usable, the dashed line"
    told = f"Peak memory at {answer.task.atoms:,} atoms; {most['model']} takes most, {most['memory']}{there}."
    return WebChart(title="Memory", words=told, spec=spec)


def _usable_bytes(answer: Recommendation) -> float | None:
    if not answer.hardware:
        return float(answer.machine.memory.usable_bytes)
    usable = answer.hardware[0].profile.usable_memory_bytes
    return None if usable is None else usable.value


def _models(answer: Recommendation) -> WebTable:
    task, axis = answer.task, answer.accuracy_axis
    column, legend = accuracy_column(axis)
    rate = {TaskKind.MD: "ns/day", TaskKind.SCREEN: "Structures/h"}.get(task.kind)
    titles = ("Model", *((rate,) if rate else ()), "Run", "Memory", "Largest", column, "Licence", "Verdict", "Why")
    rows, shown = [], []
    for place, one in enumerate(sorted(_shown(answer), key=lambda one: one.run_time_s is None)):
        speed = one.ns_per_day if task.kind is TaskKind.MD else structures_per_hour(one, task)
        shown += [speed, one.run_time_s, one.peak_memory_bytes]
        mark = " *" if one.weights is Weights.SYNTHETIC else ""
        why = "; ".join(map(reason_words, (*one.rejections, *one.doubts)))
        rows.append(
            (
                Cell(text=("▸ " if one.model == answer.choice else "") + one.model + mark, order=place),
                *((cell(speed, number),) if rate else ()),
                cell(one.run_time_s, duration, ends=True),
                cell(one.peak_memory_bytes, memory),
                cell(one.max_atoms, lambda atoms: f"{atoms:,.0f}"),
                Cell(text=accuracy_cell(one, axis), order=one.accuracy.value),
                Cell(text=f"{one.license.weights}: {one.license.commercial.value}", order=one.license.commercial.value),
                Cell(text=VERDICT_WORDS[one.verdict], order=list(Verdict).index(one.verdict)),
                Cell(text=why, order=why or None),
            )
        )
    marks = marks_legend(shown)
    random = "* random weights" if any(one.weights is Weights.SYNTHETIC for one in _shown(answer)) else ""
    words = "; ".join(filter(None, (legend, "Largest: atoms that fit in memory", marks, random)))
    return WebTable(caption="All models", titles=titles, rows=tuple(rows), legend=f"{words}. {axis_legend(axis)}")


def _prices(answer: Recommendation) -> Iterator[WebTable]:
    if answer.strategies is None:
        return
    rows = tuple(
        (
            Cell(text=strategy_label(one), order=place),
            cell(one.training_time_s, duration, ends=True),
            cell(one.production_time_s, duration, ends=True),
            cell(one.total_wall_time_s, duration, ends=True),
            Cell(text=VERDICT_WORDS[one.verdict], order=list(Verdict).index(one.verdict)),
            Cell(text=" ".join(one.reasons) or "; ".join(map(reason_words, (*one.rejections, *one.doubts)))),
        )
        for place, one in enumerate(answer.strategies.prices)
    )
    titles = ("Way to a potential", "Training", "Run", "In all", "Verdict", "Arithmetic")
    yield WebTable(caption="Ways to a potential", titles=titles, rows=rows)


def _provenance(answer: Recommendation, notices: Sequence[Notice]) -> Iterator[tuple[str, str]]:
    yield "Machine", machine_line(answer.machine)
    bases: dict[str, int] = {}
    for one in _shown(answer):
        if one.step_time_s is not None:
            bases[one.step_time_s.basis.value] = bases.get(one.step_time_s.basis.value, 0) + 1
    if bases:
        yield "Times", ", ".join(f"{count} {basis}" for basis, count in bases.items())
    records = sorted({record for one in _shown(answer) for record in one.measured})
    if records:
        more = f" and {len(records) - MOST_RECORDS} more" if len(records) > MOST_RECORDS else ""
        yield "Records", ", ".join(records[:MOST_RECORDS]) + more
    for notice in notices:
        yield "Note", notice.message
