"""What distillations measured, kept for later advice on the same elements: one JSON file for each folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import distillations_dir
from mlipguide.records.kept_training import KeptDistillation
from mlipguide.records.notice import Notice
from mlipguide.store.kept_files import KeptFiles

FILES = KeptFiles(kind=KeptDistillation, name="distillation", place=distillations_dir, format=1, upgrades={})


@dataclass(frozen=True)
class FoundDistillations:
    """What a look into the store gave: distillations, and notices about files that could not be read."""

    distillations: tuple[KeptDistillation, ...]
    notices: tuple[Notice, ...]


def keep(distillation: KeptDistillation) -> Path:
    """Store what a distillation measured, in the place of what the same folder gave before, and return the file.

    Raises:
        StorageError: The data folder cannot be written.
    """
    return FILES.keep(distillation, folder=distillation.folder)


def find(elements: Sequence[str]) -> FoundDistillations:
    """Return all distillations on exactly these elements, the latest last."""
    found: list[KeptDistillation] = []
    notices: list[Notice] = []
    for one in FILES.all():
        if isinstance(one, InputError):
            notices.append(Notice("unreadable_distillation", one.message))
        elif set(one.elements) == set(elements):
            found.append(one)
    return FoundDistillations(tuple(sorted(found, key=lambda one: one.made_at)), tuple(notices))
