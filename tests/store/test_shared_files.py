"""Shared records are kept as they came, one file each, by their kind of hardware."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlipguide.core.kept_files import UnusableFileError, read_document
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.hardware.machine_classes import class_of
from mlipguide.records.timing.shared import FORMAT, signed
from mlipguide.store import shared as store
from shared_records import LAW, cpu_settings, epyc, lines_of, processor_class, shared, with_a100

FORMATS = Path(__file__).parent / "formats" / "shared"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    return tmp_path


def test_records_are_found_by_kind_and_law() -> None:
    other_law = shared(64, model="chgnet-0.3.0", time_law="chgnet-4-layers-6A-bonds-3A", backend="chgnet")
    smaller = class_of(replace(epyc(), cpu=replace(epyc().cpu, usable_cores=2.0)), "cpu")
    assert smaller is not None
    elsewhere = shared(64, machine=smaller)
    for record in (shared(64), other_law, elsewhere):
        assert store.add(record)
    assert lines_of(store.find(processor_class()).records) == lines_of((shared(64), other_law))
    assert store.find(processor_class(), {LAW}).records == (shared(64),)
    assert store.find(smaller).records == (elsewhere,)
    assert {kind.id for kind in store.classes()} == {processor_class().id, smaller.id}
    assert store.classes(gpus=False, digits=smaller.id[:8]) == (smaller,)
    assert store.classes(gpus=True) == ()


def test_records_of_a_gpu_are_found_whatever_processor_is_beside_it() -> None:
    records = []
    for host in ("AMD EPYC 7763 64-Core Processor", "Intel(R) Xeon(R) Platinum 8480+"):
        kind = class_of(with_a100(host), "cuda:0")
        assert kind is not None
        records.append(shared(500, by=host, machine=kind, settings=cpu_settings(device="cuda:0")))
        assert store.add(records[-1])
    assert lines_of(store.find_on("A100-80GB").records) == lines_of(records)
    assert store.find_on("H100-80GB").records == ()
    assert store.shared_gpus() == {"A100-80GB"}


def test_a_file_that_was_changed_is_set_aside(data: Path) -> None:
    record = shared(64)
    store.add(record)
    path = store.file_of(record)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"atoms": 64', '"atoms": 63'), encoding="utf-8")
    found = store.find(processor_class())
    assert found.records == ()
    (notice,) = found.notices
    assert notice.kind == "unreadable_shared"
    assert "signature" in notice.message
    path.write_text(text, encoding="utf-8")
    shutil.copy(path, path.with_name(f"{LAW}~elsewhere.json"))
    assert store.find(processor_class()).records == (record,)
    assert "than its name says" in store.find(processor_class()).notices[0].message
    assert path.is_relative_to(data)


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.json")), ids=lambda path: path.stem)
def test_every_format_that_was_ever_written_is_read(path: Path) -> None:
    record = store.read_shared(read_document(path, store.WHAT), path)
    assert record.atoms == 64
    assert record.formula == "Si"


def test_the_present_format_is_kept_among_them() -> None:
    kept = json.loads((FORMATS / f"shared-{FORMAT}.json").read_text(encoding="utf-8"))
    assert kept == signed(shared(64))


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"format": "1"}, {"signature": "0" * 64}, {"signature": None}, {"more": 1}, {"shared": []}],
)
def test_what_is_no_shared_record_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError):
        store.read_shared({**signed(shared(64)), **change}, tmp_path)


def test_the_word_of_a_folder_is_random_and_stays() -> None:
    word = store.contributor()
    assert len(word) == 16
    assert store.contributor() == word
