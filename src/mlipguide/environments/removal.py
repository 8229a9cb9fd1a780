"""Removing what mlipguide built for a backend, or forgetting what the user gave to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlipguide.environments.adoption import forget
from mlipguide.environments.managed_folders import list_folders, locked_backend, remove_folder
from mlipguide.records.hardware.environment import Recipe


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What a removal did; nothing at all when there was nothing.

    Attributes:
        backend: The backend.
        forgotten: Path of the adopted interpreter that was forgotten, which itself stays; None when there was
            none.
        removed: Folders that were deleted.
    """

    backend: str
    forgotten: str | None
    removed: tuple[str, ...]


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
        folders = list_folders(recipe.backend)
        for folder in folders:
            remove_folder(folder)
    return Removal(
        backend=recipe.backend,
        forgotten=None,
        removed=tuple(str(folder) for folder in folders if not folder.name.startswith(".")),
    )
