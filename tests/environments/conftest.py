"""A uv that does as it is told, and folders of their own for every test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlipguide.environments import pip_settings, uv_program
from mlipguide.records.hardware.environment import Recipe

REAL_PIP_CONFIG = pip_settings.read_pip_config
FakeUv = Callable[[str], Path]

VENV = f"""
if [ "$5" = venv ] || [ "$4" = venv ]; then
  for folder in "$@"; do case "$folder" in /*/environments/?*) break;; esac; done
  mkdir -p "$folder/bin" && ln -s "{Path(sys.executable).resolve()}" "$folder/bin/python"
  echo "Creating virtual environment"; echo venv >> "$FAKE_UV_CALLS"; exit 0
fi
echo install "$@" >> "$FAKE_UV_CALLS"
"""


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FAKE_UV_CALLS", str(tmp_path / "calls"))
    monkeypatch.setattr(pip_settings, "read_pip_config", lambda _: {})


@pytest.fixture
def fake_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeUv:
    """Return a function that puts a uv in place whose ``pip install`` runs the given script."""

    def put(install: str) -> Path:
        program = tmp_path / "uv"
        program.write_text(f"#!/bin/sh\n{VENV}\n{install}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(uv_program, "find_uv", lambda: program)
        return program

    return put


@pytest.fixture
def tiny() -> Recipe:
    """Return a recipe whose module every Python has."""
    return Recipe(
        backend="tiny",
        module="json",
        worker="tiny",
        python=">=3.11",
        torch=None,
        requirements=("six==1.17.0",),
    )


@pytest.fixture
def real_pip_config() -> Callable[[Mapping[str, str]], dict[str, str]]:
    """Return the function that reads pip's files, which the tests otherwise do without."""
    return REAL_PIP_CONFIG
