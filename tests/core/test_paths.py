"""Folders are where the user says, and are not created before they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlipguide.core import paths
from mlipguide.core.errors import ExitCode, StorageError

CACHED = [paths.environments_dir, paths.weights_dir, paths.logs_dir]


def test_variables_choose_the_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    assert paths.cache_dir() == tmp_path / "cache"
    assert paths.data_dir() == tmp_path / "data"
    assert all(folder().parent == tmp_path / "cache" for folder in CACHED)
    assert paths.measurements_dir().parent == tmp_path / "data"
    assert list(tmp_path.iterdir()) == []


def test_home_and_relative_paths_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(paths.CACHE_VARIABLE, "~/cache")
    assert paths.cache_dir() == tmp_path / "cache"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.CACHE_VARIABLE, "here")
    assert paths.cache_dir() == tmp_path / "here"


@pytest.mark.parametrize("folder", [paths.cache_dir, paths.data_dir])
@pytest.mark.parametrize("value", [None, ""])
def test_without_variables_the_platform_decides(
    folder: Callable[[], Path], value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (paths.CACHE_VARIABLE, paths.DATA_VARIABLE):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert folder().is_absolute()
    assert "mlipguide" in folder().parts


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert paths.make_folder(folder) == folder
    assert paths.make_folder(folder).is_dir()


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as caught:
        paths.make_folder(tmp_path / "file")
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert paths.CACHE_VARIABLE in caught.value.hint


def test_a_folder_that_may_not_be_written_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="permission denied"):
        paths.make_folder(tmp_path)
