"""``mlipguide env``: list, build, adopt, check, try and remove the environments of backends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from mlipguide.candidates.support import support_of_backend
from mlipguide.candidates.verification import Opener, verify_backend
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import ExitCode, InputError, MlipguideError
from mlipguide.environments.adoption import adopt
from mlipguide.environments.builds import build_each, build_environment
from mlipguide.environments.gpu_support import gpu_notices
from mlipguide.environments.managed_folders import size_bytes
from mlipguide.environments.recipes import find_recipe, load_recipes, plugin_notices
from mlipguide.environments.removal import remove_environment, remove_unused, unused_bytes
from mlipguide.environments.resolution import check_environment, find_environment, set_aside_files
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.hardware.machine import GpuVendor, Machine
from mlipguide.records.models.listings import EnvironmentList, RemovalReport
from mlipguide.records.models.support import BackendSupport, Support, SupportTable
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.sessions.worker_session import open_session
from mlipguide.store import supports

USUAL_BUILD_S = 10.0
"""Of a recipe that nobody timed: about the median of the others."""


def list_environments() -> Result[EnvironmentList]:
    """Return the environment of every backend, without starting anything."""
    recipes = load_recipes()
    found = tuple(find_environment(recipe) for recipe in recipes.values())
    seen = tuple(one for backend in recipes if (one := support_of_backend(backend)) is not None)
    return Result(
        EnvironmentList(found, seen, sizes_bytes=_sizes(found), unused_bytes=unused_bytes()),
        notices=(*plugin_notices(), *set_aside_files(recipes), *supports.set_aside()),
    )


def build_environments(
    backends: Sequence[str],
    *,
    python: str | None,
    torch_build: str,
    force: bool,
    on_progress: Callable[[str, float], None],
) -> Result[EnvironmentList]:
    """Build the managed environments of ``backends``, all of them when none is named.

    One that fails does not stop the others, unless it is the only one.

    Args:
        backends: Their names.
        python: Interpreter or release to use; None for this one, where it fits.
        torch_build: Build of torch.
        force: Build anew what is there.
        on_progress: Told what is being done, and the share that is done by the times that builds usually take.

    Raises:
        InputError: An unknown backend, Python or torch build.
        EnvironmentFailedError: Nothing could be built.
    """
    recipes = _recipes(backends) if backends else tuple(one for one in _recipes(()) if one.is_built)
    has_gpu = any(gpu.vendor is GpuVendor.NVIDIA for gpu in probe_machine().gpus)
    usual_s = [recipe.build_s or USUAL_BUILD_S for recipe in recipes]
    built, problems = build_each(
        [
            partial(
                build_environment,
                recipe,
                python=python,
                torch_build=torch_build,
                has_nvidia_gpu=has_gpu,
                on_progress=partial(_tell, on_progress, sum(usual_s[:place]) / sum(usual_s)),
                force=force,
            )
            for place, recipe in enumerate(recipes)
        ]
    )
    return Result(
        EnvironmentList(built),
        errors=problems,
        exit_code=ExitCode.ENVIRONMENT_FAILED if problems else ExitCode.DONE,
    )


def _tell(on_progress: Callable[[str, float], None], share: float, message: str) -> None:
    on_progress(message, share)


def refuse_torch_build(requested: str | None, bundle: Path) -> None:
    """Refuse a build of torch beside a bundle, which holds the one that was chosen when it was packed.

    Raises:
        InputError: One was requested.
    """
    if requested is not None:
        raise InputError(
            f"--torch {requested} and --from {bundle} exclude each other: the bundle holds its build of torch.",
            hint=f"Leave --torch out, or pack another bundle: mlipguide env pack BACKEND --torch {requested}.",
            option="--torch",
        )


def adopt_environment(backend: str, python: Path) -> Result[EnvironmentList]:
    """Use the user's interpreter for a backend.

    Raises:
        InputError: An unknown backend, or not an interpreter.
        EnvironmentFailedError: The backend does not import there.
    """
    return Result(EnvironmentList((adopt(find_recipe(backend), python),)))


def check_environments(backends: Sequence[str], *, on_progress: Callable[[str], None]) -> Result[EnvironmentList]:
    """Import each backend in its environment.

    Raises:
        InputError: An unknown backend.
    """
    found: list[Environment] = []
    for recipe in _recipes(backends):
        on_progress(f"importing {recipe.backend}")
        found.append(check_environment(recipe))
    failed = any(item.state is EnvironmentState.BROKEN for item in found)
    notices = set_aside_files(recipe.backend for recipe in _recipes(backends))
    asked_missing = bool(backends) and any(item.state is EnvironmentState.MISSING for item in found)
    return Result(
        EnvironmentList(tuple(found)),
        notices=(*notices, *gpu_notices(found, probe_machine())),
        exit_code=ExitCode.ENVIRONMENT_FAILED if failed or asked_missing else ExitCode.DONE,
    )


def remove(backend: str | None, *, unused: bool, on_progress: Callable[[str], None]) -> Result[RemovalReport]:
    """Delete the managed environments of a backend, or forget the adopted one; or delete all that are unused.

    Raises:
        InputError: An unknown backend, or both were asked, or none.
        StorageError: A folder cannot be deleted.
    """
    if unused is (backend is not None):
        raise InputError(
            "A backend or --unused is expected, one of both.",
            hint="For example: mlipguide env remove chgnet, or mlipguide env remove --unused",
        )
    removal = remove_unused(on_progress) if backend is None else remove_environment(find_recipe(backend), on_progress)
    notices: tuple[Notice, ...] = ()
    if removal.forgotten is None and not removal.removed:
        whose = "Nothing is unused." if backend is None else f"{removal.backend} has no environment to remove."
        notices = (Notice("nothing_removed", whose),)
    report = RemovalReport(removal.backend, removal.forgotten, removal.removed, removal.freed_bytes)
    return Result(report, notices=notices)


def _sizes(environments: Iterable[Environment]) -> dict[str, int]:
    return {one.backend: size_bytes(Path(one.location)) for one in environments if one.location is not None}


def _recipes(backends: Sequence[str]) -> tuple[Recipe, ...]:
    if backends:
        return tuple({recipe.backend: recipe for recipe in map(find_recipe, backends)}.values())
    return tuple(load_recipes().values())


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
