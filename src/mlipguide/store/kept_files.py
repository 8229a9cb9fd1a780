"""Files that hold one record of a training each, in a folder of their own, with a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically

T = TypeVar("T")
DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class KeptFiles(Generic[T]):
    """How records of one kind are kept.

    Attributes:
        kind: Of the records.
        name: What they are called, and the key that they stand under.
        place: Their folder.
        format: Version that is written.
        upgrades: From each past version to the next.
    """

    kind: type[T]
    name: str
    place: Callable[[], Path]
    format: int
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]

    def keep(self, record: T, *, folder: str) -> Path:
        """Store what came of a folder, in the place of what it gave before, and return the file.

        Raises:
            StorageError: The data folder cannot be written.
        """
        path = self.place() / f"{hashlib.sha256(folder.encode()).hexdigest()[:DIGITS]}.json"
        write_atomically(path, to_json({"format": self.format, self.name: to_plain(record)}) + "\n")
        return path

    def read(self, path: Path) -> T:
        """Read one record, of this version or a past one.

        Raises:
            InputError: The file is none, is damaged, or is of a newer version.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise InputError(f"{path} is not a readable {self.name}: {error}.", hint="Remove the file.") from error
        version = document.get("format") if isinstance(document, dict) else None
        if type(version) is not int or version < 1 or not isinstance(document.get(self.name), dict):
            raise InputError(f"{path} is not a {self.name} of mlipguide.", hint="Remove the file.")
        if version > self.format:
            raise InputError(
                f"{path} was written by a newer mlipguide (format {version}, known here up to {self.format}).",
                hint="Update mlipguide; the file was left alone.",
            )
        data = document[self.name]
        for past in range(version, self.format):
            data = self.upgrades[past](data)
        return from_plain(self.kind, data, what=str(path))

    def all(self) -> Iterator[T | InputError]:
        """Yield what each file holds, or why it cannot be read."""
        for path in sorted(self.place().glob("*.json")):
            try:
                yield self.read(path)
            except InputError as error:
                yield error
