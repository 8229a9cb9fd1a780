"""The answer of ``plan`` as an HTML page: how long the run takes on each hardware, what it costs, whether it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.plan import HardwareOption, HardwarePlan
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.report.pages.plan_page import (
    CHANGES,
    PUBLISHED,
    asked,
    doing,
    hardware_columns,
    published_columns,
    sentences,
    table_notes,
    what_next,
)
from mlipguide.report.web.columns_table import columns_table
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.parts import HOUR_S, linear, logarithmic, noticed, palette, what_failed
from mlipguide.report.web.recommend_web import VERDICT_COLOURS
from mlipguide.report.web.time_chart import Way, time_chart
from mlipguide.report.web.web_page import WebChart, WebPage, WebTable
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import interval

MOST_SHOWN, MOST_WAYS = 15, 6
"""Hardware in a chart, and lines of the chart with the slider; the table has all."""


def plan_web(result: Result[HardwarePlan], *, given: str = STRUCTURE) -> WebPage:
    """Return the page.

    Args:
        result: The answer.
        given: The structure as it was given, for the next commands.
    """
    data = result.data
    lead, *rest = sentences(data)
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide plan: {data.model}",
        lead=lead,
        rest=" ".join(rest),
        tone="good" if doing(data) else "bad",
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=((data.model, asked(data)), *(((CHANGES, " ".join(data.changes)),) if data.changes else ())),
        charts=tuple(_charts(data)),
        tables=tuple(_tables(data)),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
    )


def _charts(data: HardwarePlan) -> Iterator[WebChart]:
    task = data.task
    timed = [(option, run) for option in data.options if (run := option.candidate.run_time_s) is not None]
    yield from _chart(
        data,
        [(option, run, interval(run, duration)) for option, run in timed],
        title="Run time",
        axis=logarithmic("value", "time of the run, hours"),
        unit=HOUR_S,
        limits=[task.budget_s / HOUR_S],
        note=f"Dashed: the budget of {duration(task.budget_s)}. Intervals of 90 %.",
    )
    if task.simulated_time_s is not None and timed:
        ways, length = _ways(timed, task.simulated_time_s), task.simulated_time_s
        yield time_chart(ways, task_time_s=length, budget_s=task.budget_s, axis="time of the run")
    hours = [(option, cost.device_hours) for option, _ in timed if (cost := option.candidate.run_cost) is not None]
    yield from _chart(
        data,
        [(option, found, f"{interval(found, number)} h") for option, found in hours],
        title="Machine time",
        axis=logarithmic("value", "device-hours"),
    )
    share = linear("value", "share of the usable memory", zero=True)
    yield from _chart(
        data,
        list(_memory(data)),
        title="Memory of one device",
        axis={**share, "axis": {"format": "%", "tickCount": 6}},
        limits=[1.0],
        note="Dashed: all of the usable memory. Intervals of 90 %.",
    )


def _chart(
    data: HardwarePlan,
    found: Sequence[tuple[HardwareOption, Estimate, str]],
    *,
    title: str,
    axis: dict[str, Any],
    unit: float = 1.0,
    limits: Sequence[float] = (),
    note: str = "Intervals of 90 %.",
) -> Iterator[WebChart]:
    """Yield a chart with a dot for each hardware, in the order of the table; nothing where nothing is known."""
    if not found:
        return
    dots = [
        Dot(name=option.profile.name, kind=option.candidate.verdict.value, estimate=estimate, told=told)
        for option, estimate, told in found[:MOST_SHOWN]
    ]
    colours = {one.value: VERDICT_COLOURS[one] for one in Verdict}
    shown = {name: colour for name, colour in colours.items() if name in {one.kind for one in dots}}
    more = len(found) - len(dots)
    words = f"{title} of {data.model} on {dots[0].name}: {dots[0].told}; {len(found)} kinds of hardware."
    spec = dots_spec(dots, axis, shown, unit=unit, limits=limits)
    told = f"{note} {more} more in the table." if more > 0 else note
    yield WebChart(title=title, words=words, spec=spec, note=told)


def _ways(timed: Sequence[tuple[HardwareOption, Estimate]], task_time_s: float) -> list[Way]:
    """Return the first kinds of hardware of the table: the time of a run grows with its simulated time."""
    names = [option.profile.name for option, _ in timed[:MOST_WAYS]]
    colours = palette(names)
    return [
        Way(name=name, colour=colours[name], total=partial(_longer, run.scaled(1 / task_time_s)))
        for name, (_, run) in zip(names, timed, strict=False)
    ]


def _longer(rate: Estimate, time_s: float) -> Estimate:
    return rate.scaled(time_s)


def _memory(data: HardwarePlan) -> Iterator[tuple[HardwareOption, Estimate, str]]:
    """Yield the memory that the run takes of one device, as a share of what is usable there."""
    for option in data.options:
        peak, usable = option.candidate.peak_memory_bytes, option.profile.usable_memory_bytes
        if peak is not None and usable is not None:
            yield option, peak.scaled(1 / usable.value), f"{interval(peak, memory)} of {memory(usable.value)}"


def _tables(data: HardwarePlan) -> Iterator[WebTable]:
    legend = " ".join(table_notes(data.options))
    yield columns_table("All hardware considered", hardware_columns(data.options), legend)
    if data.published:
        yield columns_table(PUBLISHED, published_columns(data.published))


def _provenance(result: Result[HardwarePlan]) -> Iterator[tuple[str, str]]:
    for source, names in _sources(result.data.options).items():
        yield "Time of a step", f"{source} ({', '.join(names)})"
    yield from noticed(result)


def _sources(options: Sequence[HardwareOption]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for option in options:
        step = option.candidate.step_time_s
        if step is not None:
            found.setdefault(f"{step.basis.value}: {step.source}", []).append(option.profile.name)
    return found
