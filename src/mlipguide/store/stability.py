"""What tests of stability found, one JSON file each, by model; it holds on every machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.kept_files import Kept, KeptFiles, Upgrades
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import stability_dir
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.store.measurements import without_additions, without_choices

FORMAT = 3
UPGRADES: Upgrades = {1: without_choices, 2: without_additions}
"""From each past version to the next."""
FILES = KeptFiles(kind=ModelStability, name="record of stability", key="stability", format=FORMAT, upgrades=UPGRADES)


@dataclass(frozen=True)
class Found:
    """What a look into the store gave: records, oldest first, and notices about files that are set aside."""

    records: tuple[ModelStability, ...]
    notices: tuple[Notice, ...]


def append(record: ModelStability, *, folder: Path | None = None) -> Path:
    """Store what was found of one model and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    return FILES.write((folder or stability_dir()) / record.model / f"{record.record}.json", record)


def read(path: Path) -> ModelStability:
    """Read one record.

    Raises:
        UnusableFileError: The file is no such record, is damaged, makes no sense, or is of a newer version.
    """
    return FILES.read(path)


def find(model: str, *, folder: Path | None = None) -> Found:
    """Return everything that was found of a model, oldest first."""
    found = _look(model, folder)
    records = tuple(sorted(found.records, key=lambda one: one.taken_at))
    return Found(records, set_aside_notices("unreadable_stability", found.unusable))


def unreadable(models: Iterable[str]) -> tuple[Notice, ...]:
    """Return notices about the files of these models that are set aside."""
    files = [error for model in dict.fromkeys(models) for error in _look(model, None).unusable]
    return set_aside_notices("unreadable_stability", files)


@once_a_look
def _look(model: str, folder: Path | None) -> Kept[ModelStability]:
    return FILES.look(sorted(((folder or stability_dir()) / model).glob("*.json")))
