"""Removing what mlipguide built for a backend or no longer uses, or forgetting what the user gave to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mlipguide.environments.adoption import forget
from mlipguide.environments.managed_folders import (
    all_folders,
    list_folders,
    locked_backend,
    remove_folder,
    size_bytes,
)
from mlipguide.environments.recipes import load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Recipe


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What a removal did; nothing at all when there was nothing.

    Attributes:
        backend: The backend; None where all were looked at.
        forgotten: Path of the adopted interpreter that was forgotten, which itself stays; None when there was
            none.
        removed: Folders that were deleted.
        freed_bytes: What they took, files that are shared with uv's cache included.
    """

    backend: str | None
    forgotten: str | None
    removed: tuple[str, ...]
    freed_bytes: int = 0


def remove_environment(recipe: Recipe, on_progress: Callable[[str], None] = lambda _: None) -> Removal:
    """Forget the adopted interpreter of a backend or, without one, delete all its managed environments.

    A build that is under way in another process is waited for.

    Raises:
        InputError: The file of the adopted interpreters cannot be read.
        StorageError: A file or folder cannot be changed.
    """
    forgotten = forget(recipe)
    if forgotten is not None:
        return Removal(backend=recipe.backend, forgotten=forgotten, removed=())
    if not list_folders(recipe.backend):
        return Removal(backend=recipe.backend, forgotten=None, removed=())
    with locked_backend(recipe.backend, on_progress):
        removed, freed_bytes = _delete(list_folders(recipe.backend))
    return Removal(backend=recipe.backend, forgotten=None, removed=removed, freed_bytes=freed_bytes)


def remove_unused(on_progress: Callable[[str], None] = lambda _: None) -> Removal:
    """Delete the managed environments that nothing here would start: of other recipes, unfinished, or set aside.

    Raises:
        StorageError: A folder cannot be deleted.
    """
    removed: tuple[str, ...] = ()
    freed_bytes = 0
    for backend in dict.fromkeys(backend for backend, _ in all_folders()):
        with locked_backend(backend, on_progress):
            deleted, freed = _delete(_unused(backend))
            removed, freed_bytes = removed + deleted, freed_bytes + freed
    return Removal(backend=None, forgotten=None, removed=removed, freed_bytes=freed_bytes)


def unused_bytes() -> int:
    """Return what :func:`remove_unused` would free."""
    backends = dict.fromkeys(backend for backend, _ in all_folders())
    return sum(size_bytes(folder) for backend in backends for folder in _unused(backend))


def _unused(backend: str) -> list[Path]:
    recipe = load_recipes().get(backend)
    used = None if recipe is None else find_environment(recipe).location
    return [folder for folder in list_folders(backend) if str(folder) != used]


def _delete(folders: Iterable[Path]) -> tuple[tuple[str, ...], int]:
    """Delete folders; return those that were environments or were to become some, and what all of them took."""
    removed: list[str] = []
    freed_bytes = 0
    for folder in folders:
        freed_bytes += size_bytes(folder)
        remove_folder(folder)
        if not folder.name.startswith("."):
            removed.append(str(folder))
    return tuple(removed), freed_bytes
