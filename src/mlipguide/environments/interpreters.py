"""Asking another Python interpreter what it is and what it can import."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mlipguide.core.paths import cache_dir
from mlipguide.core.processes import ended_on_exit, start_group
from mlipguide.core.serialisation import from_plain
from mlipguide.environments import interpreter_probe
from mlipguide.records.hardware.environment import TorchTargets

IMPORT_TIMEOUT_S = 180.0
"""Importing torch takes seconds from a local disk and may take minutes from a busy network file system."""
COMPILED_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
"""Where torch keeps compiled kernels."""
VERSIONS_TIMEOUT_S = 60.0
NONE: Mapping[str, str] = MappingProxyType({})

_REMOVED = ("PYTHON", "CONDA_", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""Beginnings of names. Of Python's own variables none stays: they say where packages are, or, as
``PYTHONDONTWRITEBYTECODE`` does, make every import of torch several times slower."""


@dataclass(frozen=True, kw_only=True)
class InterpreterReport:
    """What an interpreter said about itself.

    Attributes:
        python_version: Its version; None when it did not run.
        versions: Versions of the packages asked for, as far as they are installed.
        folders: Folders that packages are installed in.
        problem: Why it does not run or which module does not import there; None when all is well.
        torch_targets: What its torch was built for; None where no module imported it.
        output: Whatever was printed meanwhile.
    """

    python_version: str | None
    versions: dict[str, str]
    folders: tuple[str, ...]
    problem: str | None
    output: str
    torch_targets: TorchTargets | None = None


def clean_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` without what would lead another interpreter to packages that are not its own, or slow it down.

    Search path, home, proxies, ``LD_LIBRARY_PATH``, ``OMP_*`` and the like stay.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(_REMOVED)}
    return {**kept, "PYTHONNOUSERSITE": "1"}


def stamps_of(paths: Iterable[str]) -> dict[str, int]:
    """Return the times of change of files and folders, in ns since 1970; of those that are there."""
    stamps = {}
    for path in paths:
        with suppress(OSError):
            stamps[path] = Path(path).stat().st_mtime_ns
    return stamps


def runs(python: Path) -> bool:
    """Tell whether an interpreter is there and may be started by this user."""
    return os.access(python, os.X_OK)


def query_interpreter(
    python: Path,
    *,
    distributions: Sequence[str],
    modules: Sequence[str] = (),
    variables: Mapping[str, str] = NONE,
    timeout_s: float | None = None,
    untouched: bool = False,
) -> InterpreterReport:
    """Ask ``python`` for its version and packages and, whether ``modules`` import.

    Nothing is raised for an interpreter that does not run, crashes or hangs: the report says so.

    Args:
        python: Path of the interpreter.
        distributions: Names of packages whose versions are wanted.
        modules: What to import, in this order; none asks for versions only, which takes some 0.1 s.
        variables: Environment variables that it is run with beside those of this process.
        timeout_s: When to give up; by default 180 s with an import, 60 s without.
        untouched: Keep no compiled modules where its packages are, since they are somebody else's.

    Raises:
        KeyboardInterrupt: Ctrl-C; the interpreter is ended first.
    """
    timeout = timeout_s if timeout_s is not None else (IMPORT_TIMEOUT_S if modules else VERSIONS_TIMEOUT_S)
    flags = ["-I", "-B"] if untouched or not modules else ["-I"]
    command = [str(python), *flags, interpreter_probe.__file__, *modules, "-", *distributions]
    try:
        with Path(os.devnull).open("ab") as nothing:
            process = start_group(
                command, env={**_surroundings(modules), **variables}, log=nothing, stdout=subprocess.PIPE
            )
    except OSError as error:
        return _failed(f"{python} does not run: {error.strerror or error}")
    with ended_on_exit(process):
        try:
            raw, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return _failed(f"{python} did not answer within {timeout:g} s")
        finally:
            assert process.stdout is not None
            process.stdout.close()
    return _read_answer(python, modules, raw.decode("utf-8", "replace"), process.returncode)


def _surroundings(modules: Sequence[str]) -> dict[str, str]:
    """Return the variables of an interpreter that is asked; torch makes its folder of compiled kernels when imported.

    By default that is in the folder of temporary files; here it is in the cache.
    """
    surroundings = clean_environment(os.environ)
    return {COMPILED_VARIABLE: str(cache_dir() / "torchinductor"), **surroundings} if modules else surroundings


def _read_answer(python: Path, modules: Sequence[str], output: str, status: int) -> InterpreterReport:
    noise, mark, answer = output.rpartition(interpreter_probe.MARK)
    noise = noise.strip()
    if not mark:
        tail = output.strip().splitlines()[-1:] or [f"exit status {status}"]
        doing = f"ended while importing {', '.join(modules)}" if modules else "does not run as Python"
        how = f"signal {-status}" if status < 0 else tail[0]
        return _failed(f"{python} {doing}: {how}", output.strip())
    fields = json.loads(answer.splitlines()[0])
    problem = fields["problem"]
    return InterpreterReport(
        python_version=fields["python_version"],
        versions=fields["versions"],
        folders=tuple(fields["folders"]),
        problem=problem.splitlines()[0] if problem else None,
        output=f"{noise}\n{problem or ''}".strip(),
        torch_targets=None if fields["torch"] is None else from_plain(TorchTargets, fields["torch"], what=str(python)),
    )


def _failed(problem: str, output: str = "") -> InterpreterReport:
    return InterpreterReport(python_version=None, versions={}, folders=(), problem=problem, output=output)
