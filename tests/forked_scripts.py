"""Scripts in forks of a process that has imported what they import: the same runs, each a second sooner.

Those tests that are about the process itself, its signals and its end, start a true one.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from mlipguide.sessions.worker_files import RETAIN_TUNABLES

IMPORTED = (
    "ase.constraints",
    "ase.dft.kpoints",
    "ase.filters",
    "ase.io.extxyz",
    "ase.md.langevin",
    "ase.md.nptberendsen",
    "ase.mep",
    "ase.neighborlist",
    "ase.optimize",
    "phonopy",
    __name__,
)
LIMIT_S = 120.0


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    return context


def _child(
    script: str, words: Sequence[str], environment: Mapping[str, str], folder: str, outputs: Sequence[str]
) -> None:
    for number, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [script, *words]
    sys.path[:0] = [str(Path(script).parent), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    runpy.run_path(script, run_name="__main__")


def start_script(
    script: Path, *words: str | Path, env: Mapping[str, str] | None = None, timeout_s: float = LIMIT_S
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, as ``subprocess.run`` with this interpreter would.

    Raises:
        TimeoutError: It took longer than ``timeout_s``; it is ended first.
    """
    environment = {**(os.environ if env is None else env), "GLIBC_TUNABLES": RETAIN_TUNABLES}  # else it starts anew
    with tempfile.TemporaryDirectory() as folder:
        outputs = [f"{folder}/{name}" for name in ("out", "err")]
        given = (str(script), [str(word) for word in words], environment, str(Path.cwd()), outputs)
        process = _context().Process(target=_child, args=given)
        process.start()
        process.join(timeout_s)
        late = process.is_alive()
        if late:
            process.kill()
            process.join()
        out, err = (Path(path).read_text(encoding="utf-8") if Path(path).exists() else "" for path in outputs)
    if late:
        raise TimeoutError(f"{script} was ended after {timeout_s:g} s")
    assert process.exitcode is not None
    return subprocess.CompletedProcess([str(script), *map(str, words)], process.exitcode, out, err)


@pytest.fixture
def forked_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scripts be tried in forks before they are handed over."""

    def run_logged(
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None],
        timeout_s: float,
    ) -> int:
        python, script, *words = command
        assert python == sys.executable
        done = start_script(Path(script), *words, env=env, timeout_s=timeout_s)
        log.write_text(done.stderr + done.stdout, encoding="utf-8")
        for line in done.stdout.splitlines():
            on_line(line)
        return done.returncode

    monkeypatch.setattr("mlipguide.production.smoke_test.run_logged", run_logged)
