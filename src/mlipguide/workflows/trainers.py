"""From the names of engines to what can train here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.environment import EnvironmentState
from mlipguide.records.machine import GpuVendor, Machine
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.training import Engine
from mlipguide.training.engines import BACKENDS, trainer_class
from mlipguide.training.trainer import Trainer
from mlipguide.workflows.candidates import Consent


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
    """What an engine is looked for with."""

    engines: Sequence[Engine]
    machine: Machine
    consent: Consent
    on_progress: Callable[[str], None]


def find_trainers(search: TrainerSearch) -> Trainers:
    """Return the engines whose environment is there, or is built with consent; the others are notices."""
    ready: list[Trainer] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    drivers: dict[Engine, str] = {}
    for engine in search.engines:
        make = trainer_class(engine)
        if make is None:
            notices.append(
                Notice("engine_missing", f"{engine.value} was left out: this installation has no such engine.")
            )
            continue
        backend = BACKENDS[engine]
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
        ready.append(make(recipe, environment))
        drivers[engine] = recipe.driver
    return Trainers(tuple(ready), tuple(notices), tuple(problems), drivers)
