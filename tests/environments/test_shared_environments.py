"""Environments that somebody keeps for all users: found like one's own, and never written to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlipguide.environments.builds import build_environment
from mlipguide.environments.managed_folders import size_bytes
from mlipguide.environments.removal import remove_environment, remove_unused
from mlipguide.environments.resolution import check_environment, find_environment, set_aside_files
from mlipguide.environments.shared_folders import FOLDERS_VARIABLE, left_clean
from mlipguide.records.hardware.environment import EnvironmentKind, EnvironmentState, Recipe
from small_wheels import state_of

FakeUv = Callable[[str], Path]


@pytest.fixture
def kept(tiny: Recipe, fake_uv: FakeUv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build an environment as a maintainer does, and become a user to whom it is named."""
    fake_uv("true")
    site = tmp_path / "site"
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(site))
    build_environment(tiny, has_nvidia_gpu=False)
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv(FOLDERS_VARIABLE, os.pathsep.join([str(tmp_path / "none"), str(site)]))
    return site


def folder_in(kept: Path) -> Path:
    (folder,) = (path for path in (kept / "environments").iterdir() if path.is_dir())
    return folder


def test_it_is_found_checked_and_measured_without_a_trace(tiny: Recipe, kept: Path, tmp_path: Path) -> None:
    before = state_of(kept)
    found = find_environment(tiny)
    assert (found.kind, found.state) == (EnvironmentKind.SHARED, EnvironmentState.READY)
    assert found.location == str(folder_in(kept))
    assert found.owner == kept.owner()
    assert check_environment(tiny).state is EnvironmentState.READY
    assert size_bytes(folder_in(kept)) > 0
    assert set_aside_files(["tiny"]) == ()
    assert state_of(kept) == before
    assert not (tmp_path / "cache").exists(), "nor is anything needed of one's own"


def test_the_folder_of_the_environments_itself_will_do(
    tiny: Recipe, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDERS_VARIABLE, str(kept / "environments"))
    assert find_environment(tiny).kind is EnvironmentKind.SHARED


def test_its_interpreter_writes_no_compiled_modules(tiny: Recipe, kept: Path, tmp_path: Path) -> None:
    del kept
    python = str(find_environment(tiny).python)
    assert left_clean(python) == {"PYTHONDONTWRITEBYTECODE": "1"}
    assert left_clean(tmp_path / "bin" / "python") == {}


def test_one_of_ones_own_comes_first_unless_it_broke(tiny: Recipe, kept: Path) -> None:
    own = build_environment(tiny, has_nvidia_gpu=False)
    assert find_environment(tiny) == own
    Path(str(own.python)).unlink()
    assert find_environment(tiny).location == str(folder_in(kept))


def test_another_recipe_does_not_take_it(tiny: Recipe, kept: Path) -> None:
    del kept
    assert find_environment(replace(tiny, requirements=("six==1.16.0",))).state is EnvironmentState.MISSING


def test_it_is_never_removed(tiny: Recipe, kept: Path) -> None:
    before = state_of(kept)
    assert remove_environment(tiny).removed == ()
    assert remove_unused().removed == ()
    assert state_of(kept) == before


def test_one_that_anybody_may_change_is_not_run(tiny: Recipe, kept: Path) -> None:
    folder_in(kept).chmod(0o777)
    found = find_environment(tiny)
    assert (found.kind, found.state) == (EnvironmentKind.SHARED, EnvironmentState.BROKEN)
    assert "Anybody may write into" in str(found.problem)
    assert check_environment(tiny) == found


def test_one_whose_interpreter_is_gone_is_broken(tiny: Recipe, kept: Path) -> None:
    (folder_in(kept) / "bin" / "python").unlink()
    found = find_environment(tiny)
    assert (found.kind, found.state) == (EnvironmentKind.SHARED, EnvironmentState.BROKEN)
    assert "you may not run it" in str(found.problem)


def test_a_damaged_manifest_is_told_and_left_alone(tiny: Recipe, kept: Path) -> None:
    (folder_in(kept) / "ready.json").write_text("{", encoding="utf-8")
    before = state_of(kept)
    assert find_environment(tiny).state is EnvironmentState.MISSING
    (notice,) = set_aside_files(["tiny"])
    assert str(folder_in(kept)) in notice.message
    assert state_of(kept) == before
