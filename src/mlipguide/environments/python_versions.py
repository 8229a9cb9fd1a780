"""Which Python an environment is built with."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from mlipguide.core.errors import InputError
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.records.hardware.environment import Recipe

_VERSION = re.compile(r"(\d+\.\d+)(\.\d+)?")
_NEWEST_MINOR = 40


@dataclass(frozen=True)
class PythonChoice:
    """What to ask uv for, and the feature release (``3.11``) that this is."""

    request: str
    release: str


def choose_python(recipe: Recipe, requested: str | None) -> PythonChoice:
    """Choose the Python of a new environment.

    Without a request it is the Python that runs mlipguide when the recipe accepts it, for it is sure to be
    there; otherwise the newest release that the recipe accepts, which uv finds or downloads.

    Args:
        recipe: Says which versions are accepted.
        requested: A version (``3.12``), the path of an interpreter, or None.

    Raises:
        InputError: The request is neither, does not run, or is not accepted by the recipe.
    """
    accepted = SpecifierSet(recipe.python)
    if requested is None:
        running = platform.python_version()
        if accepted.contains(running, prereleases=True):
            return PythonChoice(sys.executable, _release(running))
        newest = max((minor for minor in range(_NEWEST_MINOR) if accepts_release(accepted, f"3.{minor}")), default=None)
        if newest is None:
            raise InputError(
                f"The recipe of {recipe.backend} accepts no Python version ({recipe.python}).",
                hint="Correct the field 'python' of the recipe.",
            )
        return PythonChoice(f"3.{newest}", f"3.{newest}")
    match = _VERSION.fullmatch(requested)
    if match is not None:
        if not accepts_release(accepted, requested):
            raise _refused(recipe, requested)
        return PythonChoice(requested, match.group(1))
    path = Path(requested).expanduser().absolute()
    if not path.is_file():
        raise InputError(
            f"'{requested}' is neither a Python version nor an interpreter.",
            hint=f"Give a version such as 3.12 (accepted: {recipe.python}) or the path of an interpreter.",
        )
    report = query_interpreter(path, distributions=())
    if report.python_version is None:
        raise InputError(f"{report.problem}.", hint="Give the path of a Python interpreter.")
    if not accepted.contains(report.python_version, prereleases=True):
        raise _refused(recipe, f"{report.python_version} ({path})")
    return PythonChoice(str(path), _release(report.python_version))


def accepts_release(accepted: SpecifierSet, version: str) -> bool:
    """Tell whether ``version`` itself or, for a feature release, a late patch of it is accepted."""
    return any(accepted.contains(candidate) for candidate in (version, f"{version}.99"))


def _release(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _refused(recipe: Recipe, version: str) -> InputError:
    return InputError(
        f"{recipe.backend} cannot be built with Python {version}: its recipe needs {recipe.python}.",
        hint="Choose a Python version in that range, or leave the choice to mlipguide.",
    )
