"""The uv program: where it is and in which surroundings it runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.core.paths import cache_dir, environments_dir, make_folder
from mlipguide.core.serialisation import write_atomically
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.pip_settings import UvSettings, read_uv_settings

_MISLEADING = (
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_WORKING_DIR",
    "UV_PROJECT",
    "UV_NO_PROGRESS",
    "UV_RELOCATABLE",
)
"""The user's settings of uv that would send packages elsewhere, or hide the progress."""

_BOUNDARY = "uv.toml"
_BOUNDARY_TEXT = "# Ends uv's search for settings of a project; those of the user and the system still hold.\n"


def find_uv() -> Path:
    """Return the path of uv: the one of the package of that name, else the one on the search path.

    Raises:
        EnvironmentFailedError: There is none.
    """
    import uv

    try:
        return Path(uv.find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv")
    if found is None:
        raise EnvironmentFailedError(
            "The program uv, which builds environments, was not found.",
            hint="Install it where mlipguide is installed: pip install uv.",
            kind="uv_missing",
        )
    return Path(found)


def prepare_settings(base: Mapping[str, str]) -> UvSettings:
    """Return what uv is told: pip's settings in its words, and a cache that it can write.

    uv's own cache is used where it can be written, so that what other projects downloaded is at hand.
    """
    settings = read_uv_settings({k: v for k, v in clean_environment(base).items() if k not in _MISLEADING})
    environment = settings.environment
    if not environment.get("UV_CACHE_DIR") and not _is_writable(_default_cache(environment)):
        environment = {**environment, "UV_CACHE_DIR": str(cache_dir() / "uv")}
    return UvSettings(environment, settings.arguments)


def prepare_folder() -> Path:
    """Create the folder that uv runs in, where no project's settings reach it, and return it.

    Raises:
        StorageError: It cannot be written.
    """
    folder = make_folder(environments_dir())
    if not (folder / _BOUNDARY).exists():
        write_atomically(folder / _BOUNDARY, _BOUNDARY_TEXT)
    return folder


def _default_cache(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or Path.home())
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "uv"


def _is_writable(folder: Path) -> bool:
    """Tell whether ``folder`` can be written, or made where it does not exist yet."""
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return existing is not None and existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
