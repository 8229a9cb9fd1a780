"""Where managed environments are, what marks one as finished, and the lock that guards them.

An environment is built in its final folder, because a virtual environment contains its own path. What makes
it exist is the file ``ready.json``, written last and removed first: a folder without it counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlipguide.core.errors import StorageError
from mlipguide.core.kept_files import UnusableFileError, read_document, record_of
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import environments_dir, storage_error
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.environments.interpreters import query_interpreter, runs, stamps_of
from mlipguide.environments.locks import held_lock
from mlipguide.environments.recipes import list_distributions
from mlipguide.records.hardware.environment import (
    Environment,
    EnvironmentKind,
    EnvironmentState,
    Recipe,
    SiteInstallation,
    TorchTargets,
)
from mlipguide.records.strict import strict

MARKER = "ready.json"
SIZE = "size_bytes"
SCHEMA = "mlipguide.environment/1"
WHAT = "a manifest of an environment"
HINT = "The environment counts as absent; mlipguide env build makes it again in its place."
_KEY_LENGTH = 12
_NOT_OF_THE_BUILD = (
    "remarks",
    "imports",
    "worker",
    "driver",
    "dtype",
    "variables",
    "disk_gigabytes",
    "build_s",
    "for_scripts",
    "is_built",
    "watched",
    "slabs_need_space",
    "common_axes",
    "axes",
    "cite",
)
_UNSAID: dict[str, Any] = {
    "overrides": [],
    "excludes": [],
    "build_isolation": True,
    "build_requirements": [],
    "no_binary": [],
    "build_variables": {},
}


@strict
@dataclass(frozen=True, kw_only=True)
class ReadyMarker:
    """What is kept about a finished environment.

    Attributes:
        schema: Version of this format.
        backend: The recipe's backend.
        recipe: Digest of the recipe that it was built from.
        python_version: Version of its interpreter.
        torch_build: Name of the torch build that was chosen.
        versions: Installed versions of the packages that matter.
        built_at: Seconds since 1970.
        torch_targets: What its torch was built for; None without torch, and of environments from before this was kept.
        site: The site's installation that it takes torch from; None for most.
    """

    schema: str
    backend: str
    recipe: str
    python_version: str
    torch_build: str
    versions: dict[str, str]
    built_at: float
    torch_targets: TorchTargets | None = None
    site: SiteInstallation | None = None


def digest_recipe(recipe: Recipe) -> str:
    """Return a digest of what in the recipe changes the environment: not remarks, checks, and how it is used.

    What a recipe does not say of its build leaves no trace in it, so that environments from before it could be said
    hold on.
    """
    plain = to_plain(recipe)
    for name in _NOT_OF_THE_BUILD:
        plain.pop(name)
    for name, unsaid in _UNSAID.items():
        if plain[name] == unsaid:
            plain.pop(name)
    return _digest(plain)


def locate_folder(recipe: Recipe, *, release: str, torch_build: str) -> Path:
    """Return the folder of the environment of a recipe, a Python feature release and a torch build."""
    key = _digest({"schema": SCHEMA, "recipe": digest_recipe(recipe), "python": release, "torch": torch_build})
    return environments_dir() / f"{recipe.backend}-{key}"


def _digest(plain: Any) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def list_folders(backend: str) -> list[Path]:
    """Return all folders of a backend's environments: finished, unfinished, set aside by a rebuild."""
    return [folder for owner, folder in all_folders() if owner == backend]


@once_a_look
def all_folders(root: Path | None = None) -> list[tuple[str, Path]]:
    """Return the folders of all environments, each with its backend.

    Args:
        root: Where they are; by default in the cache.
    """
    name = re.compile(rf"(?:\.replaced-)?(.+?)-[0-9a-f]{{{_KEY_LENGTH}}}(?:-[0-9a-f]+)?")
    with suppress(OSError):
        return [
            (match.group(1), path)
            for path in sorted((root or environments_dir()).iterdir())
            if (match := name.fullmatch(path.name)) and path.is_dir()
        ]
    return []


def interpreter_path(folder: Path) -> Path:
    """Return the path that the interpreter of an environment has."""
    return folder / "bin" / "python"


def write_marker(
    folder: Path,
    recipe: Recipe,
    *,
    python_version: str,
    torch_build: str,
    versions: dict[str, str],
    torch_targets: TorchTargets | None = None,
    site: SiteInstallation | None = None,
) -> None:
    """Declare the environment in ``folder`` finished.

    Raises:
        StorageError: The disk refuses.
    """
    marker = ReadyMarker(
        schema=SCHEMA,
        backend=recipe.backend,
        recipe=digest_recipe(recipe),
        python_version=python_version,
        torch_build=torch_build,
        versions=versions,
        built_at=time.time(),
        torch_targets=torch_targets,
        site=site,
    )
    write_atomically(folder / MARKER, to_json(to_plain(marker)) + "\n")


