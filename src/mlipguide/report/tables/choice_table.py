"""The short table of ``recommend``: a row for each real choice, and a line on what its marks mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.tables.choice_rows import ChoiceRow, left_out, strategy_row, structures_per_hour
from mlipguide.report.words.answer_words import family_name
from mlipguide.report.words.axis_words import accuracy_cell, accuracy_column
from mlipguide.report.words.formatting import VERDICT_STYLES, VERDICT_WORDS, brief, ends_words, marked, marks_legend

UNBOUNDED = 10_000
RATES = {TaskKind.MD: "ns/day", TaskKind.SCREEN: "Structures/h"}
"""What tells the speed of a kind of task beside the time in all."""

TRAINED = {
    Strategy.FINE_TUNE: "fine-tuned",
    Strategy.DISTIL: "distilled",
    Strategy.TRAIN_FROM_SCRATCH: "trained from scratch",
}


def choice_table(answer: Recommendation, rows: Sequence[ChoiceRow], console: Console) -> Table:
    """Return the table; the answer's own row is marked, and intervals stand in it where they find room."""
    full = _table(answer, rows, with_ends=True)
    unbounded = console.options.update(max_width=UNBOUNDED)
    fits = console.measure(full, options=unbounded).maximum <= console.width
    return full if fits else _table(answer, rows, with_ends=False)


def _table(answer: Recommendation, rows: Sequence[ChoiceRow], *, with_ends: bool) -> Table:
    titles = titles_of(answer)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(
            title,
            justify="right" if is_number(title, answer) else "left",
            overflow="fold",
            no_wrap=title in ("Model", "Verdict"),
        )
    price = strategy_row(answer)
    lines = [] if price is None else [strategy_cells(price, answer, with_ends=with_ends)]
    lines += [cells_of(row, answer, with_ends=with_ends) for row in rows]
    for cells in lines:
        table.add_row(*(cells.get(title, "–") for title in titles))
    return table


def titles_of(answer: Recommendation) -> tuple[str, ...]:
    """Return the columns of the table."""
    task = answer.task
    return (
        *(["Hardware"] if len(answer.hardware) > 1 else []),
        "Model",
        *filter(None, [RATES.get(task.kind)]),
        _time_title(task),
        "Memory",
        accuracy_column(answer.accuracy_axis)[0],
        *(["Licence"] if task.commercial else []),
        "Verdict",
    )


def is_number(title: str, answer: Recommendation) -> bool:
    """Tell whether a column holds numbers, which stand on the right."""
    return title in (*RATES.values(), "Memory", accuracy_column(answer.accuracy_axis)[0])


def cells_of(row: ChoiceRow, answer: Recommendation, *, with_ends: bool) -> dict[str, str | Text]:
    """Return the cells of a row by the titles of their columns, with the ends of intervals or without."""
    one, task = row.candidate, answer.task
    return {
        "Hardware": row.hardware or "",
        "Model": _name(row),
        RATES.get(task.kind, ""): _value(_rate(one, task), number),
        _time_title(task): _time(one.run_time_s, with_ends=with_ends),
        "Memory": _value(one.peak_memory_bytes, memory),
        accuracy_column(answer.accuracy_axis)[0]: accuracy_cell(one, answer.accuracy_axis),
        "Licence": f"{one.license.weights}: {one.license.commercial.value}",
        "Verdict": Text(_verdict(one), style=VERDICT_STYLES[one.verdict]),
    }


def strategy_cells(price: StrategyPrice, answer: Recommendation, *, with_ends: bool) -> dict[str, str | Text]:
    """Return what is known of a potential that is yet to be trained."""
    name = family_name(price.model) if price.model is not None and price.model != price.base else price.base or "–"
    return {
        "Hardware": answer.hardware[0].profile.name if answer.hardware else "",
        "Model": Text(f"▸ {name}, {TRAINED[price.strategy]}", style="bold"),
        _time_title(answer.task): _time(price.production_time_s, with_ends=with_ends),
        "Verdict": Text(VERDICT_WORDS[price.verdict], style=VERDICT_STYLES[price.verdict]),
    }


def table_legend(answer: Recommendation, rows: Sequence[ChoiceRow]) -> str:
    """Return what the column of accuracy, the marks that occur and the counts mean, and how many models are left."""
    candidates = [row.candidate for row in rows]
    price = strategy_row(answer)
    shown: list[Estimate | None] = [] if price is None else [price.production_time_s]
    for one in candidates:
        shown += [one.run_time_s, one.peak_memory_bytes, _rate(one, answer.task)]
    parts = [accuracy_column(answer.accuracy_axis)[1], marks_legend(shown)]
    if any(one.weights is Weights.SYNTHETIC for one in candidates):
        parts.append("* random weights")
    if any(row.alike for row in rows):
        parts.append("+N: checkpoints that cost the same")
    rest = left_out(answer, rows)
    more = f"{rest} more: --details." if rest else ""
    return " ".join(filter(None, ("; ".join(filter(None, parts)) + ".", more)))


def _time_title(task: Task) -> str:
    return "Run" if task.kind is TaskKind.MD else "In all"


def _rate(candidate: Candidate, task: Task) -> Estimate | None:
    return candidate.ns_per_day if task.kind is TaskKind.MD else structures_per_hour(candidate, task)


def _name(row: ChoiceRow) -> Text:
    name = Text(("▸ " if row.is_choice else "  ") + row.candidate.model, style="bold" if row.is_choice else "")
    name.append(" *" if row.candidate.weights is Weights.SYNTHETIC else "", style="magenta")
    return name.append(f" +{row.alike}" if row.alike else "", style="dim")


def _verdict(candidate: Candidate) -> str:
    """Return the verdict, of a rejected model with the constraints that it breaks."""
    constraints = list(dict.fromkeys(one.constraint for one in candidate.rejections))
    return ": ".join(filter(None, (VERDICT_WORDS[candidate.verdict], ", ".join(constraints))))


def _value(estimate: Estimate | None, formatter: Callable[[float], str]) -> str:
    return "–" if estimate is None else marked(estimate, brief(estimate, formatter))


def _time(estimate: Estimate | None, *, with_ends: bool) -> str:
    if estimate is None:
        return "–"
    ends = ends_words(estimate, duration) if with_ends else ""
    return _value(estimate, duration) + (f" ({ends})" if ends else "")
