"""Which interpreter serves a backend, and whether it really does."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mlipguide.core.look import once_a_look
from mlipguide.environments.adoption import find_adopted, unusable_file
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.environments.managed_folders import find_managed, list_folders, unusable_markers
from mlipguide.environments.recipes import list_distributions, list_modules
from mlipguide.environments.shared_folders import find_shared, list_shared
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe
from mlipguide.records.notice import Notice, set_aside_notices


@once_a_look
def find_environment(recipe: Recipe) -> Environment:
    """Return the environment of a backend: adopted, else mlipguide's own, else the managed one, else one kept for all.

    Nothing is imported and nothing started, except that an adopted interpreter is asked again when packages
    were installed there. An adopted one that broke is returned as broken: the user chose it. A managed one that
    broke gives way to one kept for all. Without any, the state is missing. A file that cannot be read counts as
    absent (:func:`set_aside_files`).
    """
    chosen = find_adopted(recipe) or find_host(recipe)
    if chosen is not None:
        return chosen
    managed = find_managed(recipe)
    if managed is not None and managed.state is EnvironmentState.READY:
        return managed
    shared = find_shared(recipe)
    if shared is not None and shared.state is EnvironmentState.READY:
        return shared
    return managed or shared or _missing(recipe)


def set_aside_files(backends: Iterable[str]) -> tuple[Notice, ...]:
    """Return notices about files of environments that are set aside: of those adopted, and of those of some backends.

    Args:
        backends: Whose managed and shared environments were looked at.
    """
    return _set_aside(tuple(backends))


@once_a_look
def _set_aside(backends: tuple[str, ...]) -> tuple[Notice, ...]:
    adopted = unusable_file()
    folders = [folder for backend in backends for folder in (*list_folders(backend), *list_shared(backend))]
    managed = unusable_markers(folders)
    return set_aside_notices("unreadable_environment", [*([] if adopted is None else [adopted]), *managed])


def find_host(recipe: Recipe) -> Environment | None:
    """Return the environment that mlipguide runs in when the backend is installed there; else None.

    A folder that merely has the module's name (a namespace package) does not count, nor does a module without
    its package. A backend that no environment is built for is no package either.
    """
    try:
        spec = importlib.util.find_spec(recipe.module)
        if recipe.is_built:
            importlib.metadata.version(recipe.backend)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    versions = {}
    for name in list_distributions(recipe):
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return Environment(
        backend=recipe.backend,
        kind=EnvironmentKind.HOST,
        state=EnvironmentState.READY,
        python=sys.executable,
        python_version=platform.python_version(),
        versions=versions,
        location=None,
        problem=None,
    )


def check_environment(recipe: Recipe) -> Environment:
    """Return the environment of a backend after importing its module there (seconds; minutes on a slow disk).

    Returns:
        The environment with fresh versions, broken with the reason when the import fails; missing when there
        is none.
    """
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY or environment.python is None:
        return environment
    report = query_interpreter(
        Path(environment.python),
        distributions=list_distributions(recipe),
        modules=list_modules(recipe),
        variables=recipe.variables,
        untouched=environment.kind is EnvironmentKind.SHARED,
    )
    if report.problem:
        return replace(environment, state=EnvironmentState.BROKEN, problem=f"{report.problem}.")
    return replace(
        environment,
        python_version=report.python_version,
        versions=report.versions,
        torch_targets=report.torch_targets,
    )


def _missing(recipe: Recipe) -> Environment:
    return Environment(
        backend=recipe.backend,
        kind=EnvironmentKind.MANAGED,
        state=EnvironmentState.MISSING,
        python=None,
        python_version=None,
        versions={},
        location=None,
        problem=None,
    )
