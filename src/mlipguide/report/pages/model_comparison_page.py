"""Models side by side in the terminal, one column each, rows that differ marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import MeasuredHere, ModelComparison
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, notes, section
from mlipguide.report.tables.series import settings_words
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.model_words import (
    UNKNOWN,
    capabilities,
    domains,
    element_count,
    figure,
    force_words,
    length,
    md_force_rmse,
    md_run_time,
    parameters,
    peak_memory,
    score,
    snapshot_note,
    state,
    step_time,
    training_cost,
)

MARK = "≠"
FIRST, MOST_DIFFERENCES = 2, 2
"""Sentences of the conclusion, and below the table without ``--details``."""
NO_DIFFERENCE = "Nothing that is known tells these models apart."
LABEL_WIDTH = 22
NARROWEST = 18
"""Models whose columns would be narrower than this stand in a table of their own."""

ORIGINS = {
    WeightsOrigin.PACKAGE: "with the package",
    WeightsOrigin.DOWNLOAD: "by download",
    WeightsOrigin.GATED: "after accepting terms",
    WeightsOrigin.LOCAL: "from your own file",
    WeightsOrigin.TRAINED: "trained by mlipguide",
    WeightsOrigin.CALCULATOR: "a calculator of your own",
}

_ROWS: tuple[tuple[str, Callable[[ModelCard], str]], ...] = (
    ("State", state),
    ("Backend", lambda card: card.backend),
    ("Family", lambda card: card.architecture.family),
    ("Parameters", lambda card: parameters(card.architecture.parameters)),
    ("Cutoff", lambda card: length(card.architecture.cutoff_angstrom)),
    ("Layers", lambda card: figure(card.architecture.layers)),
    ("Receptive field", lambda card: length(card.architecture.receptive_field_angstrom)),
    ("Forces", force_words),
    ("Gives", capabilities),
    ("Trained on", lambda card: ", ".join(card.training.sets) or UNKNOWN),
    ("Level of theory", lambda card: card.training.level_of_theory or UNKNOWN),
    ("Elements", element_count),
    ("Domains", domains),
    ("Training", lambda card: training_cost(card.training.cost)),
    ("Code licence", lambda card: card.licences.code.name),
    ("Weights licence", lambda card: card.licences.weights.name),
    ("Commercial use", lambda card: card.licences.commercial.value),
    ("Weights come", lambda card: ORIGINS[card.weights.origin]),
    ("CPS", lambda card: score(card.metrics.cps if card.metrics else None)),
    ("F1", lambda card: score(card.metrics.f1 if card.metrics else None)),
    ("κ_SRME", lambda card: score(card.metrics.kappa_srme if card.metrics else None)),
    ("RMSD", lambda card: figure(card.metrics.rmsd if card.metrics else None)),
    ("MD force RMSE, meV/Å", lambda card: md_force_rmse(card.metrics)),
    ("MD run time", lambda card: md_run_time(card.metrics)),
)


def model_comparison_page(data: ModelComparison, console: Console, *, details: bool = False) -> RenderableType:
    """Return what tells the models apart, and the models side by side, as many to a table as there is room for.

    Args:
        data: The models.
        console: Its width decides how many stand in one table.
        details: Rows in which the models are the same, too.
    """
    found = [(label, [cell(card) for card in data.models]) for label, cell in _ROWS] + _measured_rows(data)
    rows = [row for row in found if details or len(set(row[1])) > 1]
    tables = math.ceil(len(data.models) / max(1, (console.width - LABEL_WIDTH) // NARROWEST))
    together = math.ceil(len(data.models) / tables)
    said = [difference.message for difference in data.differences]
    parts: list[RenderableType] = [conclusion(*(said[:FIRST] or [NO_DIFFERENCE])), Text("")]
    for begin in range(0, len(data.models), together):
        parts += [
            *([Text("")] if begin else []),
            _table(data.models, rows, range(begin, min(begin + together, len(data.models)))),
        ]
    same = len(found) - len(rows)
    marks = f"{MARK} marks what is not the same for all." if details else f"The same for all: {same} more rows."
    parts += notes([marks, snapshot_note(data.models) if details else explained("CPS", "F1", "κ_SRME")])
    parts += section("What else tells them apart", said[FIRST:] if details else said[FIRST : FIRST + MOST_DIFFERENCES])
    names = ",".join(card.id for card in data.models)
    steps = [
        Step(f"mlipguide bench STRUCTURE --models {names}", "which is faster here"),
        Step(f"mlipguide disagree STRUCTURE --models {names}", "how far they are apart on your structure"),
    ]
    return Group(*parts, *next_steps(steps, console, hidden="rows that are the same", details=details))


def _table(cards: Sequence[ModelCard], rows: Sequence[tuple[str, list[str]]], chosen: range) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("", width=1)
    table.add_column("", style="bold", no_wrap=True)
    for position in chosen:
        table.add_column(cards[position].id, overflow="fold")
    for label, cells in rows:
        differ = len(set(cells)) > 1
        shown = [Text(cells[position]) for position in chosen]
        table.add_row(Text(MARK if differ else "", style="yellow"), label, *shown)
    return table


def _measured_rows(data: ModelComparison) -> list[tuple[str, list[str]]]:
    """Return a row for each structure, size and setting that was measured of any of them."""
    found: dict[tuple[str, int, str], list[MeasuredHere | None]] = {}
    for position, items in enumerate(data.measured):
        for item in items:
            key = (item.structure, item.result.atoms, settings_words(item.result.settings))
            found.setdefault(key, [None] * len(data.models))[position] = item
    if not found:
        return [("Measured here", ["nothing yet"] * len(data.models))]
    return [
        (f"{formula}, {atoms:,} atoms", [_cell(item) for item in items]) for (formula, atoms, _), items in found.items()
    ]


def _cell(item: MeasuredHere | None) -> str:
    if item is None:
        return UNKNOWN
    return f"{step_time(item)}, {peak_memory(item)}, {settings_words(item.result.settings)}"