def read_marker(folder: Path) -> ReadyMarker | None:
    """Return the marker of a finished environment; None when there is none that this version understands."""
    try:
        return _read_marker(folder / MARKER)
    except UnusableFileError:
        return None


def unusable_markers(folders: Iterable[Path]) -> tuple[UnusableFileError, ...]:
    """Return which markers of environments are set aside: there, and not to be understood."""
    found: list[UnusableFileError] = []
    for folder in folders:
        if not folder.name.startswith("."):
            try:
                _read_marker(folder / MARKER)
            except UnusableFileError as error:
                found.append(error)
    return tuple(found)


def _read_marker(path: Path) -> ReadyMarker | None:
    if not os.access(path, os.F_OK):  # also where a folder of somebody else's may not be looked into
        return None
    plain = read_document(path, WHAT, hint=HINT)
    if plain.get("schema") != SCHEMA:
        raise UnusableFileError(path, WHAT, f"is not {WHAT} that this version of mlipguide understands", hint=HINT)
    return record_of(ReadyMarker, plain, path=path, what=WHAT, hint=HINT)


def describe_folder(folder: Path, marker: ReadyMarker) -> Environment:
    """Return the finished environment in ``folder``: ready, or broken when its interpreter or its torch is gone."""
    python = interpreter_path(folder)
    problem = None
    if not runs(python):
        problem = f"The interpreter {python} no longer exists, or you may not run it."
    elif marker.site is not None and (not Path(marker.site.python).exists() or "torch" not in marker.versions):
        problem = f"There is no torch any more at {marker.site.python}, which it was built on."
    return Environment(
        backend=marker.backend,
        kind=EnvironmentKind.MANAGED,
        state=EnvironmentState.READY if problem is None else EnvironmentState.BROKEN,
        python=str(python),
        python_version=marker.python_version,
        versions=marker.versions,
        location=str(folder),
        problem=problem,
        torch_targets=marker.torch_targets,
        on_top_of=None if marker.site is None else marker.site.python,
    )


def find_managed(recipe: Recipe) -> Environment | None:
    """Return the managed environment built from this very recipe: a ready one first, then the newest."""
    return best_of(recipe, list_folders(recipe.backend))


def best_of(recipe: Recipe, folders: Iterable[Path]) -> Environment | None:
    """Return the environment of a recipe that one of some folders holds: a ready one first, then the newest."""
    found = []
    for folder in folders:
        marker = None if folder.name.startswith(".") else read_marker(folder)
        if marker is not None and marker.recipe == digest_recipe(recipe):
            environment = describe_folder(folder, _renewed(recipe, folder, marker))
            found.append((environment.state is EnvironmentState.READY, marker.built_at, str(folder), environment))
    return max(found, key=lambda item: item[:3])[-1] if found else None


def _renewed(recipe: Recipe, folder: Path, marker: ReadyMarker) -> ReadyMarker:
    """Return a marker whose versions are read again where the site installed something since it was written."""
    site = marker.site
    if site is None or stamps_of(site.stamps) == site.stamps:
        return marker
    report = query_interpreter(interpreter_path(folder), distributions=list_distributions(recipe), untouched=True)
    if report.python_version is None:
        return marker
    now = replace(site, stamps=stamps_of([site.python, *site.folders]))
    renewed = replace(
        marker, python_version=report.python_version, versions=report.versions, torch_targets=None, site=now
    )
    if folder.parent == environments_dir():
        with suppress(StorageError):  # what cannot be kept is asked again next time
            write_atomically(folder / MARKER, to_json(to_plain(renewed)) + "\n")
    return renewed


def remove_folder(folder: Path) -> None:
    """Remove an environment; interrupted half-way, it counts as absent.

    Raises:
        StorageError: It cannot be removed.
    """
    try:
        (folder / MARKER).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise storage_error(folder, error) from error


@contextmanager
def locked_backend(backend: str, on_progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock on a backend's environments, telling the user when another process has it.

    Raises:
        StorageError: The folder of the environments cannot be written.
    """

    def tell() -> None:
        on_progress(f"Another process is working on the environment of {backend}; waiting for it")

    with held_lock(environments_dir() / f".{backend}.lock", tell):
        yield


def size_bytes(folder: Path) -> int:
    """Return what a finished environment takes on the disk, files that it shares with uv's cache included.

    It is counted once and kept in the folder, unless that is somebody else's.
    """
    kept = folder / SIZE
    with suppress(OSError, ValueError):
        return int(kept.read_text(encoding="utf-8"))
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(f"{root}/{name}").st_blocks * 512
    if folder.parent == environments_dir() and (folder / MARKER).is_file():
        with suppress(StorageError):
            write_atomically(kept, f"{total}\n")
    return total
