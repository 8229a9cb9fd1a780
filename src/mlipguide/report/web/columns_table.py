"""A table of the terminal on a page: with all of its columns, and sorted by the numbers behind its words."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.report.tables.fitted_table import Column
from mlipguide.report.web.web_page import Cell, WebTable


def columns_table(caption: str, columns: Sequence[Column], legend: str = "") -> WebTable:
    """Return the table.

    Args:
        caption: What it shows.
        columns: With the same number of cells each.
        legend: What its marks mean.
    """
    cells = [
        [Cell(text=text, order=order or None if isinstance(order, str) else order) for text, order in pairs]
        for pairs in (zip(column.cells, column.orders or column.cells, strict=True) for column in columns)
    ]
    titles = tuple(column.title for column in columns)
    return WebTable(caption=caption, titles=titles, rows=tuple(zip(*cells, strict=True)), legend=legend)
