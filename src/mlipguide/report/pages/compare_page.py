"""The answer of ``mlipguide compare``: where the run ends first, then a row a model and a column a machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.compared_answers import AnswersCompared, AnswerThere
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import TaskKind
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.page_parts import conclusion, facts_grid, notes
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.tables.hardware_table import with_spread
from mlipguide.report.words.formatting import interval, marks_legend
from mlipguide.report.words.task_words import task_summary

FEW_MODELS = 5
"""Models in the tables without ``--details``."""
Told = Callable[[Candidate], Estimate | None]


def compare_page(data: AnswersCompared, console: Console, *, details: bool = False) -> RenderableType:
    """Return the page.

    Args:
        data: The answers.
        console: Where it is printed.
        details: More models, and what a run costs in hours of devices and in energy.
    """
    models = data.models if details else data.models[:FEW_MODELS]
    tables: list[RenderableType] = []
    shown: list[Estimate] = []
    for title, told, words in quantities(data, models, details=details):
        cells = [[_estimate(answer, model, told) for answer in data.answers] for model in models]
        shown += [cell for row in cells for cell in row if cell is not None]
        columns = [Column(title=title, cells=models, rank=0)]
        for place, answer in enumerate(data.answers):
            marked = tuple(
                ("▸ " if answer.choice == model else "") + with_spread(row[place], words)
                for model, row in zip(models, cells, strict=True)
            )
            columns.append(Column(title=answer.name, cells=marked, rank=place, right=True))
        table, dropped = fitted_table(columns, console.width)
        tables += [Text(""), table, *notes([f"Left out for want of width: {', '.join(dropped)}."] if dropped else [])]
    lines = ["▸ the model to run there.", marks_legend(shown)]
    return Group(
        conclusion(*sentences(data)),
        Text(""),
        facts_grid(facts(data)),
        *tables,
        *notes(
            [
                " ".join(filter(None, lines)),
                *([] if details else ["More: --details (models, device-hours, energy), --json."]),
            ]
        ),
    )


def facts(data: AnswersCompared) -> list[tuple[str, str]]:
    """Return the task and the machines."""
    return [("Task", task_summary(data.answers[0].task)), *((one.name, _place(one)) for one in data.answers)]


def quantities(
    data: AnswersCompared, models: Sequence[str], *, details: bool
) -> list[tuple[str, Told, Callable[[float], str]]]:
    """Return what is compared and known of any of the models: its name, where it stands, and its words."""
    is_md = data.answers[0].task.kind is TaskKind.MD
    first: tuple[str, Told, Callable[[float], str]] = (
        ("ns/day", lambda one: one.ns_per_day, number) if is_md else ("In all", lambda one: one.run_time_s, duration)
    )
    costs: list[tuple[str, Told, Callable[[float], str]]] = [
        ("Device-hours", lambda one: None if one.run_cost is None else one.run_cost.device_hours, number),
        ("kWh", lambda one: None if one.run_cost is None else one.run_cost.energy_kwh, number),
    ]
    found = [
        first,
        *(costs if details else ()),
        ("Fits up to", lambda one: one.max_atoms, lambda atoms: f"{atoms:,.0f}"),
    ]
    return [
        (title, told, words)
        for title, told, words in found
        if any(_estimate(answer, model, told) is not None for answer in data.answers for model in models)
    ]


def _estimate(answer: AnswerThere, model: str, told: Told) -> Estimate | None:
    found = answer.candidate(model)
    return None if found is None else told(found)


def sentences(data: AnswersCompared) -> list[str]:
    """Return where the run ends first, by how much sooner than elsewhere, and whether the question was the same."""
    words = []
    if data.differing:
        words.append(f"The answers are to different questions: {'; '.join(data.differing)}.")
    ending = [(run, answer, one) for answer in data.answers for run, one in _choice(answer)]
    if not ending:
        return [*words, "No machine has a model that does this."]
    run, first, one = min(ending, key=lambda found: found[0].value)
    words.append(f"{one.model} on {first.name} ends first: {interval(run, duration)}.")
    others = [(other_run, answer, other) for other_run, answer, other in ending if answer is not first]
    if others:
        other_run, answer, other = min(others, key=lambda found: found[0].value)
        model = "" if other.model == one.model else f" with {other.model}"
        sure = "" if run.at_most < other_run.at_least else ", but their intervals overlap"
        words.append(f"{answer.name}{model} takes {other_run.value / run.value:.2g} times as long{sure}.")
    return words


def _choice(answer: AnswerThere) -> Sequence[tuple[Estimate, Candidate]]:
    found = None if answer.choice is None else answer.candidate(answer.choice)
    if found is None or found.run_time_s is None or found.verdict is Verdict.INFEASIBLE:
        return ()
    return ((found.run_time_s, found),)


def _place(answer: AnswerThere) -> str:
    if answer.hardware is None:
        return machine_line(answer.machine)
    return f"{answer.hardware.name} ({answer.hardware.device.name}); not timed: carried over from other timings"
