"""An index saves reading; the files are the truth."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from factories import make_measurement
from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE, measurements_dir
from mlipguide.core.serialisation import write_once
from mlipguide.store import file_index
from mlipguide.store import measurements as store

PROCESSES, APPENDED = 2, 18
APPEND = """
import sys
from dataclasses import replace
from pathlib import Path
from mlipguide.core.paths import data_dir
from mlipguide.core.serialisation import write_once
from mlipguide.store import measurements as store
won, base = 0, store.read(Path(sys.argv[2]))
for number in range({count}):
    store.append(replace(base, record=f"{{sys.argv[1]}}-{{number}}", time_law=f"law-{{number % 4}}"))
    won += write_once(data_dir() / "once" / f"{{number}}.txt", sys.argv[1])
    if number % 6 == 5:
        store.find("f" * 16, laws={{"law-1"}})
print(won)
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(file_index, "FEW", 3)
    return tmp_path


class Reads:
    """Tells of what kind files are, and counts how many were read."""

    def __init__(self) -> None:
        self.files: list[str] = []

    def __call__(self, path: Path) -> str:
        self.files.append(path.name)
        return path.read_text(encoding="utf-8")


def fill(folder: Path, **kinds: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, kind in kinds.items():
        (folder / f"{name}.json").write_text(kind, encoding="utf-8")


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def test_files_are_read_once_and_found_by_kind(tmp_path: Path) -> None:
    fill(tmp_path / "x", a="one", b="two", c="one", d="", e="two")
    reads = Reads()
    assert names(file_index.files_with(tmp_path / "x", {"one"}, reads)) == ["a", "c", "d"]
    assert len(reads.files) == 5
    assert names(file_index.files_with(tmp_path / "x", {"two"}, reads)) == ["b", "d", "e"]
    assert names(file_index.files_with(tmp_path / "x", None, reads)) == ["a", "b", "c", "d", "e"]
    assert len(reads.files) == 5


def test_small_folders_and_missing_ones_need_no_index(tmp_path: Path) -> None:
    fill(tmp_path / "x", a="one", b="two")
    reads = Reads()
    assert names(file_index.files_with(tmp_path / "x", {"one"}, reads)) == ["a", "b"]
    assert file_index.files_with(tmp_path / "nothing", {"one"}, reads) == []
    assert reads.files == []
    assert not file_index.index_file(tmp_path / "x").exists()


def test_what_changes_in_the_folder_changes_the_answer(tmp_path: Path) -> None:
    place = tmp_path / "x"
    fill(place, a="one", b="two", c="one", d="two")
    reads = Reads()
    file_index.files_with(place, {"one"}, reads)
    fill(place, e="one", b="one")
    os.utime(place / "b.json", ns=(1, 1))
    (place / "a.json").unlink()
    assert names(file_index.files_with(place, {"one"}, reads)) == ["b", "c", "e"]
    assert sorted(reads.files[4:]) == ["b.json", "e.json"]


def garble(index: Path) -> None:
    index.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 8)


def empty(index: Path) -> None:
    index.write_bytes(b"")


def other_table(index: Path) -> None:
    index.unlink()
    with sqlite3.connect(index) as database:
        database.execute("CREATE TABLE others (name TEXT)")
    database.close()


def folder(index: Path) -> None:
    index.unlink()
    index.mkdir()


@pytest.mark.parametrize("damage", [garble, empty, other_table, folder, Path.unlink])
def test_an_index_that_cannot_be_read_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    place = tmp_path / "x"
    fill(place, a="one", b="two", c="one", d="two")
    reads = Reads()
    file_index.files_with(place, {"one"}, reads)
    damage(file_index.index_file(place))
    assert names(file_index.files_with(place, {"one"}, reads)) == ["a", "c"]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "below"))
    fill(tmp_path / "x", a="one", b="two", c="one", d="two")
    assert names(file_index.files_with(tmp_path / "x", {"one"}, Reads())) == ["a", "c"]


def test_measurements_are_found_by_their_law_and_damaged_ones_are_told() -> None:
    for number in range(8):
        store.append(replace(make_measurement(), record=f"r-{number}", time_law=f"law-{number % 2}"))
    (measurements_dir() / ("f" * 16) / "damaged.json").write_text("{", encoding="utf-8")
    for _ in range(2):
        found = store.find("f" * 16, laws={"law-1"})
        assert [record.record for record in found.measurements] == ["r-1", "r-3", "r-5", "r-7"]
        assert [notice.kind for notice in found.notices] == ["unreadable_measurement"]
    assert len(store.find("f" * 16).measurements) == 8


def test_several_processes_on_one_folder_lose_nothing(tmp_path: Path) -> None:
    code = APPEND.format(count=APPENDED)
    base = Path(__file__).parent / "formats" / f"measurement-{store.FORMAT}.json"
    running = [
        subprocess.Popen([sys.executable, "-c", code, f"p{one}", str(base)], stdout=subprocess.PIPE, text=True)
        for one in range(PROCESSES)
    ]
    won = [int(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES
    records = store.find("f" * 16).measurements
    assert len(records) == len({one.record for one in records}) == PROCESSES * APPENDED
    found = store.find("f" * 16, laws={"law-1"}).measurements
    assert {one.record for one in found} == {one.record for one in records if one.time_law == "law-1"}
    assert sum(won) == APPENDED
    assert len(list((tmp_path / "data" / "once").iterdir())) == APPENDED


def test_only_the_first_writes_once(tmp_path: Path) -> None:
    assert write_once(tmp_path / "a" / "x", "first")
    assert not write_once(tmp_path / "a" / "x", "second")
    assert (tmp_path / "a" / "x").read_text(encoding="utf-8") == "first"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x"]
