"""Columns leave a table in the order of their ranks, and never those of rank 0."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from mlipguide.report.tables.fitted_table import Column, fitted_table

COLUMNS = (
    Column(title="Model", cells=("a-long-name", "b"), rank=0),
    Column(title="Rare", cells=("x" * 20, "y"), rank=9),
    Column(title="κ", cells=("0.5", "10.25"), rank=1, right=True),
    Column(title="Seldom", cells=("1", "2"), rank=5),
)


def lines(width: int) -> tuple[list[str], tuple[str, ...]]:
    table, dropped = fitted_table(COLUMNS, width)
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()], dropped


@pytest.mark.parametrize(
    ("width", "dropped"),
    [
        (45, ()),
        (44, ("Rare",)),
        (24, ("Rare",)),
        (23, ("Rare", "Seldom")),
        (17, ("Rare", "Seldom")),
        (16, ("Rare", "κ", "Seldom")),
        (5, ("Rare", "κ", "Seldom")),
    ],
)
def test_the_least_important_columns_go_first(width: int, dropped: tuple[str, ...]) -> None:
    found, titles = lines(width)
    assert titles == dropped
    assert all(len(line) <= width for line in found)
    assert "…" not in "".join(found)
    assert "".join(found).replace(" ", "").count("a-long-name") == 1


def test_numbers_stand_to_the_right() -> None:
    assert lines(24)[0] == ["Model           κ Seldom", "a-long-name   0.5 1", "b           10.25 2"]
