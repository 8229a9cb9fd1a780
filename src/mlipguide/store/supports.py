"""What ``env verify`` found of each backend, one JSON file each; the latest stands for all before it."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.kept_files import KeptFiles
from mlipguide.core.paths import supports_dir
from mlipguide.records.models.support import BackendSupport
from mlipguide.records.notice import Notice, set_aside_notices

FORMAT = 1
FILES = KeptFiles(
    kind=BackendSupport,
    name="record of what works",
    key="support",
    format=FORMAT,
    hint="mlipguide env verify looks again, in its place.",
)


def keep(record: BackendSupport) -> Path:
    """Keep what was found of a backend and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    return FILES.write(_file(record.backend), record)


def find(backend: str) -> BackendSupport | None:
    """Return what was found of a backend; None where nobody looked, or what was kept cannot be read."""
    return FILES.find(_file(backend))


def set_aside() -> tuple[Notice, ...]:
    """Return notices about files that cannot be read."""
    return set_aside_notices("unreadable_support", FILES.look(sorted(supports_dir().glob("*.json"))).unusable)


def _file(backend: str) -> Path:
    return supports_dir() / f"{backend}.json"
