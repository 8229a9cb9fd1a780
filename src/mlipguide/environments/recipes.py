"""The recipes of the backends' environments: those that come with mlipguide and those of plug-ins.

A plug-in is an entry point of the group ``mlipguide.backends`` that names a folder (a path, or a function
without arguments that returns one). The folder holds one ``<backend>.yaml`` per backend and beside it the
worker file ``<worker>.py`` that the recipe names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

import mlipguide
from mlipguide.core.errors import InputError, MlipguideError, did_you_mean
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.notice import Notice

PLUGIN_GROUP = "mlipguide.backends"
ACCELERATORS = ("cuequivariance-torch", "openequivariance")
"""Optional packages that change a backend's speed where they are installed."""


@dataclass(frozen=True)
class RecipeBook:
    """All recipes, where their workers are, and which plug-ins could not be read.

    Attributes:
        recipes: By backend.
        workers: The worker file of each backend that a plug-in or a folder brings; built-in backends are
            absent.
        notices: One for each plug-in, or recipe of a plug-in, that was left out and why.
    """

    recipes: dict[str, Recipe]
    workers: dict[str, Path]
    notices: tuple[Notice, ...]


def built_in_folder() -> Path:
    """Return the folder of the recipes that come with mlipguide."""
    return Path(mlipguide.__file__).parent / "data" / "environments"


@once_per_state
def read_recipe(path: Path) -> Recipe:
    """Read one recipe.

    Raises:
        InputError: Not a recipe, a name that is not the file's, or a version or requirement that cannot be
            parsed.
    """
    recipe = from_plain(Recipe, read_yaml(path), what=str(path))
    if recipe.backend != path.stem:
        raise InputError(
            f"{path}: the recipe is of the backend '{recipe.backend}'.",
            hint="Name the file after its backend.",
        )
    try:
        SpecifierSet(recipe.python)
        Version(recipe.torch or "0")
        for line in (*recipe.requirements, *recipe.overrides, *recipe.build_requirements, *recipe.for_scripts):
            Requirement(line)
    except (InvalidSpecifier, InvalidVersion, InvalidRequirement) as error:
        raise InputError(f"{path}: {error}.", hint="Write versions and requirements as pip does.") from error
    return recipe


