"""What stands in the panes: the words, tables and pictures of the pages, cut to the width that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.advice.scaling import ModelScaling
from mlipguide.records.advice.verdict_reasons import ReasonKind
from mlipguide.records.notice import Notice, Result
from mlipguide.report.figures.character_plot import CharacterSeries, character_plot
from mlipguide.report.pages.page_parts import facts_grid, section
from mlipguide.report.pages.recommend_page import facts, told_beside
from mlipguide.report.tables.choice_rows import ChoiceRow, real_choices, strategy_row
from mlipguide.report.tables.choice_table import RATES, cells_of, is_number, strategy_cells, titles_of
from mlipguide.report.words.caution_lines import caution_line

BETWEEN = "@"
TRAINED = ""
"""Key of the row of a potential that is yet to be trained."""
SHORTEST_NAME, SHORT_NAME, SHORT_VERDICT = 12, 19, len("feasible")
"""Characters that are left of names and verdicts before a column is left out."""
MOST_CURVES = 4
LEAST_HEIGHT = 8
LEGEND_LINES = 2


@dataclass(frozen=True, kw_only=True)
class RankingColumn:
    """A column of the ranking: its title, its width in characters, and whether it stands on the right."""

    title: str
    width: int
    right: bool


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """All models, the choice first, then those with a time, each by rank.

    Attributes:
        columns: Those that find room.
        lines: What is told of each, by the titles of all columns.
        keys: Model, and where there are several the hardware, of each row.
    """

    columns: tuple[RankingColumn, ...]
    lines: tuple[Mapping[str, str | Text], ...]
    keys: tuple[str, ...]

    def cells(self, row: int) -> tuple[Text, ...]:
        """Return the cells of a row, as wide as their columns."""
        line = self.lines[row]
        return tuple(_cell(line.get(one.title, "–"), one) for one in self.columns)

    def place(self, model: str | None) -> int:
        """Return the row of a model; the first where it has none."""
        return next((row for row, key in enumerate(self.keys) if model_of(key) == model), 0)

    @property
    def first(self) -> str | None:
        """The model of the first row that has one."""
        return next(filter(None, map(model_of, self.keys)), None)


def model_of(key: str) -> str:
    """Return the model of a row."""
    return key.partition(BETWEEN)[0]


def ranking(answer: Recommendation, width: int) -> Ranking:
    """Return every model in a row; columns that find no room are left out, the memory first."""
    rows = tuple(_rows(answer))
    price = strategy_row(answer)
    lines: list[Mapping[str, str | Text]] = [cells_of(row, answer, with_ends=False) for row in rows]
    keys = [f"{row.candidate.model}{BETWEEN}{row.hardware or ''}" for row in rows]
    if price is not None:
        lines.insert(0, strategy_cells(price, answer, with_ends=False))
        keys.insert(0, TRAINED)
    columns = _fitting(answer, lines, width)
    return Ranking(columns=columns, lines=tuple(lines), keys=tuple(keys))


def _rows(answer: Recommendation) -> Iterator[ChoiceRow]:
    shown: Sequence[tuple[str | None, Sequence[Candidate], str | None]] = [
        (one.profile.name, one.candidates, one.choice) for one in answer.hardware
    ]
    for hardware, candidates, choice in shown or [(None, answer.candidates, answer.choice)]:
        for one in sorted(candidates, key=lambda one: (one.model != choice, one.run_time_s is None)):
            yield ChoiceRow(candidate=one, alike=0, is_choice=one.model == choice, hardware=hardware)


def _fitting(
    answer: Recommendation, lines: Sequence[Mapping[str, str | Text]], width: int
) -> tuple[RankingColumn, ...]:
    titles = list(titles_of(answer))
    widths = {
        title: max(cell_len(str(one)) for one in (title, *(line.get(title, "–") for line in lines))) for title in titles
    }
    model, *others, verdict = [title for title in titles if title != "Hardware"]
    natural = dict(widths)
    widths[model], widths[verdict] = min(widths[model], SHORT_NAME), SHORT_VERDICT
    rates = [one for one in others if one in RATES.values()]
    for title in ("Memory", *(one for one in others if one not in {"Memory", *rates, *others[:2]}), *rates):
        if _needed(titles, widths) > width and title in titles:
            titles.remove(title)
    room = width - _needed(titles, widths)
    if room >= natural[verdict] - SHORT_VERDICT:
        widths[verdict] = natural[verdict]
    widths[model] = max(SHORTEST_NAME, min(natural[model], widths[model] + width - _needed(titles, widths)))
    return tuple(RankingColumn(title=one, width=widths[one], right=is_number(one, answer)) for one in titles)


def _needed(titles: Sequence[str], widths: Mapping[str, int]) -> int:
    return sum(widths[one] + 1 for one in titles)


def _cell(content: str | Text, column: RankingColumn) -> Text:
    text = content.copy() if isinstance(content, Text) else Text(content)
    if cell_len(str(text)) > column.width and ":" in str(text):
        text = text.split(":")[0]  # the verdict without what stands against the model
    text.truncate(column.width, overflow="ellipsis")
    text.align("right" if column.right else "left", column.width)
    return text


def untimed(answer: Recommendation) -> int:
    """Return how many models can be timed here and were not."""
    return sum(any(one.kind is ReasonKind.NOT_TIMED for one in model.doubts) for model in answer.candidates)


def model_in_question(answer: Recommendation) -> str | None:
    """Return the model to look at first: the choice, else what would be trained further or teach."""
    price = strategy_row(answer)
    return answer.choice or (None if price is None else price.base)


def scaling_text(scalings: Sequence[ModelScaling], answer: Recommendation, *, width: int, height: int) -> str:
    """Return the picture of how steps grow, or why there is none."""
    series = [
        CharacterSeries(
            label=one.model,
            points=[(size.atoms, size.step_time_s.value) for size in one.measured],
            curve=[(size.atoms, size.step_time_s.value) for size in one.expected],
        )
        for one in scalings
        if one.measured or one.expected
    ]
    if not series:
        return f"Nothing is known of the time of a step of {', '.join(one.model for one in scalings)}."
    where = f" on {answer.hardware[0].profile.name}" if answer.hardware else ""
    title = f"Time per MD step{where}; asked: {answer.task.atoms:,} atoms"
    return character_plot(
        title, series, width=width, height=max(LEAST_HEIGHT, height - LEGEND_LINES), dots="by its law or carried over"
    )


def curves_shown(answer: Recommendation, selected: str | None) -> tuple[str, ...]:
    """Return the models whose curves are drawn: the selected one, the choice, then those next in rank."""
    candidates = answer.hardware[0].candidates if answer.hardware else answer.candidates
    choice = answer.hardware[0].choice if answer.hardware else answer.choice
    timed = [one.model for one in real_choices(candidates) if one.step_time_s is not None]
    names = dict.fromkeys(filter(None, (selected, choice, *timed)))
    return tuple(names)[:MOST_CURVES]


def notes(result: Result[Recommendation], beside: Sequence[Notice]) -> RenderableType:
    """Return what the page says beside the answer: task, machine, what was assumed, cautions, notices."""
    answer = result.data
    told = [one.message for one in (*beside, *told_beside(answer, result.notices))]
    failed = [f"{one.message} {one.hint}" for one in result.errors]
    cautions = [caution_line(one) for one in answer.caveats]
    parts: list[RenderableType] = [facts_grid(list(facts(answer, result.notices)))]
    for title, lines in (("Cautions", cautions), ("Notes", told), ("Failed", failed)):
        parts += section(title, lines)
    return Group(*parts)


def wide(width: int) -> Console:
    """Return a console of a width, for pages that are laid out for one."""
    return Console(file=StringIO(), width=width, highlight=False)
