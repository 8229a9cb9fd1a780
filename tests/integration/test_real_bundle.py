"""A bundle of a real backend builds its environment where nothing can be reached, and that computes the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ase.build import molecule

from fake_models import Run
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import ExitCode
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.worker_session import SessionRequest, open_session

pytestmark = pytest.mark.integration

BACKEND, MODEL = "tblite", "gfn2-xtb"
SETTINGS = Settings(threads=1, dtype="float64", device="cpu", driver="ase", allocator=Allocator.RETAIN)


def energy_ev(environment: Environment) -> float:
    """Return what the model computes for water in an environment; its last digits differ between processes."""
    session = open_session(
        SessionRequest(
            card=load_catalogue().find(MODEL),
            recipe=find_recipe(BACKEND),
            environment=environment,
            settings=SETTINGS,
            weights_file=None,
            synthetic=False,
            memory_limit_bytes=None,
        )
    )
    try:
        return session.single_point(molecule("H2O")).energy_ev
    finally:
        session.close()


def test_a_bundle_builds_without_network_and_computes_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = find_environment(find_recipe(BACKEND))
    if before.state is not EnvironmentState.READY:
        before = build_environment(find_recipe(BACKEND), has_nvidia_gpu=False)
    release = ".".join(str(before.python_version).split(".")[:2])
    path = tmp_path / "bundle.tar"
    assert run("env", "pack", BACKEND, "--python", release, "-o", path).code == ExitCode.DONE
    expected = energy_ev(before)

    for folder, variable in (("home", "HOME"), ("tmp", "TMPDIR")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / folder))
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    outcome = run("env", "build", "--from", path)
    assert outcome.code == ExitCode.DONE, outcome.err
    built = find_environment(find_recipe(BACKEND))
    assert (built.kind, built.state) == (EnvironmentKind.MANAGED, EnvironmentState.READY)
    assert str(built.location).startswith(str(tmp_path / "cache"))
    assert built.versions == before.versions
    assert energy_ev(built) == pytest.approx(expected, abs=1e-6)
    assert [*(tmp_path / "home").rglob("*"), *(tmp_path / "tmp").rglob("*")] == [], "written outside"
