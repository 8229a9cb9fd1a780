"""YAML is read safely; the package's own files come from one file of JSON, and are the same."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from mlipguide.core import yaml_files
from mlipguide.core.errors import InputError
from mlipguide.core.paths import CACHE_VARIABLE, indexes_dir
from mlipguide.core.yaml_files import read_yaml


def test_yaml_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: [1, 2]\nb: Å\n", encoding="utf-8")
    assert read_yaml(path) == {"a": [1, 2], "b": "Å"}


@pytest.mark.parametrize("content", [b"a: [1,\nb: }", b"\xff\xfe\xfa", b"a: !!python/object:os.system {}"])
def test_what_is_not_yaml_is_refused_with_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.yaml"):
        read_yaml(path)


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    levels = "".join(f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in pairwise("abcdefgh"))
    path.write_text(f"a: &a [x, x, x, x, x, x, x, x, x]\n{levels}", encoding="utf-8")
    with pytest.raises(InputError, match="stand for more than 1,000,000 values"):
        read_yaml(path)
    path.write_text("models: &m [*m]\n", encoding="utf-8")
    with pytest.raises(InputError, match="not valid YAML"):
        read_yaml(path)
    path.write_text("a: &a [1, 2]\nb: *a\n", encoding="utf-8")
    assert read_yaml(path) == {"a": [1, 2], "b": [1, 2]}


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(InputError, match="Cannot read"):
            read_yaml(path)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands in for the package's data, with two files and nothing kept of them."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = tmp_path / "data"
    (folder / "models").mkdir(parents=True)
    (folder / "models/a.yaml").write_text("id: a\nlayers: 3\n")
    (folder / "dates.yaml").write_text("day: 2026-01-31\n1: one\n")
    monkeypatch.setattr(yaml_files, "PACKAGED", folder)
    start_anew()
    return folder


def start_anew() -> None:
    """Forget what this process knows, as a new process would."""
    yaml_files._packaged.cache_clear()


def kept_file() -> Path:
    (found,) = indexes_dir().glob("packaged-*.json")
    return found


def test_files_of_the_package_are_parsed_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_yaml(package / "models/a.yaml") == {"id": "a", "layers": 3}
    start_anew()
    monkeypatch.setattr(yaml_files, "_parsed", lambda path: pytest.fail(f"{path} was parsed again"))
    assert read_yaml(package / "models/a.yaml") == {"id": "a", "layers": 3}


def test_what_json_cannot_hold_is_parsed_each_time(package: Path) -> None:
    first = read_yaml(package / "dates.yaml")
    start_anew()
    assert read_yaml(package / "dates.yaml") == first
    assert list(json.loads(kept_file().read_text())["documents"]) == [str(package / "models/a.yaml")]


def test_a_changed_file_is_read_as_it_is_now(package: Path) -> None:
    read_yaml(package / "models/a.yaml")
    (package / "models/a.yaml").write_text("id: changed\n")
    start_anew()
    assert read_yaml(package / "models/a.yaml") == {"id": "changed"}


def test_who_changes_a_document_changes_no_other(package: Path) -> None:
    read_yaml(package / "models/a.yaml")["id"] = "mine"
    assert read_yaml(package / "models/a.yaml")["id"] == "a"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"state": []}', '{"state": null, "documents": {}}'])
def test_a_damaged_file_is_made_anew(package: Path, text: str) -> None:
    read_yaml(package / "models/a.yaml")
    whole = kept_file().read_text()
    kept_file().write_text(text)
    start_anew()
    assert read_yaml(package / "models/a.yaml") == {"id": "a", "layers": 3}
    assert kept_file().read_text() == whole


def test_a_folder_that_cannot_be_written_does_not_matter(package: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder would be")
    assert read_yaml(package / "models/a.yaml")["id"] == "a"


def test_a_broken_file_of_the_package_is_named_by_who_reads_it(package: Path) -> None:
    (package / "broken.yaml").write_text("a: [1, 2")
    assert read_yaml(package / "models/a.yaml")["id"] == "a"
    with pytest.raises(InputError, match=r"broken\.yaml"):
        read_yaml(package / "broken.yaml")
