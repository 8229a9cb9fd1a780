"""Which interpreter serves a backend, and whether it really does."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mlipguide.environments.adoption import find_adopted
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.environments.managed_folders import find_managed
from mlipguide.environments.recipes import list_distributions, list_modules
from mlipguide.records.environment import Environment, EnvironmentKind, EnvironmentState, Recipe


def find_environment(recipe: Recipe) -> Environment:
    """Return the environment of a backend: the adopted one, else mlipguide's own, else the managed one.

    Nothing is imported and nothing started, except that an adopted interpreter is asked again when packages
    were installed there. An adopted one that broke is returned as broken: the user chose it. Without any, the
    state is missing.

    Raises:
        InputError: The file of the adopted interpreters cannot be read.
    """
    return find_adopted(recipe) or find_host(recipe) or find_managed(recipe) or _missing(recipe)


def find_host(recipe: Recipe) -> Environment | None:
    """Return the environment that mlipguide runs in when the backend is installed there; else None.

    A folder that merely has the module's name (a namespace package) does not count, nor does a module without
    its package.
    """
    try:
        spec = importlib.util.find_spec(recipe.module)
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

    Raises:
        InputError: The file of the adopted interpreters cannot be read.
    """
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY or environment.python is None:
        return environment
    report = query_interpreter(
        Path(environment.python), distributions=list_distributions(recipe), modules=list_modules(recipe)
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
