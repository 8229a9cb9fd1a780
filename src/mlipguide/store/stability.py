"""What tests of stability found, one JSON file each, by model; it holds on every machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import stability_dir
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically
from mlipguide.records.notice import Notice
from mlipguide.records.stability import ModelStability

FORMAT = 1


@dataclass(frozen=True)
class Found:
    """What a look into the store gave: records, oldest first, and notices about files that could not be read."""

    records: tuple[ModelStability, ...]
    notices: tuple[Notice, ...]


def append(record: ModelStability, *, folder: Path | None = None) -> Path:
    """Store what was found of one model and return the file.

    Raises:
        StorageError: The data folder cannot be written.
    """
    path = (folder or stability_dir()) / record.model / f"{record.record}.json"
    write_atomically(path, to_json({"format": FORMAT, "stability": to_plain(record)}) + "\n")
    return path


def read(path: Path) -> ModelStability:
    """Read one record.

    Raises:
        InputError: The file is no such record, is damaged, or is of a newer version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable record of stability: {error}.", hint="Remove the file.") from error
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is not int or version < 1 or not isinstance(document.get("stability"), dict):
        raise InputError(f"{path} is not a record of stability.", hint="Remove the file.")
    if version > FORMAT:
        raise InputError(
            f"{path} was written by a newer mlipguide (format {version}, known here up to {FORMAT}).",
            hint="Update mlipguide; the file was left alone.",
        )
    return from_plain(ModelStability, document["stability"], what=str(path))


def find(model: str, *, folder: Path | None = None) -> Found:
    """Return everything that was found of a model, oldest first."""
    records: list[ModelStability] = []
    notices: list[Notice] = []
    for path in sorted(((folder or stability_dir()) / model).glob("*.json")):
        try:
            records.append(read(path))
        except InputError as error:
            notices.append(Notice("unreadable_stability", error.message))
    return Found(tuple(sorted(records, key=lambda one: one.taken_at)), tuple(notices))
