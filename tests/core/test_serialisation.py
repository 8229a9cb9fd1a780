"""Records go out and come back; what does not belong is refused with its path; files are whole or absent."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from factories import make_candidate, make_card, make_measurement, make_task
from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.serialisation import from_plain, json_schema, to_json, to_plain, write_atomically
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Measurement

RECORDS: list[tuple[type, Any]] = [
    (Measurement, make_measurement()),
    (Measurement, make_measurement(peak_memory_bytes=None)),
    (ModelCard, make_card()),
    (Task, make_task(force_mae_ev_per_angstrom=0.1)),
    (Candidate, make_candidate()),
]


@pytest.mark.parametrize(("kind", "record"), RECORDS)
def test_records_come_back_through_json(kind: type, record: Any) -> None:
    plain = json.loads(to_json(to_plain(record)))
    assert from_plain(kind, plain, what="test") == record


@pytest.mark.parametrize(("kind", "record"), RECORDS)
def test_what_is_written_meets_the_schema(kind: type, record: Any) -> None:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(to_plain(record))


def changed(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(make_measurement())
    return plain | changes


@pytest.mark.parametrize(
    ("plain", "path"),
    [
        (changed(surprise=1), "surprise: "),
        (changed(settings=to_plain(make_measurement().settings) | {"colour": "red"}), "settings.colour: "),
        (changed(atoms="many"), "atoms: "),
        (changed(load_s=float("nan")), "load_s: "),
        (changed(load_s=float("inf")), "load_s: "),
        (changed(weights="borrowed"), "weights: "),
        (changed(steady={"wall_s": [0.1, None], "energy_forces_s": [], "cpu_s": []}), "steady.wall_s.1: "),
        ({}, "record: "),
        ([], "(whole): "),
    ],
)
def test_what_does_not_belong_is_refused_with_its_path(plain: Any, path: str) -> None:
    with pytest.raises(InputError) as caught:
        from_plain(Measurement, plain, what="file.json")
    assert caught.value.message.startswith("file.json: ")
    assert path in caught.value.message
    assert caught.value.kind == "invalid_record"


def test_all_violations_are_listed() -> None:
    with pytest.raises(InputError) as caught:
        from_plain(Measurement, changed(atoms=None, load_s="long"), what="file.json")
    assert "atoms: " in caught.value.message
    assert "load_s: " in caught.value.message


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_nan_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"value": number})


def test_a_file_is_replaced_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"
    for text in ("first", "second, Å"):
        write_atomically(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words", "kind"),
    [
        (errno.ENOSPC, "disk is full", "disk_full"),
        (errno.EDQUOT, "quota", "disk_full"),
        (errno.EROFS, "read-only", "storage"),
        (errno.EIO, "Input/output error", "storage"),
    ],
)
def test_a_failure_while_writing_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, kind: str
) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, "old")

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=words) as caught:
        write_atomically(path, "new")
    assert caught.value.kind == kind
    assert str(path) in caught.value.message
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_while_writing_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, "old")

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for path in (tmp_path / "file" / "a.txt", tmp_path / "file" / "folder" / "a.txt"):
        with pytest.raises(StorageError, match="a file stands where a folder is needed"):
            write_atomically(path, "text")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="permission denied"):
        write_atomically(tmp_path / "a.txt", "text")
    tmp_path.chmod(0o700)
