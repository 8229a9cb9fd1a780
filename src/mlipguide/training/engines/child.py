"""A training in a child process of a backend's environment, which can be interrupted and taken up again.

The folder of a fit holds the job, the frames, the program's checkpoints, its log, and at the end ``result.json``. Its
``job.json`` carries a key of the recipe, the frames and the versions that train: a folder is continued only by the
question that began it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.core.kept_files import UnusableFileError, read_document, unless_unusable
from mlipguide.core.paths import make_folder
from mlipguide.core.processes import run_logged
from mlipguide.core.readable import duration
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.environments.shared_folders import left_clean
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.training.training import FitRecipe
from mlipguide.sessions.worker_files import PACKAGE, worker_environment, worker_folder
from mlipguide.worker.training.job import FAILURE, FRAMES, MARK, REPLAY, RESULT

JOB, LOG = "job.json", "training.log"
WHAT = "a file of a training"
HINT = "Delete this folder and train again."
DIVERGED = "diverged"


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a child process trains.

    Attributes:
        program: Name in :mod:`mlipguide.worker.training`.
        recipe: What is asked.
        frames_text: Of :func:`.frames_file.frames_text`.
        validation: Places of the frames that the program holds out.
        base: What the program calls the checkpoint that it trains further; None from scratch.
        weights: Its file, whose checksum stands in the recipe; None for one that the package brings.
        replay_text: Structures that the program labels by that checkpoint; None without.
        replay_validation: Places of those that it holds out.
        unit: What the program counts in its progress.
    """

    program: str
    recipe: FitRecipe
    frames_text: str
    validation: tuple[int, ...] = ()
    base: str | None = None
    weights: Path | None = None
    replay_text: str | None = None
    replay_validation: tuple[int, ...] = ()
    unit: str = "step"

    def key(self, versions: dict[str, str]) -> str:
        """Return a digest of everything that decides the result."""
        parts = (
            to_json({**self._plain(), "size": self.recipe.size, "versions": dict(sorted(versions.items()))}),
            self.frames_text,
            self.replay_text or "",
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def job(self, key: str) -> dict[str, Any]:
        """Return the job as the program reads it."""
        weights = None if self.weights is None else str(self.weights.absolute())
        return {**self._plain(), "weights": weights, "key": key, "threads": 1}

    def _plain(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "elements": list(self.recipe.elements),
            "seed": self.recipe.seed,
            "options": to_plain(self.recipe.options, dict[str, float | int | str | bool]),
            "base": self.base,
            "validation": list(self.validation),
            "replay_validation": list(self.replay_validation),
        }


def ready_environment(backend: str) -> tuple[Recipe, Environment]:
    """Return the recipe of a backend and the environment that is there.

    Raises:
        EnvironmentFailedError: There is none, or it is broken.
    """
    recipe = find_recipe(backend)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY or environment.python is None:
        raise EnvironmentFailedError(
            f"The environment of {backend}, which is to train a potential, is {environment.state.value}.",
            hint=f"mlipguide env build {backend}",
        )
    return recipe, environment


def train(
    training: Training, folder: Path, environment: Environment, *, on_progress: Callable[[str, float], None]
) -> dict[str, Any]:
    """Carry out a training in ``folder``, or take up what is there, and return what ``result.json`` says.

    One thread does the work: with more, sums come in another order each time and equal recipes give unequal potentials.

    Raises:
        InputError: The folder holds another fit.
        TrainingFailedError: The program ended without a potential; its log says more.
        EnvironmentFailedError: The interpreter cannot be started.
        KeyboardInterrupt: Ctrl-C; the child was ended and left its last checkpoint.
    """
    key = training.key(environment.versions)
    make_folder(folder)
    begun = _read(folder / JOB)
    if begun is not None and begun.get("key") != key:
        raise InputError(
            f"{folder} holds another fit: its recipe, frames or package versions differ.",
            hint="Give an empty folder, or delete this one.",
        )
    if begun is None:
        write_atomically(folder / FRAMES, training.frames_text)
        if training.replay_text is not None:
            write_atomically(folder / REPLAY, training.replay_text)
        write_atomically(folder / JOB, to_json(training.job(key)))
    damaged: list[UnusableFileError] = []
    failure = unless_unusable(folder / FAILURE, _read_failure, damaged)
    unless_unusable(folder / RESULT, _read, damaged)
    for error in damaged:
        on_progress(f"{error.message} It is done again", 0.0)
    if failure is not None and failure["kind"] != DIVERGED:  # that would end the same again
        (folder / FAILURE).unlink()
        failure = None
    if failure is None and _read(folder / RESULT) is None:
        status = _run(folder, environment, Teller(training.unit, on_progress))
        failure = _read(folder / FAILURE)
        if failure is None and _read(folder / RESULT) is None:
            raise TrainingFailedError(
                f"The training of {_name(training.recipe)} ended with status {status} and without a potential.",
                hint=f"See the end of {folder / LOG}.",
            )
    if failure is not None:
        raise TrainingFailedError(f"{_name(training.recipe)}: {failure['message']}", hint=f"See {folder / LOG}.")
    return _read(folder / RESULT) or {}


def _run(folder: Path, environment: Environment, teller: Teller) -> int:
    workers = worker_folder()
    python = Path(environment.python or "").absolute()
    base = {**clean_environment(os.environ), **left_clean(python)}
    variables = worker_environment(base, workers, threads=1, retain_memory=False)
    command = [str(python), "-m", f"{PACKAGE}.training", str(folder / JOB)]
    try:
        return run_logged(command, env=variables, log=folder / LOG, on_line=teller.read)
    except OSError as error:
        raise EnvironmentFailedError(
            f"{environment.python} cannot be started: {error}.", hint=f"mlipguide env check {environment.backend}"
        ) from error


def _read(path: Path) -> dict[str, Any] | None:
    return read_document(path, WHAT, hint=HINT) if path.exists() else None


def _read_failure(path: Path) -> dict[str, Any]:
    found = read_document(path, WHAT, hint=HINT)
    if not isinstance(found.get("kind"), str) or "message" not in found:
        raise UnusableFileError(path, WHAT, "does not tell what failed", hint=HINT)
    return found


def _name(recipe: FitRecipe) -> str:
    return f"{recipe.engine.value} {recipe.size}"


class Teller:
    """Turns the lines of a program into words with the time that is left.

    Args:
        unit: What the program counts: ``step``.
        on_progress: Told of it.
        now: A clock, s.
    """

    def __init__(
        self,
        unit: str,
        on_progress: Callable[[str, float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unit = unit
        self._on_progress = on_progress
        self._now = now
        self._first: tuple[float, int] | None = None
        self._error = ""

    def read(self, line: str) -> None:
        """Take one line of the program; those that tell nothing are for the log alone."""
        if not line.startswith(MARK):
            return
        try:
            told = json.loads(line.removeprefix(MARK))
            if "words" in told:
                self._on_progress(str(told["words"]), 0.0)
                return
            done, of = int(told["done"]), int(told["of"])
        except (ValueError, KeyError, TypeError):
            return
        for key, words in (("force_rmse", "RMS force error"), ("force_mae", "held-out force error")):
            if key in told:
                self._error = f", {words} {float(told[key]):.3g} eV/Å"
        left = ""
        if self._first is None:
            self._first = (self._now(), done)
        elif done > self._first[1]:
            pace = (self._now() - self._first[0]) / (done - self._first[1])
            left = f", about {duration(max(1.0, pace * (of - done)))} left" if done < of else ""
        self._on_progress(f"{self._unit} {done} of {of}{self._error}{left}", done / max(1, of))
