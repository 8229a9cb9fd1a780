"""Ten steps of a script in the environment that it is meant for, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import ExitCode
from mlipguide.core.processes import run_logged
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.shared_folders import left_clean
from mlipguide.records.task.task import Task, TaskKind

STEPS = 10
START_TIMEOUT_S = 300.0
"""Importing a backend and loading its weights; minutes on a busy network file system."""
PATIENCE = 5.0
"""How much longer than estimated the steps may take."""
DONE = "Reached "
"""What a script says at its end."""
_MISSING = ("ModuleNotFoundError", "ImportError")


def tried_evaluations(task: Task) -> int:
    """Return how often a script evaluates energies and forces in its smoke test, at most."""
    if task.kind is TaskKind.PHONONS:
        return 2 * STEPS  # of the relaxation, and displaced supercells
    if task.kind is TaskKind.NEB:
        return STEPS * (1 + task.images)  # of the first end point, and of the band
    return STEPS


def tried_words(task: Task, atoms: int) -> str:
    """Return what a smoke test did, as the beginning of a sentence."""
    if task.kind is TaskKind.PHONONS:
        return f"{STEPS} steps of the relaxation and up to {STEPS} displacements in {atoms:,} atoms"
    if task.kind is TaskKind.NEB:
        return f"{STEPS} steps of a band to a made-up second end point with {atoms:,} atoms"
    return f"{STEPS} steps with {atoms:,} atoms"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a script is not handed over.

    Attributes:
        reason: What happened, in a sentence.
        log: Everything that the script printed.
        exit_code: Whose fault it is: the environment's, or the run's.
    """

    reason: str
    log: str
    exit_code: ExitCode


def try_script(
    texts: Mapping[str, str],
    script: str,
    *,
    python: str,
    options: Sequence[str] = (),
    timeout_s: float = START_TIMEOUT_S,
    on_line: Callable[[str], None] = lambda _: None,
) -> Failure | None:
    """Run ten steps of a script and return None, or why they failed.

    Args:
        texts: All files by name.
        script: Which of them is started.
        python: The interpreter.
        options: Further options for the script.
        timeout_s: When to give up.
        on_line: Told what the script prints.

    Raises:
        KeyboardInterrupt: Ctrl-C; the script is ended first, and its folder is removed.
    """
    folder = Path(tempfile.mkdtemp(prefix="mlipguide-script-"))
    log = folder / "smoke-test.log"
    try:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        command = [python, str(folder / script), "--steps", str(STEPS), *options]
        variables = {**clean_environment(os.environ), **left_clean(python)}
        try:
            status = run_logged(command, env=variables, log=log, on_line=on_line, timeout_s=timeout_s)
        except TimeoutError:
            return _failure(f"it did not end within {timeout_s:.0f} s", log)
        except OSError as error:
            return Failure(
                reason=f"{python} cannot be started: {error.strerror or error}",
                log="",
                exit_code=ExitCode.ENVIRONMENT_FAILED,
            )
        if status != 0:
            how = f"it was ended by signal {-status}" if status < 0 else f"exit status {status}"
            return _failure(how, log)
        if not any(line.startswith(DONE) for line in _read(log).splitlines()):
            return _failure("it ended without saying that it was done", log)
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _failure(how: str, log: Path) -> Failure:
    text = _read(log)
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it printed nothing")
    missing = last.startswith(_MISSING)
    return Failure(
        reason=f"{how}: {last}",
        log=text,
        exit_code=ExitCode.ENVIRONMENT_FAILED if missing else ExitCode.MEASUREMENT_FAILED,
    )


def _read(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
