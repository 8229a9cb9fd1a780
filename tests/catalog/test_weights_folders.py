"""Checkpoints that are on the machine already are found in the user's folders, by their checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from factories import make_card
from mlipguide.catalog.weights import FOLDERS_VARIABLE, find_weights, place_weights
from mlipguide.core.errors import InputError
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.terms import WeightsOrigin

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv(FOLDERS_VARIABLE, os.pathsep.join([str(tmp_path / "none"), str(tmp_path / "mine")]))


def card(sha256: str | None) -> ModelCard:
    url = "https://a.invalid/one/state.pt"
    return make_card("net", weights=WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="net", url=url, sha256=sha256))


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_file_with_the_published_checksum_is_taken_wherever_it_is(tmp_path: Path) -> None:
    assert find_weights(card(SHA256), {}) is None
    put(tmp_path / "mine" / "a" / "state.pt", b"another model's")
    assert find_weights(card(SHA256), {}) is None
    file = put(tmp_path / "mine" / "b" / "state.pt")
    assert find_weights(card(SHA256), {}) == file


def test_without_a_published_checksum_only_the_models_own_folder_counts(tmp_path: Path) -> None:
    put(tmp_path / "mine" / "b" / "state.pt")
    assert find_weights(card(None), {}) is None
    file = put(tmp_path / "mine" / "net" / "state.pt")
    assert find_weights(card(None), {}) == file


def test_what_the_user_names_comes_first(tmp_path: Path) -> None:
    put(tmp_path / "mine" / "net" / "state.pt")
    named = put(tmp_path / "named.pt", b"x")
    assert find_weights(card(SHA256), {"net": named}) == named


@pytest.mark.parametrize("name", ["net.ckpt", "net/another-name.pt"])
def test_the_published_checksum_finds_it_under_the_models_name_too(tmp_path: Path, name: str) -> None:
    put(tmp_path / "mine" / "other" / "another-name.pt")
    assert find_weights(card(SHA256), {}) is None
    file = put(tmp_path / "mine" / name)
    assert find_weights(card(SHA256), {}) == file


def test_a_checksum_that_stands_beside_it_must_be_its_own(tmp_path: Path) -> None:
    file = put(tmp_path / "mine" / "net" / "state.pt")
    stated = put(file.with_name("state.pt.sha256"), f"{SHA256}  state.pt\n".encode())
    assert find_weights(card(None), {}) == file
    stated.write_text(f"{'0' * 64}  state.pt\n", encoding="utf-8")
    assert find_weights(card(None), {}) is None


def test_weights_that_were_brought_lie_where_a_download_would(tmp_path: Path) -> None:
    placed = place_weights(card(SHA256), put(tmp_path / "brought" / "a"), SHA256)
    assert placed == tmp_path / "cache" / "weights" / "net" / "state.pt"
    assert find_weights(card(SHA256), {}) == placed
    assert place_weights(card(None), put(tmp_path / "brought" / "a"), SHA256) == placed, "the same again is no matter"
    with pytest.raises(InputError, match="is another file than the one that was brought"):
        place_weights(card(None), put(tmp_path / "brought" / "b", b"other"), hashlib.sha256(b"other").hexdigest())
    with pytest.raises(InputError, match="is not the checkpoint that its card is of"):
        place_weights(card("0" * 64), put(tmp_path / "brought" / "c"), SHA256)
