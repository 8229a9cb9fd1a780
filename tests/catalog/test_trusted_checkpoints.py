"""Checkpoint files that would run code: found without loading them, asked about once, and never another file's yes."""

from __future__ import annotations

import pickle
import pickletools
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest

from fake_models import fake_card
from mlipguide.candidates.preparation import NO_CONSENT, Consent, require_trust
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.pickles import imported_names
from mlipguide.catalog.trusted_checkpoints import unvouched_names, vouch
from mlipguide.catalog.weights import download_weights, find_weights
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE, trusted_checkpoints_file
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.terms import WeightsOrigin


class Evil:
    """Runs a command where it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        """Return what a pickle calls."""
        return print, ("loaded",)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    path = tmp_path / "evil.model"
    path.write_bytes(pickle.dumps({"weights": [1.0], "model": Evil()}))
    return path


def archive(path: Path, data: bytes, *, member: str = "archive/data.pkl") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, data)
        file.writestr("archive/data/0", b"\0" * 64)
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_a_pickle_imports_is_read_without_loading_it(
    tmp_path: Path, protocol: int, capsys: pytest.CaptureFixture[str]
) -> None:
    data = pickle.dumps(["a", "a", {"b": Evil()}], protocol=protocol)
    raw = tmp_path / "raw.pt"
    raw.write_bytes(data)
    assert imported_names(raw) in {("builtins.print",), ("__builtin__.print",)}
    assert imported_names(archive(tmp_path / "zip.pt", data)) in {("builtins.print",), ("__builtin__.print",)}
    assert capsys.readouterr().out == ""


def test_a_second_pickle_and_one_that_is_cut_short_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "two.pt"
    path.write_bytes(pickle.dumps([1]) + pickle.dumps(Evil()))
    assert imported_names(path) == ("builtins.print",)
    path.write_bytes(pickle.dumps(Evil())[:-2])
    assert imported_names(path) == ("builtins.print",)


def test_a_name_out_of_the_memo_is_found(tmp_path: Path) -> None:
    data = pickle.dumps(["print", "builtins", Evil(), Evil()], protocol=4)
    assert any(operation.name in {"BINGET", "LONG_BINGET"} for operation, *_ in pickletools.genops(data))
    path = tmp_path / "memo.pt"
    path.write_bytes(data)
    assert imported_names(path) == ("builtins.print",)


def test_plain_data_and_files_that_are_no_pickle_import_nothing(tmp_path: Path) -> None:
    tensors = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00ctorch\nFloatStorage\nq\x01."
    assert imported_names(archive(tmp_path / "tensors.pt", tensors)) == ()
    assert imported_names(archive(tmp_path / "dict.pt", pickle.dumps(OrderedDict(a=1)))) == ()
    for name, data in (
        ("a.json", b'{"files": []}'),
        ("empty", b""),
        ("text", b"weights"),
        ("words", b"cut\noff\nat 5 A\n"),
        ("zip", b"PK\x03\x04broken"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert imported_names(path) == ()


def test_an_archive_of_torchscript_is_no_python(tmp_path: Path) -> None:
    path = archive(tmp_path / "deployed.pt", pickle.dumps(Evil()), member="deployed/data.pkl")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("deployed/constants.pkl", pickle.dumps(()))
    assert imported_names(path) == ()


def test_a_file_that_runs_code_is_asked_about_once(evil: Path) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    yes = Consent(granted=False, ask=agree)
    require_trust(evil, yes)
    require_trust(evil, yes)
    require_trust(evil, NO_CONSENT)
    (question,) = asked
    assert "builtins.print" in question
    assert str(evil) in question


def test_nobody_to_ask_is_a_refusal_that_says_why(evil: Path) -> None:
    with pytest.raises(InputError) as caught:
        require_trust(evil, NO_CONSENT)
    assert caught.value.kind == "untrusted_checkpoint"
    assert "runs code" in caught.value.message
    assert sha256_of(evil) in caught.value.hint
    assert not trusted_checkpoints_file().exists()


def test_another_file_at_the_same_place_is_asked_about_again(evil: Path) -> None:
    vouch(evil)
    assert unvouched_names(evil) == ()
    evil.write_bytes(pickle.dumps([Evil(), 2]))
    assert unvouched_names(evil) == ("builtins.print",)


def test_the_publishers_checksum_vouches_for_a_file(evil: Path) -> None:
    card = downloaded("https://example.invalid/evil.model", sha256=sha256_of(evil))
    assert unvouched_names(evil, card) == ()
    assert unvouched_names(evil, downloaded("https://example.invalid/evil.model")) == ("builtins.print",)


def test_a_damaged_list_vouches_for_nothing(evil: Path) -> None:
    vouch(evil)
    trusted_checkpoints_file().write_bytes(b"\xff\x00" * 50)
    assert unvouched_names(evil) == ("builtins.print",)


def downloaded(url: str, sha256: str | None = None) -> ModelCard:
    weights = WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="a", url=url, sha256=sha256)
    return replace(fake_card("fake-a"), weights=weights)


def silent(_message: str) -> None:
    """Tell nobody."""


def test_a_download_is_compared_with_what_its_publisher_states(evil: Path) -> None:
    card = downloaded(evil.as_uri(), sha256=sha256_of(evil))
    assert download_weights(card, silent).read_bytes() == evil.read_bytes()
    assert find_weights(card, {}) is not None
    other = replace(downloaded(evil.as_uri(), sha256="0" * 64), id="fake-b")
    with pytest.raises(MeasurementFailedError, match=sha256_of(evil)) as caught:
        download_weights(other, silent)
    assert "0" * 64 in caught.value.message
    assert find_weights(other, {}) is None


def test_a_download_without_a_published_checksum_is_compared_with_the_first(evil: Path) -> None:
    card = downloaded(evil.as_uri())
    target = download_weights(card, silent)
    assert find_weights(card, {}) == target
    target.write_bytes(b"something else")
    with pytest.raises(InputError) as caught:
        find_weights(card, {})
    assert caught.value.kind == "checkpoint"
    assert sha256_of(evil) in caught.value.message
    assert "Delete it" in caught.value.hint


def test_a_file_from_before_checksums_were_kept_is_taken_as_it_is(evil: Path) -> None:
    card = downloaded(evil.as_uri())
    target = download_weights(card, silent)
    kept = target.with_name(f"{target.name}.sha256")
    kept.unlink()
    assert find_weights(card, {}) == target
    assert kept.read_text(encoding="utf-8").startswith(sha256_of(evil))
