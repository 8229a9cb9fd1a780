"""What pilots found, kept for later advice on the same elements: one JSON file for each folder of a pilot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import pilots_dir
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically
from mlipguide.records.notice import Notice
from mlipguide.records.pilot import KeptPilot

FORMAT = 1
DIGITS = 12


@dataclass(frozen=True)
class FoundPilots:
    """What a look into the store gave: pilots, and notices about files that could not be read."""

    pilots: tuple[KeptPilot, ...]
    notices: tuple[Notice, ...]


def keep(pilot: KeptPilot) -> Path:
    """Store what a pilot found, in the place of what the same folder gave before, and return the file.

    Raises:
        StorageError: The data folder cannot be written.
    """
    path = pilots_dir() / f"{hashlib.sha256(pilot.folder.encode()).hexdigest()[:DIGITS]}.json"
    write_atomically(path, to_json({"format": FORMAT, "pilot": to_plain(pilot)}) + "\n")
    return path


def read(path: Path) -> KeptPilot:
    """Read one stored pilot.

    Raises:
        InputError: The file is no pilot, is damaged, or is of a newer version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable pilot: {error}.", hint="Remove the file.") from error
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is not int or version < 1 or not isinstance(document.get("pilot"), dict):
        raise InputError(f"{path} is not a pilot of mlipguide.", hint="Remove the file.")
    if version > FORMAT:
        raise InputError(
            f"{path} was written by a newer mlipguide (format {version}, known here up to {FORMAT}).",
            hint="Update mlipguide; the file was left alone.",
        )
    return from_plain(KeptPilot, document["pilot"], what=str(path))


def find(elements: Sequence[str]) -> FoundPilots:
    """Return all pilots on exactly these elements, the latest last."""
    found: list[KeptPilot] = []
    notices: list[Notice] = []
    for path in sorted(pilots_dir().glob("*.json")):
        try:
            pilot = read(path)
        except InputError as error:
            notices.append(Notice("unreadable_pilot", error.message))
            continue
        if set(pilot.elements) == set(elements):
            found.append(pilot)
    return FoundPilots(tuple(sorted(found, key=lambda pilot: pilot.made_at)), tuple(notices))
