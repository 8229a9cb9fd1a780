"""``mlipguide env verify``: what works is what was seen to work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlipguide.candidates.verification import Opener, verify_backend
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import ExitCode, MlipguideError
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe, load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import EnvironmentState, Recipe
from mlipguide.records.hardware.machine import GpuVendor, Machine
from mlipguide.records.models.support import BackendSupport, Support, SupportTable
from mlipguide.records.notice import Problem, Result
from mlipguide.sessions.worker_session import open_session
from mlipguide.store import supports


def verify_environments(
    backends: Sequence[str],
    *,
    every: bool,
    on_progress: Callable[[str], None] = lambda _message: None,
    probe: Callable[[], Machine] = probe_machine,
    opener: Opener = open_session,
) -> Result[SupportTable]:
    """Try backends, keep what was found, and return it; a backend that fails does not stop the others.

    Args:
        backends: Which ones, built where they are missing; none for all whose environments are there.
        every: All of them, built where they are missing.
        on_progress: Told what is being done.
        probe: Looks at the machine.
        opener: Starts a model.

    Raises:
        InputError: An unknown backend.
        StorageError: What was found cannot be kept.
    """
    machine = probe()
    catalogue = load_catalogue()
    named = {recipe.backend: recipe for recipe in map(find_recipe, backends)}
    recipes = named or load_recipes()
    found: list[BackendSupport] = []
    problems: list[Problem] = []
    for backend, recipe in recipes.items():
        if find_environment(recipe).state is not EnvironmentState.READY:
            if not (named or every):
                continue
            problems += _built(recipe, machine, on_progress)
        cards = [card for card in catalogue.cards if card.backend == backend and not card.weights.origin.is_own_file]
        on_progress(f"looking at {backend}")
        one = verify_backend(recipe, cards, machine, opener=opener, on_progress=on_progress)
        supports.keep(one)
        found.append(one)
    failed = bool(problems) or any(one.support is Support.FAILED for one in found)
    return Result(
        SupportTable(tuple(found)),
        notices=(*catalogue.notices, *supports.set_aside()),
        errors=tuple(problems),
        exit_code=ExitCode.ENVIRONMENT_FAILED if failed else ExitCode.DONE,
    )


def _built(recipe: Recipe, machine: Machine, on_progress: Callable[[str], None]) -> list[Problem]:
    has_gpu = any(gpu.vendor is GpuVendor.NVIDIA for gpu in machine.gpus)
    try:
        build_environment(recipe, has_nvidia_gpu=has_gpu, on_progress=on_progress)
    except MlipguideError as error:
        return [Problem.from_error(error)]
    return []
