"""Damaged and forged files of shared records: nothing wrong gets in, and nothing crashes.

One fifth of all inputs, 200 by default; ``MLIPGUIDE_FUZZ_INPUTS=5000`` makes them 1,000.
"""

from __future__ import annotations

import json
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fuzz.mutations import ODD_NUMBERS, ODD_WORDS, mutate
from mlipguide.bench.sharing.plausibility import Plausibility
from mlipguide.bench.sharing.reading import FoundLines
from mlipguide.bench.sharing.vocabulary import Vocabulary, vocabulary
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.timing.shared import SharedRecord, signature_of, signed
from mlipguide.store import shared as store
from shared_records import cpu_settings, lines_of, processor_class, shared

INPUTS = max(2, int(os.environ.get("MLIPGUIDE_FUZZ_INPUTS", "1000")) // 5)
SEED = int(os.environ.get("MLIPGUIDE_FUZZ_SEED", "0"))
RECORDS = (
    shared(64),
    shared(128, peak_memory_bytes=None, other_load_share=None),
    shared(256, settings=cpu_settings(dtype="float64")),
    shared(500, formula="LiFePO4", number_density_per_angstrom3=0.0962, pairs_per_atom=50.0),
)
SAME_TYPE = 0.8
"""Share of changes that leave a value of its type: the others end at the schema."""
PRIVATE = ("jdoe", "/home/jdoe/run.cif", "node42.example", "\x1b[31mjdoe", "jdoe\ud800")


@cache
def words() -> Vocabulary:
    return vocabulary(load_catalogue())


@cache
def plausible() -> Plausibility:
    return Plausibility(load_catalogue())


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


def read(path: Path) -> FoundLines:
    found = FoundLines()
    found.read(path, words(), plausible(), own=None)
    found.keep()
    return found


def test_of_damaged_files_only_whole_records_get_in(tmp_path: Path) -> None:
    lines = [json.dumps(signed(one)).encode() + b"\n" for one in RECORDS]
    whole = b"".join(lines)
    path = tmp_path / "damaged.jsonl"
    taken = 0
    for number in range(INPUTS // 2):
        rng = np.random.default_rng([SEED, number, 1])
        path.write_bytes(mutate(whole, [*lines, b"{}\n"], rng))
        found = read(path)
        assert lines_of(record for record, _ in found.records) <= lines_of(RECORDS), f"input {number}"
        assert len(found.records) + found.duplicates + len(found.refused) == found.lines
        taken += len(found.records)
    assert taken <= len(RECORDS)
    assert lines_of(store.find(processor_class()).records) <= lines_of(RECORDS)
    assert store.find(processor_class()).notices == ()


def forged(rng: np.random.Generator) -> dict[str, Any]:
    """Return a record of which some values are others, signed again by who changed them."""
    document = json.loads(json.dumps(signed(RECORDS[int(rng.integers(len(RECORDS)))])))
    for _ in range(int(rng.integers(1, 4))):
        _change(document["shared"], rng)
    plain = document["shared"]
    try:
        document["signature"] = signature_of(1, plain)
    except ValueError:
        document["signature"] = "0" * 64
    return document  # type: ignore[no-any-return]


def _change(plain: Any, rng: np.random.Generator) -> None:
    """Change something in an object or a list, at whatever depth."""
    places = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
    if not places:
        return
    place = places[int(rng.integers(len(places)))]
    if isinstance(plain[place], dict | list) and rng.random() < 0.7:
        _change(plain[place], rng)
        return
    if rng.random() < SAME_TYPE and isinstance(plain[place], str | int | float):
        plain[place] = _odd_of_its_type(plain[place], rng)
        return
    choice = int(rng.integers(5))
    if choice == 0 and isinstance(plain, dict):
        plain[_odd_text(rng)] = plain.pop(place)
    elif choice == 1:
        del plain[place]
    elif choice == 2 and isinstance(plain[place], int | float):
        plain[place] = plain[place] * 10.0 ** float(rng.normal(0.0, 3.0))
    else:
        plain[place] = _odd_value(rng)


def _odd_of_its_type(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}{_odd_text(rng)}" if rng.random() < 0.3 else _odd_text(rng)
    return type(value)(min(value * 10.0 ** float(rng.normal(0.0, 2.0)), 1e15))


def _odd_text(rng: np.random.Generator) -> str:
    texts = (*PRIVATE, *(one.decode(errors="replace") for one in ODD_WORDS))
    return texts[int(rng.integers(len(texts)))]


def _odd_value(rng: np.random.Generator) -> Any:
    values: tuple[Any, ...] = (
        _odd_text(rng), None, True, [], {}, [[]], 0, -1, 1e308, 1e-300, math.nan, math.inf, 10**400, "float64", "Si",
        ODD_NUMBERS[int(rng.integers(len(ODD_NUMBERS)))].decode(), {"jdoe": "1.0"}, ["jdoe"], [0.1, 0.1],
    )  # fmt: skip
    return values[int(rng.integers(len(values)))]


def check_fit(record: SharedRecord) -> None:
    """Assert that nothing in a record is wrong: its words are known, its numbers make sense and can be true."""
    record.check()
    card = words().card(record.model)
    assert card is not None
    assert words().unknown_in(record) is None
    assert plausible().doubt(record, card) is None
    text = json.dumps(signed(record))
    assert not any(private in text for private in ("jdoe", "node42", "home"))


def test_of_forged_records_only_those_get_in_that_could_be_true(tmp_path: Path) -> None:
    path = tmp_path / "forged.jsonl"
    taken: list[SharedRecord] = []
    for number in range(INPUTS // 2):
        rng = np.random.default_rng([SEED, number, 2])
        try:
            text = json.dumps(forged(rng))
        except ValueError:
            continue
        path.write_text(text + "\n", encoding="utf-8")
        found = read(path)
        assert (found.lines, len(found.records) + found.duplicates + len(found.refused)) == (1, 1)
        for record, _ in found.records:
            check_fit(record)
            taken.append(record)
    assert len(taken) < INPUTS // 4
