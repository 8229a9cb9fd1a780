"""The answer of ``train distil`` as an HTML page: errors of each round, speed beside the teacher, checks."""

from __future__ import annotations

from collections.abc import Iterator

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Result
from mlipguide.records.training.distillation import Distillation
from mlipguide.report.pages.distil_page import (
    ROUND_TITLES,
    facts,
    force_mae,
    round_cells,
    rounds_legend,
    sentences,
    what_next,
)
from mlipguide.report.web.checks_web import checks_chart, checks_list
from mlipguide.report.web.dots import Dot, dots_spec
from mlipguide.report.web.parts import linear, noticed, palette, what_failed
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import interval
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import MEV, between


def distil_web(result: Result[Distillation], *, given: str = STRUCTURE, again: str = "") -> WebPage:
    """Return the page.

    Args:
        result: What came of it.
        given: The structure as it was given, for the next commands.
        again: The options that were given, for the same call with more time.
    """
    data = result.data
    lead, *rest = sentences(data)
    steps = what_next(data, given, again)
    return WebPage(
        title=f"mlipguide train distil: {data.structure.reduced_formula}",
        lead=lead,
        rest=" ".join(rest),
        tone="bad" if data.potential is None else "good",
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=tuple(_facts(data).items()),
        charts=(_errors_chart(data), _speed_chart(data), *checks_chart(data.checks)),
        tables=(_rounds(data), *checks_list(data.checks)),
        cautions=tuple(what_failed(result)),
        provenance=tuple(_provenance(result)),
    )


def _errors_chart(data: Distillation) -> WebChart:
    held_out, own = ROUND_TITLES[3], ROUND_TITLES[5]
    dots = [
        Dot(
            name=f"{ROUND_TITLES[0]} {round_cells(one, kept=one.number == data.best)[0]}",
            kind=kind,
            estimate=force_mae(found),
            told=f"{between(force_mae(found))} meV/Å",
        )
        for one in data.rounds
        for kind, found in ((held_out, one.held_out), (own, one.own_frames))
        if found is not None
    ]
    axis = linear("value", "force MAE, meV/Å", zero=True)
    spec = dots_spec(dots, axis, palette([held_out, own]), unit=1 / MEV, bars=True)
    told = "; ".join(f"{one.name}, {one.kind.lower()}: {one.told}" for one in dots)
    return WebChart(title="Errors of the rounds", words=f"Force MAE. {told}.", spec=spec, note=rounds_legend(data))


def _speed_chart(data: Distillation) -> WebChart:
    dots = [
        Dot(name=name, kind="", estimate=micro, told=f"{interval(micro, number)} µs")
        for name, micro in (
            (f"{data.teacher} (teacher)", data.teacher_step_time_per_atom_s.scaled(1e6)),
            (f"{data.model or 'student'} (student)", data.student_step_time_per_atom_s.scaled(1e6)),
        )
    ]
    axis, colours = linear("value", "µs for an atom and a step", zero=True), palette([""])
    spec = dots_spec(dots, axis, colours, bars=True)
    told = "; ".join(f"{one.name} {one.told}" for one in dots)
    words = f"Time for an atom and a step: {told}. {sentences(data)[2]}"
    return WebChart(title="Speed", words=words, spec=spec, note="Intervals of 90 %.")


def _facts(data: Distillation) -> dict[str, str]:
    """Return what is known by its name, once each."""
    found: dict[str, str] = {}
    for name, words in facts(data, details=True):
        found[name] = " ".join(filter(None, (found.get(name), words)))
    return found


def _rounds(data: Distillation) -> WebTable:
    titles = (*ROUND_TITLES[:4], "Share of forces", ROUND_TITLES[5], "Share of forces", ROUND_TITLES[7])
    rows = []
    for one in data.rounds:
        texts = round_cells(one, kept=one.number == data.best)
        held_out, own = one.held_out, one.own_frames
        orders: tuple[float | None, ...] = (
            one.number,
            one.training_frames,
            one.train_s,
            held_out.force_mae_ev_per_angstrom,
            held_out.relative,
            None if own is None else own.force_mae_ev_per_angstrom,
            None if own is None else own.relative,
            held_out.energy_mae_ev_per_atom,
        )
        rows.append(tuple(Cell(text=text, order=order) for text, order in zip(texts, orders, strict=True)))
    legend = f"{rounds_legend(data)} {explained('teacher', 'student', 'held-out')}"
    return WebTable(caption="Every round", titles=titles, rows=tuple(rows), legend=legend)


def _provenance(result: Result[Distillation]) -> Iterator[tuple[str, str]]:
    data = result.data
    yield "Folder", data.folder
    yield "Time", duration(data.spent_s)
    for name, found in _times(data):
        yield name, f"{found.basis.value}: {found.source}"
    if data.potential is not None:
        versions = ", ".join(f"{name} {version}" for name, version in data.potential.versions.items())
        yield from ((("Versions", versions),) if versions else ())
    yield from noticed(result)


def _times(data: Distillation) -> Iterator[tuple[str, Estimate]]:
    yield "Step of the teacher", data.teacher_step_time_per_atom_s
    yield "Step of the student", data.student_step_time_per_atom_s
