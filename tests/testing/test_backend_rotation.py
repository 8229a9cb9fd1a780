from __future__ import annotations

from pathlib import Path

import pytest

from backend_rotation import chosen, turn_after
from turns_plugin import BEGUN_FIRST, LONG_FILES

FIVE = ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("wanted", "number", "expected"),
    [
        ("all", 7, FIVE),
        ("2", 0, ("a", "b")),
        ("2", 1, ("c", "d")),
        ("2", 2, ("e", "a")),
        ("9", 3, ("a", "b", "c", "d", "e")),
        ("c, a", 5, ("c", "a")),
    ],
)
def test_some_take_turns(wanted: str, number: int, expected: tuple[str, ...]) -> None:
    assert chosen(wanted, number, FIVE) == expected


def test_every_backend_has_its_turn_within_as_many_runs_as_there_are() -> None:
    assert {name for number in range(len(FIVE)) for name in chosen("2", number, FIVE)} == set(FIVE)


@pytest.mark.parametrize(("name", "expected"), [("a", 1), ("b", 2), ("c", 0), ("d", 0), ("e", 1)])
def test_a_test_out_of_turn_says_when_it_is(name: str, expected: int) -> None:
    assert turn_after(2, 1, name, FIVE) == expected


def test_the_long_files_are_there() -> None:
    tests = Path(__file__).parent.parent
    assert [name for name in LONG_FILES if not (tests / name).is_file()] == []


def test_the_files_that_begin_first_are_there() -> None:
    tests = Path(__file__).parent.parent
    assert {path.name for path in tests.rglob("test_*.py")} >= set(BEGUN_FIRST)