def read_folder(folder: Path) -> tuple[dict[str, Recipe], dict[str, Path]]:
    """Read every recipe of a plug-in's folder, with the worker files beside them.

    Raises:
        InputError: The folder does not exist or has no recipe, a recipe is bad, or its worker file is
            missing.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise InputError(f"{folder}: no recipe (*.yaml) there.", hint="Give the folder that holds the recipes.")
    recipes = {path.stem: read_recipe(path) for path in files}
    workers = {name: folder / f"{recipe.worker}.py" for name, recipe in recipes.items()}
    for name, worker in workers.items():
        if not worker.is_file():
            raise InputError(f"{worker}: missing worker of '{name}'.", hint="Put the worker file beside its recipe.")
    return recipes, workers


def read_recipe_book(folders: Sequence[Path] = ()) -> RecipeBook:
    """Read the built-in recipes, those of ``folders``, and those of the installed plug-ins.

    A name is given once: built-in recipes come first, then ``folders``, then plug-ins by name.

    Raises:
        InputError: A recipe of ``folders`` is bad or takes a name that is in use. A bad plug-in is a notice
            instead.
    """
    recipes = {path.stem: read_recipe(path) for path in sorted(built_in_folder().glob("*.yaml"))}
    workers: dict[str, Path] = {}
    for folder in folders:
        _add(recipes, workers, folder)
    notices = []
    for point in sorted(entry_points(group=PLUGIN_GROUP), key=lambda point: point.name):
        try:
            _add(recipes, workers, _plugin_folder(point))
        except MlipguideError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001  # a plug-in may raise anything and must not end the program
            reason = f"{type(error).__name__}: {error}"
        else:
            continue
        message = f"The backend plug-in '{point.name}' was left out: {reason}"
        notices.append(Notice("broken_plugin", message))
    return RecipeBook(recipes, workers, tuple(notices))


def _add(recipes: dict[str, Recipe], workers: dict[str, Path], folder: Path) -> None:
    new, files = read_folder(folder)
    taken = sorted(new.keys() & recipes.keys())
    if taken:
        raise InputError(f"{folder}: the backend '{taken[0]}' is already known.", hint="Give the backend another name.")
    recipes.update(new)
    workers.update(files)


def _plugin_folder(point: EntryPoint) -> Path:
    target = point.load()
    return Path(target() if callable(target) else target)


@cache
def _installed_book() -> RecipeBook:
    return read_recipe_book()


def load_recipes(folders: Sequence[Path] = ()) -> dict[str, Recipe]:
    """Return all recipes by backend: built-in, of ``folders``, of plug-ins.

    Raises:
        InputError: A recipe of ``folders`` is bad.
    """
    return dict((read_recipe_book(folders) if folders else _installed_book()).recipes)


def plugin_notices() -> tuple[Notice, ...]:
    """Return one notice for each installed plug-in that could not be read."""
    return _installed_book().notices


def find_recipe(name: str, folders: Sequence[Path] = ()) -> Recipe:
    """Return the recipe of a backend by its name, or by the name of its module or worker (``mace``).

    Upper case, underscores and dots are read as pip reads them in a package's name.

    Raises:
        InputError: No such backend; the hint lists the known ones.
    """
    recipes = load_recipes(folders)
    wanted = canonicalize_name(name)
    for backend, recipe in recipes.items():
        if canonicalize_name(backend) == wanted:
            return recipe
    for recipe in recipes.values():
        if wanted in (canonicalize_name(recipe.module), canonicalize_name(recipe.worker)):
            return recipe
    known = sorted(recipes)
    raise InputError(
        f"There is no backend '{name}'.{did_you_mean(name, known)}",
        hint=f"Known backends: {', '.join(known)}.",
    )


def worker_file(recipe: Recipe, folders: Sequence[Path] = ()) -> Path | None:
    """Return the worker file that a plug-in or folder brings for ``recipe``; None for a built-in backend."""
    book = read_recipe_book(folders) if folders else _installed_book()
    return book.workers.get(recipe.backend)


def command_to_get(recipe: Recipe) -> str:
    """Return the command that gives a backend an environment."""
    if recipe.is_built:
        return f"mlipguide env build {recipe.backend}"
    return f"mlipguide env adopt {recipe.backend} PYTHON"


def list_requirements(recipe: Recipe) -> tuple[str, ...]:
    """Return all requirements of an environment, torch first."""
    torch = (f"torch=={recipe.torch}",) if recipe.torch else ()
    return torch + recipe.requirements


def missing_for_scripts(recipe: Recipe, python: Path) -> tuple[str, ...]:
    """Return which packages of scripts an interpreter lacks, as the recipe requires them.

    Another version than the recipe's counts as there: it is the user's choice.
    """
    found = installed_of(recipe.for_scripts, python)
    return tuple(line for line in recipe.for_scripts if line not in found)


def installed_of(requirements: Sequence[str], python: Path) -> dict[str, str]:
    """Return the installed versions of those required packages that an interpreter has, by the requirement."""
    names = {line: str(canonicalize_name(Requirement(line).name)) for line in requirements}
    found = query_interpreter(python, distributions=tuple(names.values())).versions if names else {}
    return {line: found[name] for line, name in names.items() if name in found}


def list_first_requirements(recipe: Recipe) -> tuple[str, ...]:
    """Return what is installed before the rest, since the rest is built with it; nothing for most backends."""
    torch = (f"torch=={recipe.torch}",) if recipe.torch else ()
    return torch + recipe.build_requirements if recipe.build_requirements else ()


def list_distributions(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of the packages whose versions matter to the speed and the results of a backend."""
    required = (Requirement(line).name for line in list_requirements(recipe))
    of_axes = (name for axis in recipe.axes for value in axis.values for name in value.needs.packages)
    names = [recipe.backend, *required, *recipe.watched, *ACCELERATORS, *of_axes]
    return tuple(dict.fromkeys(str(canonicalize_name(name)) for name in names))


def list_modules(recipe: Recipe) -> tuple[str, ...]:
    """Return what is imported to see whether an environment works, the backend's module first."""
    return (recipe.module, *recipe.imports)
