"""From the names of engines to what can train here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlipguide.candidates.preparation import Consent
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.weights import download_weights, find_weights, needs_file
from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment, set_aside_files
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.hardware.machine import GpuVendor, Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.training.training import Engine
from mlipguide.training.engines import BACKENDS, trainer_class
from mlipguide.training.engines.replay import read_replay
from mlipguide.training.trainer import Trainer

BASE = "sevennet-0"
"""Its weights come with the package, and it is the fastest of those that do."""


@dataclass(frozen=True)
class Trainers:
    """What can train, and what there is to say about the rest.

    Attributes:
        ready: Engines, in the order in which they were asked for.
        notices: Why others are left out.
        problems: Environments that could not be built.
        drivers: What advances the atoms of an engine's potentials.
    """

    ready: tuple[Trainer, ...]
    notices: tuple[Notice, ...] = ()
    problems: tuple[Problem, ...] = ()
    drivers: Mapping[Engine, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainerSearch:
    """What engines are looked for with.

    Attributes:
        engines: Which ones.
        machine: This machine.
        consent: How far to go in building environments.
        on_progress: Told what is being done.
        base: Model that is trained further by the engine ``fine-tune``.
        frozen_layers: Of it, with its embedding, stay as they are.
        replay: File of structures on which it is held to what it said before.
        reference_energies_ev: Labels of isolated atoms, by element.
    """

    engines: Sequence[Engine]
    machine: Machine
    consent: Consent
    on_progress: Callable[[str], None]
    base: str = BASE
    frozen_layers: int = 0
    replay: Path | None = None
    reference_energies_ev: Mapping[str, float] = field(default_factory=dict)


def find_trainers(search: TrainerSearch) -> Trainers:
    """Return the engines whose environment is there, or is built with consent; the others are notices.

    Raises:
        InputError: The base model is unknown; or the only engine asked for cannot train it as is asked.
        MeasurementFailedError: The base model's checkpoint cannot be downloaded.
    """
    ready: list[Trainer] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    drivers: dict[Engine, str] = {}
    backends: list[str] = []
    for engine in search.engines:
        make = trainer_class(engine)
        if make is None:
            notices.append(
                Notice("engine_missing", f"{engine.value} was left out: this installation has no such engine.")
            )
            continue
        base = load_catalogue().find(search.base) if engine is Engine.FINE_TUNE else None
        backend = BACKENDS[engine] if base is None else base.backend
        backends.append(backend)
        recipe = find_recipe(backend)
        environment = find_environment(recipe)
        missing = environment.state is not EnvironmentState.READY
        if missing and search.consent.to(f"Build the environment of {backend}, which {engine.value} trains in?"):
            try:
                environment = build_environment(
                    recipe,
                    python=None,
                    has_nvidia_gpu=any(gpu.vendor is GpuVendor.NVIDIA for gpu in search.machine.gpus),
                    on_progress=search.on_progress,
                )
            except EnvironmentFailedError as error:
                problems.append(Problem.from_error(error))
        if environment.state is not EnvironmentState.READY:
            notices.append(
                Notice(
                    "environment_missing",
                    f"{engine.value} was left out: there is no environment for {backend}. "
                    f"Get it with: mlipguide env build {backend} (or give --yes).",
                )
            )
            continue
        try:
            ready.append(_made(make, recipe, environment, base, search))
        except InputError as error:
            if len(search.engines) == 1:
                raise
            notices.append(Notice("engine_missing", f"{engine.value} was left out: {error.message} {error.hint}"))
            continue
        drivers[engine] = recipe.driver
    notices += set_aside_files(dict.fromkeys(backends))
    return Trainers(tuple(ready), tuple(notices), tuple(problems), drivers)


def _made(
    make: Any, recipe: Recipe, environment: Environment, base: ModelCard | None, search: TrainerSearch
) -> Trainer:
    trainer: Trainer
    if base is None:
        trainer = make(recipe, environment)
    else:
        trainer = make(
            base,
            recipe,
            environment,
            weights_file=_checkpoint(base, search) if needs_file(base) else None,
            frozen_layers=search.frozen_layers,
            replay=None if search.replay is None else read_replay(search.replay),
            reference_energies_ev=search.reference_energies_ev,
        )
    return trainer


def _checkpoint(base: ModelCard, search: TrainerSearch) -> Path:
    found = find_weights(base, {})
    if found is not None:
        return found
    if base.weights.url is not None and search.consent.to(f"Download the checkpoint of {base.id}?"):
        return download_weights(base, search.on_progress)
    raise InputError(
        f"There is no checkpoint of {base.id} on this machine.",
        hint=f"Give --yes to download it, or register a file of it: mlipguide models add FILE --from {base.id}",
        kind="weights",
    )
