"""The catalogue in the terminal: the list of models, and what is wrong with cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.models.listings import Validation
from mlipguide.records.models.model_card import CommercialUse, ModelCard
from mlipguide.records.models.model_listings import Filter, ForgottenModel, ModelList, OwnModel, SortKey, Standing
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.model_words import (
    length,
    md_force_rmse,
    md_run_time,
    parameters,
    score,
    snapshot_note,
)

MOST_NAMED = 6
"""More models than this are counted, not named."""

_Cell = Callable[[ModelCard], str]

_COLUMNS: tuple[tuple[str, _Cell, int, SortKey | None], ...] = (
    ("Backend", lambda card: card.backend, 4, None),
    ("Forces", lambda card: card.architecture.forces.value, 9, None),
    ("Param.", lambda card: parameters(card.architecture.parameters), 8, SortKey.PARAMETERS),
    ("Cutoff", lambda card: length(card.architecture.cutoff_angstrom), 6, SortKey.CUTOFF),
    ("Elem.", lambda card: str(len(card.training.elements)), 5, None),
    ("CPS", lambda card: score(card.metrics.cps if card.metrics else None), 3, SortKey.CPS),
    ("F1", lambda card: score(card.metrics.f1 if card.metrics else None), 7, SortKey.F1),
    ("κ_SRME", lambda card: score(card.metrics.kappa_srme if card.metrics else None), 2, SortKey.KAPPA),
    ("MD meV/Å", lambda card: md_force_rmse(card.metrics), 10, SortKey.MD_FORCE_RMSE),
    ("MD run time", lambda card: md_run_time(card.metrics), 11, SortKey.RUN_TIME),
    ("Commercial", lambda card: card.licences.commercial.value, 1, None),
)
"""Title, cell, rank (see :class:`Column`), and the key of sorting whose figure it shows."""

_TEXTS = frozenset({"Backend", "Forces", "Commercial", "MD run time"})


def models_page(data: ModelList, console: Console) -> RenderableType:
    """Return the table of models, as wide as ``console`` allows, or why one model is or is not in it."""
    if data.why is not None:
        return _why(data.why)
    parts: list[RenderableType] = []
    notes = list(_notes(data))
    if data.models:
        table, dropped = fitted_table(_columns(data), console.width)
        parts += [table, Text("")]
        if dropped:
            notes.append(f"Not shown for want of width: {', '.join(dropped)}.")
        notes.append(snapshot_note(data.models))
    return Group(*parts, *(Text(note, style="dim") for note in notes))


def _columns(data: ModelList) -> list[Column]:
    cards = data.models
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
    if data.criteria.commercial and conditional:
        yield f"Commercial use has conditions, which are to be read: {_named(conditional)}."
    if not data.left_out:
        yield f"{known} models."
        return
    counts = ", ".join(f"{tally.filter.value} {tally.models}" for tally in data.tallies)
    yield f"{len(data.models) or 'None'} of {known} models. Left out by filter, some by several: {counts}."
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
    return Group(
        Text(f"Registered {card.id}, trained further from {card.weights.derived_from}.", style="bold"),
        Text(f"Checkpoint  {card.weights.path}", overflow="fold"),
        Text(f"SHA-256     {card.weights.sha256}", overflow="fold"),
        Text(f"Card        {data.file}", overflow="fold"),
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
