"""Families of potentials in the terminal: a table of all, or everything on one."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Basis
from mlipguide.records.models.family_card import FamilyCard, PublishedSpeed, PublishedTraining, Reach, basis_of
from mlipguide.records.models.family_listings import FamilyList
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.model_words import UNKNOWN, cited, source_line

NOTE = (
    "µs: for one atom and one step, from the fastest to the slowest that was published or that we tried, on different "
    "devices. mlipguide models families NAME says on which, with sources."
)


def families_page(data: FamilyList, console: Console) -> RenderableType:
    """Return the table of families, as wide as ``console`` allows."""
    cards = data.families
    columns = [
        Column(title="Family", cells=tuple(card.id for card in cards), rank=0),
        Column(title="Reach", cells=tuple(map(_reach, cards)), rank=2),
        Column(title="Runs in", cells=tuple(map(_programs, cards)), rank=1),
        Column(title="µs", cells=tuple(map(_speed_range, cards)), rank=0, right=True),
        Column(title="Trained with", cells=tuple(map(_trainers, cards)), rank=3),
    ]
    return Group(fitted_table(columns, console.width)[0], Text(""), Text(NOTE, style="dim"))


def family_page(data: FamilyList) -> RenderableType:
    """Return everything on the one family."""
    (card,) = data.families
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _facts(card):
        table.add_row(name, Text(value))
    parts: list[RenderableType] = [Text(f"{card.name}  ({card.id})", style="bold"), table]
    return Group(*parts, Text(""), Text("Sources", style="bold"), *map(source_line, data.sources))


def _facts(card: FamilyCard) -> Iterator[tuple[str, str]]:
    yield "What it is", f"{card.what}{cited(card.sources)}"
    yield "Reach", _reach(card)
    yield "Elements", f"{card.elements.text}{cited(card.elements.sources)}"
    groups = (
        (
            "Runs in",
            [f"{item.name}{f', {item.style}' if item.style else ''}{cited(item.sources)}" for item in card.programs],
        ),
        (
            "Trained with",
            [
                f"{item.package}: {item.licence}, commercial use: {item.commercial.value}{cited(item.sources)}"
                for item in card.trainers
            ],
        ),
        ("Strong", [f"{item.text}{cited(item.sources)}" for item in card.strengths]),
        ("Weak", [f"{item.text}{cited(item.sources)}" for item in card.weaknesses]),
        ("Speed", [_speed(item) for item in card.speeds]),
        ("Training", [_training(item) for item in card.trainings]),
    )
    for title, lines in groups:
        for position, line in enumerate(lines or ["nothing was published"]):
            yield title if position == 0 else "", line


def _reach(card: FamilyCard) -> str:
    return "strictly local" if card.reach is Reach.LOCAL else f"{card.layers} layers"


def _programs(card: FamilyCard) -> str:
    return ", ".join(dict.fromkeys(item.name for item in card.programs))


def _trainers(card: FamilyCard) -> str:
    return ", ".join(f"{item.package} ({item.licence})" for item in card.trainers) or UNKNOWN


def _speed_range(card: FamilyCard) -> str:
    times = sorted(item.us_per_atom_step for item in card.speeds)
    if not times:
        return UNKNOWN
    return number(times[0]) if times[0] == times[-1] else f"{number(times[0])}–{number(times[-1])}"


def _speed(item: PublishedSpeed) -> str:
    several = f"{item.devices} × " if item.devices > 1 else ""
    parts = [f"{several}{item.device}", *filter(None, (item.driver, item.dtype))]
    if item.atoms is not None:
        parts.append(f"{item.atoms:,} atoms")
    note = f". {item.note}" if item.note else ""
    time = f"{number(item.us_per_atom_step)} µs/atom/step"
    return f"{item.potential}: {time} ({'; '.join(parts)}){_own(item.sources)}{cited(item.sources)}{note}"


def _training(item: PublishedTraining) -> str:
    error = item.force_mae_ev_per_angstrom
    accuracy = "" if error is None else f", force MAE {error * 1e3:.0f} meV/Å"
    note = f". {item.note}" if item.note else ""
    return (
        f"{item.potential}: {duration(item.seconds)} on {item.frames:,} frames{accuracy} "
        f"({item.system}; {item.hardware}){_own(item.sources)}{cited(item.sources)}{note}"
    )


def _own(sources: tuple[str, ...]) -> str:
    return ", our own trial, unpublished" if basis_of(sources) is Basis.TRIAL else ""
