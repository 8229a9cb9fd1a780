"""The answer of ``train fit`` as an HTML page: errors by group, learning curve, checks, what it is valid for."""

from __future__ import annotations

from collections.abc import Iterator

from mlipguide.core.readable import duration
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.pilot import GroupErrors
from mlipguide.report.figures.learning_series import LearningSeries
from mlipguide.report.pages.fit_page import facts, failed, groups_title, sentences, told, what_next
from mlipguide.report.web.checks_web import checks_chart, checks_list
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.learning_chart import learning_chart
from mlipguide.report.web.parts import linear, noticed, palette, what_failed
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import MEV, energy_words, force_words, label


def fit_web(result: Result[FitData], *, given: str = STRUCTURE) -> WebPage:
    """Return the page.

    Args:
        result: What the fit left.
        given: A structure for the next commands.
    """
    data = result.data
    lead, *rest = sentences(data)
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide train fit: {data.model}",
        lead=lead,
        rest=" ".join(rest),
        tone="bad" if failed(data) else "good",
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=(*facts(data), *told(data)),
        charts=tuple(_charts(data)),
        tables=(_groups(data), *checks_list(data.checks)),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
    )


def _all_groups(data: FitData) -> tuple[GroupErrors, ...]:
    return (*data.potential.groups, GroupErrors(group="all", errors=data.potential.errors))


def _charts(data: FitData) -> Iterator[WebChart]:
    known = [
        (group, force) for group in _all_groups(data) if (force := group.errors.force_mae_ev_per_angstrom) is not None
    ]
    dots = [
        Dot(name=group.group or "no group", kind="", estimate=force, told=force_words(group.errors))
        for group, force in known
    ]
    if dots:
        axis = linear("value", "force MAE, meV/Å", zero=True)
        spec = dots_spec(dots, axis, palette([""]), unit=1 / MEV, bars=True)
        words = f"{groups_title(data)}: {'; '.join(f'{one.name} {one.told}' for one in dots)}."
        yield WebChart(title="Errors", words=words, spec=spec, note=f"{groups_title(data)}. Intervals of 90 %.")
    if data.learning_curve is not None:
        recipe = data.potential.recipe
        found: Estimate | None = data.potential.errors.force_mae_ev_per_angstrom
        series = LearningSeries(
            label=label(recipe.engine, recipe.size),
            points=() if found is None else ((data.potential.frames, found),),
            curve=data.learning_curve,
        )
        words = f"{series.label} on {data.potential.frames:,} frames: {force_words(data.potential.errors)}."
        yield learning_chart([series], words=[words])
    yield from checks_chart(data.checks)


def _groups(data: FitData) -> WebTable:
    rows = tuple(
        (
            Cell(text=one.group or "no group", order=one.group or "no group"),
            Cell(text=f"{one.errors.frames}", order=one.errors.frames),
            Cell(text=force_words(one.errors), order=_value(one.errors.force_mae_ev_per_angstrom)),
            Cell(text=energy_words(one.errors), order=_value(one.errors.energy_mae_ev_per_atom)),
        )
        for one in _all_groups(data)
    )
    titles = ("Group", "Frames", "Force MAE", "Energy MAE")
    return WebTable(caption=groups_title(data), titles=titles, rows=rows, legend=explained("held-out", "frames"))


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _provenance(result: Result[FitData]) -> Iterator[tuple[str, str]]:
    data = result.data
    yield "Labels", f"{data.data.source}: {data.data.train_frames} frames to train on"
    yield "Held-out", f"{data.data.test_frames} frames ({data.data.test_source})"
    yield "Seed", f"{data.seed}"
    yield "Card", data.card
    yield "Time", duration(data.spent_s)
    if data.versions:
        yield "Versions", ", ".join(f"{name} {version}" for name, version in data.versions.items())
    yield from noticed(result)
