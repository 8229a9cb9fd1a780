"""Environments that somebody keeps for all users of a machine: found and read, never written to, not even locked.

Such a folder is the cache folder of whoever built them (``MLIPGUIDE_CACHE_DIR=/site/mlipguide mlipguide env build …``),
or that part of it which holds the environments.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import replace
from pathlib import Path

from mlipguide.core.paths import environments_dir
from mlipguide.environments.managed_folders import all_folders, best_of
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe

FOLDERS_VARIABLE = "MLIPGUIDE_ENVIRONMENTS"
"""Folders of environments that are kept for all users, with colons between them."""


def find_shared(recipe: Recipe) -> Environment | None:
    """Return the environment of a backend in one of the folders kept for all: the first that is ready, else one broken.

    One that anybody may change is broken: its code would run in the user's name.
    """
    broken: Environment | None = None
    for root in shared_roots():
        found = best_of(recipe, _folders(root, recipe.backend))
        if found is None:
            continue
        environment = _shared(found)
        if environment.state is EnvironmentState.READY:
            return environment
        broken = broken or environment
    return broken


def shared_roots() -> list[Path]:
    """Return the folders that hold environments kept for all, in the user's order, without the user's own."""
    roots: list[Path] = []
    for name in filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)):
        given = Path(name).expanduser().absolute()
        root = given / environments_dir().name if os.access(given / environments_dir().name, os.X_OK) else given
        if root not in (*roots, environments_dir()):
            roots.append(root)
    return roots


def list_shared(backend: str) -> list[Path]:
    """Return all folders of a backend's environments that are kept for all."""
    return [folder for root in shared_roots() for folder in _folders(root, backend)]


def left_clean(python: str | Path) -> dict[str, str]:
    """Return variables with which an interpreter that is kept for all writes nothing beside its packages.

    Nothing for other interpreters: compiled modules make their imports several times faster.
    """
    shared = any(Path(python).is_relative_to(root) for root in shared_roots())
    return {"PYTHONDONTWRITEBYTECODE": "1"} if shared else {}


def _folders(root: Path, backend: str) -> list[Path]:
    return [folder for owner, folder in all_folders(root) if owner == backend]


def _shared(environment: Environment) -> Environment:
    folder = Path(str(environment.location))
    status = folder.stat()
    shared = replace(environment, kind=EnvironmentKind.SHARED, owner=_name(status.st_uid))
    if status.st_mode & stat.S_IWOTH:
        problem = f"Anybody may write into {folder}: what it runs may be anybody's (chmod o-w)."
        return replace(shared, state=EnvironmentState.BROKEN, problem=problem)
    return shared


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
