"""POD potentials: fitted by LAMMPS's command ``fitpod`` as a child process, run by LAMMPS in a worker.

Least squares draws nothing at random and runs on one process, so equal frames in equal order give equal coefficients.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.core.processes import run_logged
from mlipguide.core.readable import duration
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.environments.shared_folders import left_clean
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.pod_frames import PodFrame, pod_frame, written
from mlipguide.training.engines.pod_recipes import (
    COEFFICIENTS,
    ERRORS,
    FRAMES_FOLDER,
    PARAMETERS,
    data_file,
    parameter_file,
    pod_recipes,
)
from mlipguide.training.fit.potential_cards import open_potential

BACKEND = "lammps"
POTENTIAL = "potential.json"
FINISHED = "fit.json"
LOG = "fit.log"
WORST_OF_NOTHING = 2.0
"""A fit whose forces are this many times as wrong as no forces at all is no fit: its equations had no solution."""


def ready_pod_trainer() -> PodTrainer:
    """Return the engine in the environment that is there.

    Raises:
        EnvironmentFailedError: There is none, or it is broken.
    """
    recipe = find_recipe(BACKEND)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY or environment.python is None:
        raise EnvironmentFailedError(
            f"The environment of {BACKEND}, which fits POD potentials, is {environment.state.value}.",
            hint=f"mlipguide env build {BACKEND}",
        )
    return PodTrainer(recipe, environment)


class PodTrainer:
    """Implements :class:`mlipguide.training.trainer.Trainer`.

    Args:
        recipe: Of the backend ``lammps``.
        environment: A ready one.
        program: What runs an input of LAMMPS, in tests; by default the environment's own.
    """

    def __init__(self, recipe: Recipe, environment: Environment, *, program: Sequence[str] = ()) -> None:
        self._recipe = recipe
        self._environment = environment
        beside = Path(environment.python or "").absolute().parent / "lmp"
        self._program = tuple(program) or (str(beside),)

    @property
    def engine(self) -> Engine:
        """Which one."""
        return Engine.POD

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return the sizes of model that are worth trying for these elements, the cheapest first.

        Raises:
            InputError: More than two species.
        """
        return pod_recipes(elements, seed=seed)

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        """Fit ``frames`` in ``folder``; a fit that was finished there is returned, an unfinished one made anew.

        Raises:
            InputError: A frame has no energy or forces, or elements that are not the recipe's.
            TrainingFailedError: ``fitpod`` ended without coefficients, or with some that are not numbers.
            EnvironmentFailedError: LAMMPS cannot be started.
        """
        ready = [pod_frame(frame, _cutoff(recipe)) for frame in frames]
        _require_elements(recipe, ready)
        text = written(ready)
        key = hashlib.sha256((to_json(to_plain(recipe)) + text).encode()).hexdigest()
        finished = _finished(folder / FINISHED, key)
        if finished is not None:
            return finished
        for name, content in (
            (PARAMETERS, parameter_file(recipe)),
            ("fit_data.pod", data_file(recipe)),
            ("fit.in", f"fitpod {PARAMETERS} fit_data.pod\n"),
            (f"{FRAMES_FOLDER}/frames.xyz", text),
        ):
            write_atomically(folder / name, content)
        (folder / COEFFICIENTS).unlink(missing_ok=True)
        on_progress("fitting", 0.0)
        start = time.monotonic()
        # fitpod says nothing on the way; who knows how long such fits take can hold the time passed against that.
        self._run(folder, lambda: on_progress(f"fitting for {duration(time.monotonic() - start)}", 0.0))
        train_s = time.monotonic() - start
        count = _coefficients(folder)
        _require_useful(folder, ready)
        potential = FittedPotential(
            recipe=recipe,
            folder=str(folder.absolute()),
            files=(POTENTIAL, PARAMETERS, COEFFICIENTS),
            frames=len(frames),
            train_s=train_s,
            parameters=count,
            cutoff_angstrom=_cutoff(recipe),
            versions=self._environment.versions,
        )
        _write_potential(folder, potential)
        write_atomically(folder / FINISHED, to_json({"key": key, "potential": to_plain(potential)}) + "\n")
        on_progress(f"{count} coefficients", 1.0)
        return potential

    def open(self, potential: FittedPotential) -> ModelSession:
        """Start the potential as a model that answers, on one processor.

        Raises:
            SessionError: It cannot be started.
        """
        return open_potential(potential, self._recipe, self._environment)

    def _run(self, folder: Path, on_tick: Callable[[], None]) -> None:
        lines: list[str] = []
        try:
            status = run_logged(
                [*self._program, "-in", "fit.in", "-log", "none"],
                env={
                    **clean_environment(os.environ),
                    **left_clean(str(self._environment.python)),
                    "OMP_NUM_THREADS": "1",
                },
                log=folder / LOG,
                on_line=lines.append,
                on_tick=on_tick,
                cwd=folder,
            )
        except OSError as error:
            raise EnvironmentFailedError(
                f"LAMMPS cannot be started: {error}.", hint=f"mlipguide env check {BACKEND}"
            ) from error
        complaints = [line for line in lines if line.startswith("ERROR")]
        if status != 0 or complaints:
            reason = complaints[0] if complaints else f"it ended with status {status}"
            raise TrainingFailedError(
                f"fitpod gave no potential: {reason}", hint=f"Its output is in {folder / LOG}.", kind="fitpod"
            )


