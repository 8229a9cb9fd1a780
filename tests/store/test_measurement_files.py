"""Measurements come back as they were stored; what cannot be read is said and left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factories import make_measurement
from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.core.serialisation import to_plain
from mlipguide.records.timing.measurement import Measurement
from mlipguide.store import measurements as store

FORMATS = Path(__file__).parent / "formats"


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_what_is_appended_is_found_oldest_first(tmp_path: Path) -> None:
    first = make_measurement(28)
    second = replace(first, record="20260102T030405-model-a-28", peak_memory_bytes=None)
    elsewhere = replace(first, fingerprint="0" * 16)
    for measurement in (second, first, elsewhere):
        store.append(measurement, folder=tmp_path)
    assert store.find(first.fingerprint, folder=tmp_path) == store.Found((first, second), ())
    assert store.find("unknown", folder=tmp_path) == store.Found((), ())


def test_the_data_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    measurement = make_measurement()
    path = store.append(measurement)
    assert path.is_relative_to(tmp_path / "data")
    assert store.find(measurement.fingerprint).measurements == (measurement,)


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StorageError, match="disk is full") as caught:
        store.append(make_measurement(), folder=tmp_path)
    assert caught.value.kind == "disk_full"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.json")), ids=lambda path: path.stem)
def test_every_format_that_was_ever_written_is_read(path: Path) -> None:
    measurement = store.read(path)
    assert measurement.model == "model-a"
    assert measurement.atoms == 28
    assert measurement.steady.wall_s == (0.1, 0.11, 0.1, 0.09, 0.1)
    assert measurement.burst_wall_s == (measurement.steady.wall_s,)
    assert measurement.peak_memory_bytes == 2**30
    assert measurement.disturbance.steal_share is None


def test_the_present_format_is_kept_among_them(tmp_path: Path) -> None:
    kept = FORMATS / f"measurement-{store.FORMAT}.json"
    written = store.append(make_measurement(), folder=tmp_path)
    assert json.loads(kept.read_text(encoding="utf-8")) == json.loads(written.read_text(encoding="utf-8"))


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "newer.json", {"format": store.FORMAT + 1, "measurement": {}})
    with pytest.raises(InputError, match="newer mlipguide") as caught:
        store.read(path)
    assert "Update mlipguide" in caught.value.hint
    assert path.exists()


def valid() -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(make_measurement())
    return plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\0\1",
        '{"format": "1"}',
        '{"format": true, "measurement": {}}',
        '{"format": 0, "measurement": {}}',
        '{"format": 1}',
        '{"format": 1, "measurement": null}',
        '{"format": 1, "measurement": {}}',
        json.dumps({"format": 1, "measurement": valid() | {"unknown": 1}}),
        json.dumps({"format": 1, "measurement": valid() | {"load_s": float("nan")}}),
        json.dumps({"format": 1, "measurement": valid() | {"atoms": "many"}}),
        json.dumps({"format": store.FORMAT, "measurement": valid() | {"steady_bursts": [3, 3]}}),
    ],
)
def test_a_damaged_file_is_a_notice_beside_the_others(tmp_path: Path, text: str) -> None:
    measurement = make_measurement()
    folder = store.append(measurement, folder=tmp_path).parent
    damaged = folder / "damaged.json"
    damaged.write_text(text, encoding="utf-8")
    found = store.find(measurement.fingerprint, folder=tmp_path)
    assert found.measurements == (measurement,)
    assert [notice.kind for notice in found.notices] == ["unreadable_measurement"]
    assert "damaged.json" in found.notices[0].message
    assert damaged.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_are_a_notice(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "binary.json").write_bytes(b"\xff\xfe\x00")
    assert len(store.find("f", folder=tmp_path).notices) == 1


def test_past_formats_are_upgraded_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(data: dict[str, Any]) -> dict[str, Any]:
        return {("record" if key == "name" else key): value for key, value in data.items()}

    def fill(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"load_s": 7.0}

    old = valid()
    old["name"] = old.pop("record")
    del old["load_s"]
    monkeypatch.setattr(store, "FILES", replace(store.FILES, format=3, upgrades={1: rename, 2: fill}))
    upgraded: Measurement = store.read(write(tmp_path / "old.json", {"format": 1, "measurement": old}))
    assert upgraded == replace(make_measurement(), load_s=7.0)
