"""Within a look a question is put once; outside of one, and in the next, it is put anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlipguide.core.kept_files import KeptFiles, UnusableFileError
from mlipguide.core.look import Look, once_a_look, within


@dataclass
class Counted:
    """A thing that cannot be hashed."""

    calls: list[object] = field(default_factory=list)


@once_a_look
def doubled(counted: Counted, number: int, *, names: tuple[str, ...] = ()) -> tuple[int, tuple[str, ...]]:
    counted.calls.append(number)
    if number < 0:
        raise ValueError("negative")
    return 2 * number, names


def test_the_same_question_is_put_once_in_a_look() -> None:
    counted = Counted()
    with within(Look()):
        assert doubled(counted, 2) == doubled(counted, 2) == (4, ())
        assert doubled(counted, 3) == (6, ())
        assert doubled(counted, 2, names=("a",)) == doubled(counted, 2, names=("a",)) == (4, ("a",))
    assert counted.calls == [2, 3, 2]


def test_another_object_is_another_question_however_equal() -> None:
    one, other = Counted(), Counted()
    assert one == other
    with within(Look()):
        doubled(one, 2)
        doubled(other, 2)
    assert (one.calls, other.calls) == ([2], [2])


def test_outside_of_a_look_nothing_is_kept() -> None:
    counted, look = Counted(), Look()
    with within(look):
        doubled(counted, 2)
    doubled(counted, 2)
    with within(look):  # the same look goes on
        doubled(counted, 2)
    with within(Look()):
        doubled(counted, 2)
    assert counted.calls == [2, 2, 2]


def test_an_error_is_raised_each_time() -> None:
    counted = Counted()
    with within(Look()):
        for _ in range(2):
            with pytest.raises(ValueError, match="negative"):
                doubled(counted, -1)
    assert counted.calls == [-1, -1]


@dataclass(frozen=True)
class Word:
    word: str


def test_a_file_that_changes_is_read_again_by_the_next_look(tmp_path: Path) -> None:
    files = KeptFiles(kind=Word, name="word", key="word", format=1)
    path = files.write(tmp_path / "word.json", Word("old"))
    with within(Look()):
        assert files.read(path) == Word("old")
        files.write(path, Word("new"))
        assert files.read(path) == Word("old")
    with within(Look()):
        assert files.read(path) == Word("new")
        path.with_name("gone.json").write_text("{", encoding="utf-8")
        with pytest.raises(UnusableFileError):
            files.read(path.with_name("gone.json"))
    assert files.read(path) == Word("new")
