"""The catalogue in the terminal: the list of models, and what is wrong with cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.models.listings import Validation
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import Filter, ForgottenModel, ModelList, OwnModel, SortKey, Standing
from mlipguide.records.models.terms import CommercialUse
from mlipguide.report.pages.page_parts import DETAILS, Step, conclusion, next_steps, notes
from mlipguide.report.tables.fitted_table import GAP, Column, fitted_table
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.model_words import (
    capabilities,
    element_count,
    force_words,
    length,
    md_force_rmse,
    md_run_time,
    parameters,
    score,
    snapshot_note,
)

MOST_ROWS, MOST_FAMILIES = 15, 11
"""Rows without ``--details``."""
MORE = ", ..."
COMMERCIAL_NOTE = "Commercial: models whose code and weights may be used commercially without conditions."
MOST_NAMED = 6
"""More models than this are counted, not named."""

_Cell = Callable[[ModelCard], str]

_COLUMNS: tuple[tuple[str, _Cell, int, SortKey | None], ...] = (
    ("Backend", lambda card: card.backend, 4, None),
    ("Forces", force_words, 9, None),
    ("Param.", lambda card: parameters(card.architecture.parameters), 8, SortKey.PARAMETERS),
    ("Cutoff", lambda card: length(card.architecture.cutoff_angstrom), 6, SortKey.CUTOFF),
    ("Elem.", element_count, 5, None),
    ("CPS", lambda card: score(card.metrics.cps if card.metrics else None), 3, SortKey.CPS),
    ("F1", lambda card: score(card.metrics.f1 if card.metrics else None), 7, SortKey.F1),
    ("κ_SRME", lambda card: score(card.metrics.kappa_srme if card.metrics else None), 2, SortKey.KAPPA),
    ("MD meV/Å", lambda card: md_force_rmse(card.metrics), 10, SortKey.MD_FORCE_RMSE),
    ("MD run time", lambda card: md_run_time(card.metrics), 11, SortKey.RUN_TIME),
    ("Commercial", lambda card: card.licences.commercial.value, 1, None),
)
"""Title, cell, rank (see :class:`Column`), and the key of sorting whose figure it shows."""

_TEXTS = frozenset({"Backend", "Forces", "Commercial", "MD run time"})


def models_page(data: ModelList, console: Console, *, details: bool = False) -> RenderableType:
    """Return how many models meet the criteria and the table of them, or why one model is or is not in it.

    Args:
        data: The models.
        console: Its width decides on the columns.
        details: Every model; without, a long list is a row for each family, or the first of the order asked for.
    """
    if data.why is not None:
        return _why(data.why)
    first, *others = _notes(data)
    parts: list[RenderableType] = [conclusion(first), Text("")]
    steps: list[Step] = []
    shown = data.models if details else data.models[:MOST_ROWS]
    if len(shown) < len(data.models) and data.criteria.sort is SortKey.NAME:
        parts += [_families_table(data.models, console), Text("")]
        others = [COMMERCIAL_NOTE, *others]
        steps.append(Step("mlipguide models list --family MACE", "the models of one family"))
        steps.append(Step("mlipguide models list --elements Li,O --sort f1", "those that know elements, best first"))
    elif data.models:
        table, dropped = fitted_table(_columns(data, shown), console.width)
        parts += [table, Text("")]
        if len(shown) < len(data.models):
            others.append(f"{len(data.models) - len(shown)} more: {DETAILS}.")
        if dropped:
            others.append(f"Not shown for want of width: {', '.join(dropped)}.")
        others += [explained("CPS", "F1", "κ_SRME"), snapshot_note(data.models)]
    if data.models:
        steps.append(Step("mlipguide models show MODEL", "everything on one model"))
    hidden = "a row for each model" if len(data.models) > MOST_ROWS else ""
    return Group(*parts, *notes(others), *next_steps(steps, console, hidden=hidden, details=details))


def _families_table(cards: Sequence[ModelCard], console: Console) -> RenderableType:
    """Return a row for each family of several models, and those of one in a row together."""
    families: dict[str, list[ModelCard]] = {}
    for card in cards:
        families.setdefault(card.architecture.family, []).append(card)
    ordered = sorted(families.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [(name, ones) for name, ones in ordered if len(ones) > 1][:MOST_FAMILIES]
    rest = [card for name, ones in ordered if (name, ones) not in rows for card in ones]
    rows += [("others", rest)] if rest else []
    free = tuple(str(sum(map(_is_commercial, ones))) for _, ones in rows)
    columns = [
        Column(title="Family", cells=tuple(name for name, _ in rows), rank=0),
        Column(title="Models", cells=tuple(str(len(ones)) for _, ones in rows), rank=0, right=True),
        Column(title="Commercial", cells=free, rank=1, right=True),
    ]
    width = console.width - sum(column.width + GAP for column in columns)
    columns.append(Column(title="Such as", cells=tuple(_some_names(ones, width) for _, ones in rows), rank=0))
    return fitted_table(columns, console.width)[0]


def _is_commercial(card: ModelCard) -> bool:
    return card.licences.commercial is CommercialUse.YES


def _some_names(cards: Sequence[ModelCard], width: int) -> str:
    """Return as many ids as a line holds."""
    words = ""
    for position, card in enumerate(cards):
        longer = f"{words}, {card.id}" if words else card.id
        room = width if position + 1 == len(cards) else width - len(MORE)
        if len(longer) > room and words:
            return words + MORE
        words = longer
    return words


def _columns(data: ModelList, cards: Sequence[ModelCard]) -> list[Column]:
    columns = [Column(title="Model", cells=tuple(card.id for card in cards), rank=0)]
    for title, cell, rank, key in _COLUMNS:
        sorted_by = key is not None and key is data.criteria.sort
        cells = tuple(map(cell, cards))
        columns.append(Column(title=title, cells=cells, rank=0 if sorted_by else rank, right=title not in _TEXTS))
    if data.criteria.every_life_cycle:
        columns.append(Column(title="State", cells=tuple(card.life_cycle.value for card in cards), rank=1))
    return columns


def _notes(data: ModelList) -> Iterator[str]:
    known = len(data.models) + len(data.left_out)
    conditional = [card.id for card in data.models if card.licences.commercial is CommercialUse.CONDITIONS]
    counts = ", ".join(f"{tally.filter.value} {tally.models}" for tally in data.tallies)
    if data.left_out:
        yield f"{len(data.models) or 'None'} of {known} models. Left out by filter, some by several: {counts}."
    else:
        yield f"{known} models."
    if data.criteria.commercial and conditional:
        yield f"Commercial use has conditions, which are to be read: {_named(conditional)}."
    if not data.left_out:
        return
    for doubt in data.doubtful_licences:
        yield f"All else fits, but commercial use is '{doubt.commercial.value}': {', '.join(doubt.models)}."
    for tally in data.tallies:
        if tally.filter is Filter.LIFE_CYCLE and tally.alone:
            yield f"Superseded or deprecated, all else fits: {_named(tally.alone)}; --all shows them."
        if tally.filter is Filter.AVAILABLE and tally.alone:
            yield f"Cannot run here yet, all else fits: {_named(tally.alone)}."
    yield "--why MODEL says what leaves a model out."


def _why(why: Standing) -> RenderableType:
    if why.listed:
        return Text(f"{why.model} is in the list: it meets every criterion.")
    lines = [Text(f"  {reason.filter.value}: {reason.message}") for reason in why.reasons]
    return Group(Text(f"{why.model} is left out:", style="bold"), *lines)


def _named(models: Sequence[str]) -> str:
    if len(models) <= MOST_NAMED:
        return ", ".join(models)
    return f"{', '.join(models[:MOST_NAMED])} and {len(models) - MOST_NAMED} more"


def added_page(data: OwnModel) -> RenderableType:
    """Return what was registered, and what to do with it."""
    card = data.model
    what = f", trained further from {card.weights.derived_from}" if card.weights.derived_from else ""
    return Group(
        Text(f"Registered {card.id}{what}.", style="bold"),
        Text(f"{'Checkpoint' if what else 'Calculator'}  {card.weights.path}", overflow="fold"),
        Text(f"SHA-256     {card.weights.sha256}", overflow="fold"),
        Text(f"Card        {data.file}", overflow="fold"),
        *([] if card.tells_all else [Text(f"Gives       energy, forces, {capabilities(card)}", overflow="fold")]),
        Text("Every command knows it now. Nothing is known of its accuracy; how fast it is:"),
        Text(f"  mlipguide bench STRUCTURE --models {card.id}", style="cyan"),
    )


def removed_page(data: ForgottenModel) -> RenderableType:
    """Return what was forgotten, and what was left."""
    return Group(
        Text(f"Removed {data.model}: its card {data.file} was deleted.", overflow="fold"),
        Text(f"Its checkpoint {data.checkpoint} and what was measured of it were left alone.", overflow="fold"),
    )


def validation_page(data: Validation) -> RenderableType:
    """Return the violations, one a line."""
    where = data.folder or "the built-in catalogue"
    if not data.violations:
        return Text(f"{data.cards} cards in {where}: all valid.", style="green")
    lines = [Text(f"{item.file}: {item.field}: {item.message}", style="red") for item in data.violations]
    return Group(*lines, Text(f"{len(data.violations)} violations in {where}."))
