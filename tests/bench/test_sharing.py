"""What is given away names nobody and nothing; what is taken is right, new and can be true."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from factories import make_measurement
from mlipguide.bench.sharing import exporting
from mlipguide.bench.sharing.plausibility import Plausibility
from mlipguide.bench.sharing.reading import FoundLines, shown
from mlipguide.bench.sharing.vocabulary import Vocabulary, is_formula, vocabulary
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.core.serialisation import to_plain
from mlipguide.hardware.machine_classes import known_machine
from mlipguide.records.hardware.machine_class import KnownMachine
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.timing.axes import AxisChoice
from mlipguide.records.timing.measurement import Scenario
from mlipguide.records.timing.shared import SharedRecord, signature_of, signed
from mlipguide.store import known_machines, measurements
from mlipguide.store import shared as store
from shared_records import LAW, MODEL, cpu_settings, epyc, lines_of, measured, shared, silicon, with_a100, write_lines

WORD = "0123456789abcdef"
PRIVATE = ("jdoe", "login-node-7", "/home/jdoe/secret/Drug42.cif", "Drug42", "node42.cluster.example", "~jdoe")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    return folder


@cache
def words() -> Vocabulary:
    return vocabulary(load_catalogue())


@cache
def plausible() -> Plausibility:
    return Plausibility(load_catalogue())


def here() -> KnownMachine:
    return known_machine(epyc())


def made(measurement: Any, machine: KnownMachine | None = None) -> SharedRecord | str:
    return exporting.shared_record(measurement, machine or here(), words(), WORD)


def read(*paths: Path, own: str | None = None) -> FoundLines:
    found = FoundLines()
    for path in paths:
        found.read(path, words(), plausible(), own=own)
    return found


def test_a_measurement_is_given_away_field_by_field() -> None:
    record = made(measured(64, versions={"python": "3.12.3+", "torch": "2.13.0+cu128", "sevenn": "0.13.0+g1234abc"}))
    assert isinstance(record, SharedRecord)
    record.check()
    assert (record.model, record.time_law, record.formula, record.atoms) == (MODEL, LAW, "Si", 64)
    assert record.taken_on == "2026-01-02"
    assert record.steady_s == measured(64).steady.wall_s
    assert record.versions == {"torch": "2.13.0+cu128", "sevenn": "0.13.0"}
    names = {field.name for field in dataclasses.fields(SharedRecord)}
    assert set(to_plain(record)) == names
    assert not names & {"record", "fingerprint", "structure", "taken_at", "hostname", "load_s", "source"}


def test_the_number_of_a_gpu_is_left_out() -> None:
    on_gpu = measured(64, step_s=0.03, settings=cpu_settings(device="cuda:3"))
    record = made(on_gpu, known_machine(with_a100()))
    assert isinstance(record, SharedRecord)
    assert record.settings.device == "cuda:0"
    assert record.machine.gpu == "A100-80GB"


def with_text(record: Any, name: str, text: str) -> Any:
    """Return a record with a text in one of its fields, whatever the field is for."""
    return replace(record, **{name: text})


def texts_planted(private: str) -> Iterator[Any]:
    """Yield measurements that hold a private text in every place that takes one."""
    whole = measured(64)
    for field in dataclasses.fields(whole):
        value = getattr(whole, field.name)
        if isinstance(value, str) and field.name not in {"weights", "scenario"}:
            yield with_text(whole, field.name, private)
            if field.name == "taken_at":
                yield replace(whole, taken_at=f"2026-01-02T03:04:05+00:00 {private}")
    for field in dataclasses.fields(whole.structure):
        value = getattr(whole.structure, field.name)
        if isinstance(value, str):
            yield replace(whole, structure=with_text(silicon(), field.name, private))
            yield replace(whole, structure=with_text(silicon(), field.name, f"Si{private}"))
    yield replace(whole, structure=replace(silicon(), elements=(private,)))
    yield replace(whole, structure=replace(silicon(), elements=("Si", private)))
    for name in ("dtype", "device", "driver"):
        yield replace(whole, settings=cpu_settings(**{name: private}))
    yield replace(whole, settings=cpu_settings(device=f"cuda:{private}"))
    for choice in (AxisChoice(axis=private, value="on"), AxisChoice(axis="pinning", value=private)):
        yield replace(whole, settings=cpu_settings(choices=(choice,)))
    for addition in (
        Addition(kind=AdditionKind.D3, method=private, damping="bj"),
        Addition(kind=AdditionKind.D3, method="pbe", damping=private),
    ):
        yield replace(whole, settings=cpu_settings(additions=(addition,)))
    yield replace(whole, versions={private: "1.0", "sevenn": "0.13.0"})
    for version in (private, f"0.13.0+{private}", f"0.13.0.{private}", f"0.13.0 {private}"):
        yield replace(whole, versions={"sevenn": version, "torch": version})
    yield replace(whole, disturbance=replace(whole.disturbance, gpu_throttle_reasons=(private,)))


@pytest.mark.parametrize("private", PRIVATE)
def test_nothing_private_of_a_measurement_gets_out(private: str) -> None:
    planted = list(texts_planted(private))
    assert len(planted) > 25
    for measurement in planted:
        record = made(measurement)
        if isinstance(record, SharedRecord):
            line = json.dumps(signed(record)).lower()
            assert private.lower() not in line
            assert "jdoe" not in line
            assert "drug" not in line
            record.check()
            assert words().unknown_in(record) is None


@pytest.mark.parametrize("private", PRIVATE)
def test_nothing_private_of_a_machine_gets_out(private: str) -> None:
    machine = replace(with_a100(), hostname=private, kernel=private, python=private, facts=(private,), fingerprint=WORD)
    (gpu,) = machine.gpus
    odd = [
        replace(machine, cpu=replace(machine.cpu, model=private)),
        replace(machine, cpu=replace(machine.cpu, model=f"AMD EPYC 7763 {private}")),
        replace(machine, cpu=replace(machine.cpu, architecture=private)),
        replace(machine, cpu=replace(machine.cpu, instruction_sets=("avx2", private))),
        replace(machine, cpu=replace(machine.cpu, limited_by=private)),
        replace(machine, gpus=(replace(gpu, name=private),)),
        replace(machine, gpus=(replace(gpu, name=f"NVIDIA A100-SXM4-80GB {private}"),)),
        *(
            replace(machine, gpus=(with_text(gpu, name, private),))
            for name in ("driver", "compute_capability", "mig", "uuid")
        ),
    ]
    for one in (machine, *odd):
        known = known_machine(one)
        for device, step_s in (("cpu", 0.1), ("cuda:0", 0.03)):
            record = made(measured(64, step_s=step_s, settings=cpu_settings(device=device), fingerprint=WORD), known)
            if isinstance(record, SharedRecord):
                assert private.lower() not in json.dumps(signed(record)).lower()


def test_an_export_takes_what_has_a_known_machine_and_says_what_is_left_out() -> None:
    elsewhere = "e" * 16
    for measurement in (
        measured(64),
        measured(128, record="again"),
        replace(measured(128), record="same-samples"),
        replace(measured(256), fingerprint=elsewhere),
        replace(measured(512), fingerprint="d" * 16),
        replace(measured(64), record="batch", scenario=Scenario.OFFLINE, structures=8),
        replace(measured(64), record="own", model="my-secret-model"),
        replace(measured(64), record="old", time_law="older"),
        replace(measured(64), record="busy", disturbance=replace(measured().disturbance, other_load_share=0.5)),
        replace(make_measurement(), record="fake", fingerprint=epyc().fingerprint),
    ):
        measurements.append(measurement)
    known_machines.keep(replace(here(), fingerprint=elsewhere))
    found = exporting.export_records(words(), here(), WORD)
    assert sorted(record.atoms for record in found.records) == [64, 128, 256]
    assert found.left_out == {
        exporting.BATCHES: 1,
        exporting.OWN_MODEL: 2,
        exporting.OLD_CARD: 1,
        exporting.DISTURBED: 1,
        exporting.MACHINE_UNKNOWN: 1,
    }


def test_what_is_exported_passes_the_import(tmp_path: Path) -> None:
    records = [record for atoms in (64, 128, 512) if isinstance(record := made(measured(atoms)), SharedRecord)]
    found = read(write_lines(tmp_path / "records.jsonl", records))
    assert [record for record, _ in found.records] == records
    assert (found.lines, found.duplicates, found.refused, found.contributors) == (3, 0, [], {WORD})
    found.keep()
    assert lines_of(store.find(records[0].machine).records) == lines_of(records)


def reasons(found: FoundLines) -> dict[int, str]:
    return {one.line: one.reason for one in found.refused}


def resigned(record: SharedRecord, **changes: Any) -> dict[str, Any]:
    plain = {**to_plain(record), **changes}
    return {"format": 1, "shared": plain, "signature": signature_of(1, plain)}


def test_a_bad_line_is_told_with_its_number_and_the_rest_is_taken(tmp_path: Path) -> None:
    good, other = shared(64), shared(128)
    changed = signed(good)
    changed["shared"] = {**changed["shared"], "atoms": 65}
    lines = [
        json.dumps(signed(good)),
        "",
        "{",
        json.dumps(changed),
        json.dumps({**signed(good), "format": 2}),
        json.dumps(resigned(good, hostname="node42")),
        json.dumps(resigned(good, steady_s=[0.1, -0.1], bursts=[2])),
        json.dumps(resigned(good, model="my-model")),
        json.dumps(resigned(good, steady_s=[100.0 * one for one in good.steady_s])),
        json.dumps(resigned(good, pairs_per_atom=5000.0)),
        json.dumps(signed(shared(256, by="b"))),
        json.dumps(signed(other)),
        json.dumps(resigned(good, other_load_share=0.9)),
        "[]",
        "NaN",
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read(path)
    assert [record for record, _ in found.records] == [good, other]
    told = reasons(found)
    assert list(told) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15]
    assert "no JSON" in told[3]
    assert "signature" in told[4]
    assert "newer mlipguide" in told[5]
    assert "hostname" in told[6]
    assert "steady_s is -0.1" in told[7]
    assert "model is none that comes with mlipguide" in told[8]
    assert "not plausible" in told[9]
    assert "pairs per atom are not plausible" in told[10]
    assert "another contributor" in told[11]
    assert told[13] == "other processes used 90% of the cores while it was timed"
    assert all(one.file == str(path) for one in found.refused)


def test_a_lone_record_a_hundred_times_off_does_not_get_in(tmp_path: Path) -> None:
    for factor in (100.0, 0.01):
        wild = shared(64, step_s=0.128 * factor)
        found = read(write_lines(tmp_path / "wild.jsonl", [wild]))
        assert not found.records
        assert "not plausible" in reasons(found)[1]


def test_a_gpu_does_not_hold_more_memory_than_it_has(tmp_path: Path) -> None:
    machine = known_machine(with_a100()).gpu
    assert machine is not None
    settings = cpu_settings(device="cuda:0")
    good = shared(500, step_s=0.04, machine=machine, settings=settings, peak_memory_bytes=10 * 2**30)
    wrong = replace(good, peak_memory_bytes=100 * 2**30)
    found = read(write_lines(tmp_path / "records.jsonl", [good, wrong]))
    assert [record for record, _ in found.records] == [good]
    assert "memory" in reasons(found)[2]


def test_what_is_given_twice_counts_once_and_nothing_is_overwritten(tmp_path: Path) -> None:
    first = shared(64)
    read(write_lines(tmp_path / "first.jsonl", [first])).keep()
    file = store.file_of(first)
    before = file.read_bytes()
    copied = replace(first, contributor="f" * 16, taken_on="2026-02-02", pairs_per_atom=30.0)
    assert store.file_of(copied) == file
    found = read(write_lines(tmp_path / "second.jsonl", [first, first]), write_lines(tmp_path / "copy.jsonl", [copied]))
    found.keep()
    assert (len(found.records), found.duplicates) == (0, 3)
    assert file.read_bytes() == before
    assert not store.add(copied)


def test_records_of_this_folder_are_here_already(tmp_path: Path) -> None:
    found = read(write_lines(tmp_path / "own.jsonl", [shared(64)]), own=shared(64).contributor)
    assert (len(found.records), found.duplicates) == (0, 1)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.jsonl"):
        with pytest.raises(InputError, match="Cannot read"):
            read(path)


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("x" * (3 * 2**20) + "\n" + json.dumps(signed(shared(64))) + "\n", encoding="utf-8")
    found = read(path)
    assert len(found.records) == 1
    assert reasons(found) == {1: "it is longer than 1 MiB"}


def test_formulas_are_of_elements_in_their_order() -> None:
    assert all(map(is_formula, ("Si", "LiFePO4", "C6H6", "NaCl", "H2O")))
    assert not any(map(is_formula, ("", "BOB", "ClNa", "Si0", "Jdoe", "Si8Si8", "SiJdoe", "Si\n", "Si" * 200, "si")))


def test_what_steers_a_terminal_is_not_shown() -> None:
    assert shown("a\x1b[31m\nb\ud800") == "a?[31m?b?"
    assert len(shown("x" * 10_000)) < 400


def test_everything_in_the_community_folder_can_be_taken() -> None:
    folder = Path(__file__).parents[2] / "community"
    assert (folder / "README.md").is_file()
    assert read(*sorted(folder.glob("*.jsonl"))).refused == []
