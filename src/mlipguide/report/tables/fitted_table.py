"""A table that leaves out its least important columns where the terminal is too narrow for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP = 1
"""Blanks between columns."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column and its cells.

    Attributes:
        title: Its heading.
        cells: One a row.
        rank: The smaller, the longer it stays; 0 stays always.
        right: Whether it holds numbers.
        orders: What the cells are sorted by where a reader can sort them, one a row, None for what is not known;
            without them, by their text.
    """

    title: str
    cells: tuple[str, ...]
    rank: int
    right: bool = False
    orders: tuple[float | str | None, ...] | None = None

    @property
    def width(self) -> int:
        """Characters of its longest line."""
        return max(map(cell_len, (self.title, *self.cells)))


def fitted_table(columns: Sequence[Column], width: int) -> tuple[Table, tuple[str, ...]]:
    """Return the table of the columns that fit into ``width`` characters, and the titles of those that do not."""
    kept = list(columns)
    while _needed(kept) > width and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    tight = _needed(kept) > width
    for column in kept:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=not tight, overflow="fold")
    for row in zip(*(column.cells for column in kept), strict=True):
        table.add_row(*map(Text, row))
    return table, tuple(column.title for column in columns if column not in kept)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width + GAP for column in columns) - GAP
