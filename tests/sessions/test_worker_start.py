"""A worker starts in surroundings of its own, says hello, and anything else is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk

from mlipguide.core.errors import EnvironmentFailedError, StorageError
from mlipguide.core.paths import CACHE_VARIABLE
from mlipguide.environments.interpreters import clean_environment
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.timing.measurement import Allocator
from mlipguide.sessions import worker_files
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.worker_files import PACKAGE, worker_environment, worker_folder
from mlipguide.sessions.worker_process import WorkerProcess
from mlipguide.sessions.worker_session import open_session
from toy_plugin import SETTINGS, ToyPlugin

ROOT = Path(worker_files.__file__).parent.parent / "worker"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


def start_fake(tmp_path: Path, main: str, *, handshake_timeout_s: float = 20.0) -> WorkerProcess:
    """Start a worker whose program is ``main``, which finds ``answer`` to write to the host."""
    package = tmp_path / "fake" / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        f"import os, sys\nanswer = os.fdopen(int(sys.argv[3]), 'w')\n{main}\n", encoding="utf-8"
    )
    folder = package.parent
    return WorkerProcess(
        python=Path(sys.executable),
        environment=worker_environment({}, folder, threads=1, retain_memory=False),
        folder=folder,
        log=tmp_path / "worker.log",
        name="fake",
        memory_limit_bytes=None,
        handshake_timeout_s=handshake_timeout_s,
    )


@pytest.mark.parametrize(
    ("main", "says"),
    [
        ("print('{\"protocol\": 99}', file=answer, flush=True)\nsys.stdin.read()", "speaks protocol 99"),
        ("print('{}', file=answer, flush=True)", "speaks protocol None"),
        ("import time\ntime.sleep(60)", "did not answer the handshake within 0.5 s"),
        ("raise SystemExit(3)", "ended with status 3"),
        ("import no_such_module", "ended with status 1"),
    ],
    ids=["newer", "without", "silent", "ends", "fails"],
)
def test_a_worker_that_does_not_greet_is_refused(tmp_path: Path, main: str, says: str) -> None:
    silent = "sleep" in main
    with pytest.raises(SessionError, match=says) as raised:
        start_fake(tmp_path, main, handshake_timeout_s=0.5 if silent else 20.0)
    assert raised.value.failure is FailureKind.HANDSHAKE
    assert str(tmp_path / "worker.log") in raised.value.hint


def test_an_unknown_kind_of_failure_is_the_backends(tmp_path: Path) -> None:
    answers = [
        {"protocol": 1},
        {"id": 1, "ok": False, "error": {"kind": "moon phase", "message": "too full"}},
    ]
    main = "".join(f"print({json.dumps(json.dumps(answer))}, file=answer, flush=True)\n" for answer in answers)
    process = start_fake(tmp_path, f"{main}import time\ntime.sleep(60)")
    try:
        with pytest.raises(SessionError, match="fake: too full") as raised:
            process.request("load", timeout_s=5)
        assert raised.value.failure is FailureKind.BACKEND
    finally:
        process.close()


def test_a_worker_that_does_not_read_is_ended_in_time(tmp_path: Path) -> None:
    process = start_fake(tmp_path, "print('{\"protocol\": 1}', file=answer, flush=True)\nimport time\ntime.sleep(60)")
    try:
        with pytest.raises(SessionError) as raised:
            process.request("single_point", timeout_s=0.5, structure="x" * 10**6)
        assert raised.value.failure is FailureKind.TIMEOUT
    finally:
        process.close()


def test_last_words_without_memory_are_exhausted_memory(tmp_path: Path) -> None:
    process = start_fake(
        tmp_path,
        "print('{\"protocol\": 1}', file=answer, flush=True)\n"
        "import time; time.sleep(0.5)\n"
        "print(\"terminate called after throwing an instance of 'std::bad_alloc'\", flush=True)\n"
        "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()",
    )
    with pytest.raises(SessionError, match=r"ran out of memory .*SIGABRT") as raised:
        process.request("load", timeout_s=10)
    assert raised.value.failure is FailureKind.OUT_OF_MEMORY


def test_an_interpreter_that_is_gone_is_told(toy_plugin: ToyPlugin) -> None:
    request = toy_plugin.request()
    gone = replace(request.environment, python="/nowhere/python")
    with pytest.raises(SessionError, match=r"cannot start /nowhere/python") as raised:
        open_session(replace(request, environment=gone))
    assert raised.value.failure is FailureKind.HANDSHAKE


def test_a_missing_environment_is_told_with_the_command(toy_plugin: ToyPlugin) -> None:
    request = toy_plugin.request()
    missing = replace(request.environment, state=EnvironmentState.MISSING, python=None)
    with pytest.raises(EnvironmentFailedError, match="is missing") as raised:
        open_session(replace(request, environment=missing))
    assert raised.value.hint == "mlipguide env build toy"


def test_the_users_surroundings_do_not_reach_the_worker(
    toy_plugin: ToyPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both on the search path and in the current folder, there is a broken numpy.
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "numpy.py").write_text("raise RuntimeError('the wrong numpy')\n", encoding="utf-8")
    request = toy_plugin.request()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(folder)
    session = open_session(request)
    try:
        assert session.single_point(bulk("Cu")).pairs_per_atom > 0
    finally:
        session.close()


def test_variables_of_the_worker(tmp_path: Path) -> None:
    base = clean_environment(
        {
            "PATH": "/bin",
            "PYTHONPATH": "/elsewhere",
            "PYTHONHOME": "/elsewhere",
            "VIRTUAL_ENV": "/elsewhere",
            "OMP_NUM_THREADS": "64",
            "GLIBC_TUNABLES": "glibc.malloc.check=3",
        }
    )
    variables = worker_environment(base, tmp_path, threads=3, retain_memory=True)
    assert variables["PATH"] == "/bin"
    assert variables["PYTHONPATH"] == str(tmp_path)
    assert variables["PYTHONNOUSERSITE"] == "1"
    assert "PYTHONHOME" not in variables
    assert "VIRTUAL_ENV" not in variables
    assert {variables[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"3"}
    assert variables["GLIBC_TUNABLES"].startswith("glibc.malloc.check=3:glibc.malloc.mmap_threshold=")
    plain = worker_environment({}, tmp_path, threads=1, retain_memory=False)
    assert "GLIBC_TUNABLES" not in plain


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_worker_that_retains_memory_still_runs(toy_plugin: ToyPlugin) -> None:
    settings = replace(SETTINGS, allocator=Allocator.RETAIN)
    with toy_plugin.opened(settings=settings) as session:
        assert session.single_point(bulk("Cu")).pairs_per_atom > 0
        session.release_memory()


def test_the_folder_holds_the_worker_alone() -> None:
    folder = worker_folder()
    assert [path.name for path in folder.iterdir()] == [PACKAGE]
    copied = {path.relative_to(folder / PACKAGE) for path in (folder / PACKAGE).rglob("*.py")}
    assert copied == {path.relative_to(ROOT) for path in ROOT.rglob("*.py")}
    assert worker_folder() == folder


def test_a_plugins_file_gives_another_folder(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text("def load(request): ...\n", encoding="utf-8")
    first = worker_folder(plugin)
    assert first != worker_folder()
    assert (first / PACKAGE / "backends" / "mine.py").is_file()
    plugin.write_text("def load(request): return None\n", encoding="utf-8")
    assert worker_folder(plugin) != first


def test_files_that_the_site_deleted_are_put_back() -> None:
    folder = worker_folder()
    for path in (folder / PACKAGE).rglob("*.py"):
        if path.name != "service.py":
            path.unlink()
    assert worker_folder() == folder
    copied = {path.relative_to(folder / PACKAGE) for path in (folder / PACKAGE).rglob("*.py")}
    assert copied == {path.relative_to(ROOT) for path in ROOT.rglob("*.py")}
    assert len(list(folder.parent.iterdir())) == 1


def test_two_processes_make_one_folder() -> None:
    code = "from mlipguide.sessions.worker_files import worker_folder; print(worker_folder())"
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=os.environ.copy(), stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    folders = {process.communicate(timeout=60)[0].strip() for process in started}
    assert {process.returncode for process in started} == {0}
    (folder,) = folders
    assert [path.name for path in Path(folder).parent.iterdir()] == [Path(folder).name]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match="Cannot write"):
        worker_folder()