def _cutoff(recipe: FitRecipe) -> float:
    return float(recipe.options["rcut"])


def _require_elements(recipe: FitRecipe, frames: Sequence[PodFrame]) -> None:
    found = {symbol for frame in frames for symbol in frame.atoms.get_chemical_symbols()}
    if unknown := sorted(found - set(recipe.elements)):
        raise InputError(
            f"The frames hold {', '.join(unknown)}, and the recipe is for {', '.join(recipe.elements)}.",
            hint="Make the recipe for all elements of the frames.",
        )


def _finished(path: Path, key: str) -> FittedPotential | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        found = from_plain(FittedPotential, content["potential"], what=str(path))
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None
    moved = str(path.parent.absolute())
    if found.folder != moved or not all((path.parent / name).is_file() for name in found.files):
        return None
    return found


def _coefficients(folder: Path) -> int:
    try:
        _, *numbers = (folder / COEFFICIENTS).read_text(encoding="utf-8").splitlines()
        values = [float(number) for number in numbers]
    except (OSError, ValueError) as error:
        raise _no_numbers(folder, f"its coefficients cannot be read ({error})") from error
    if not values or not all(map(math.isfinite, values)) or not any(values):
        raise _no_numbers(folder, "its coefficients are not finite numbers")
    return len(values)


def _require_useful(folder: Path, frames: Sequence[PodFrame]) -> None:
    """Refuse what a system of equations without a solution leaves behind, of which ``fitpod`` says nothing."""
    import numpy as np

    try:
        lines = (folder / ERRORS).read_text(encoding="utf-8").splitlines()
        rmse = float(next(line for line in lines if line.startswith("All files")).split()[-1])
    except (OSError, ValueError, StopIteration) as error:
        raise _no_numbers(folder, "it wrote no errors of the training frames") from error
    typical = float(np.sqrt(np.mean(np.concatenate([frame.forces_ev_per_angstrom.ravel() for frame in frames]) ** 2)))
    if not rmse <= WORST_OF_NOTHING * max(typical, 1e-3):
        raise _no_numbers(
            folder,
            f"its forces are off by {rmse:.3g} eV/Å on its own training frames, whose forces are {typical:.3g} eV/Å",
        )


def _no_numbers(folder: Path, reason: str) -> TrainingFailedError:
    return TrainingFailedError(
        f"fitpod gave no usable potential: {reason}.",
        hint=f"Use more frames or a smaller size; its output is in {folder / LOG}.",
        kind="fitpod",
    )


def _write_potential(folder: Path, potential: FittedPotential) -> None:
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in potential.files[1:]}
    document = {
        "format": 1,
        "pair_style": "pod",
        "files": files,
        "elements": list(potential.recipe.elements),
        "cutoff_angstrom": potential.cutoff_angstrom,
        "parameters": potential.parameters,
    }
    write_atomically(folder / POTENTIAL, to_json(document) + "\n")
