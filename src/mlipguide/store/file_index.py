"""What the files of a large folder are of, kept apart, so that a question reads those alone that bear on it.

The files are the truth. The index is a small SQLite file in the cache folder, compared at each use with the names,
sizes and times of the files: what was added or changed is read, what is gone is forgotten, and an index that cannot be
read is made anew. It is written whole under another name and then put in its place, and opened as a file that nobody
changes, so that processes on one machine or on many that share the folder need no lock, which network file systems may
not keep.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Container, Mapping
from pathlib import Path

from mlipguide.core.errors import StorageError
from mlipguide.core.paths import indexes_dir, make_folder

FEW = 200
"""Files up to which a folder is read whole: an index would cost as much."""
UNUSABLE = ""
"""The key of a file that cannot be used: it is read for every question, so that it is told of each time."""
_TABLE = "CREATE TABLE files (name TEXT PRIMARY KEY, size INTEGER, modified_ns INTEGER, key TEXT) WITHOUT ROWID"

_State = tuple[int, int]
"""Size in bytes and time of the last change in ns."""


def files_with(folder: Path, keys: Container[str] | None, key_of: Callable[[Path], str]) -> list[Path]:
    """Return the JSON files of a folder that are of certain kinds, and those that cannot be used, sorted.

    Args:
        folder: The folder, which need not exist.
        keys: The kinds; None for all.
        key_of: Reads of what kind a file is; ``UNUSABLE`` for one that cannot be used.
    """
    states = _states(folder)
    if keys is None or len(states) <= FEW:
        return [folder / name for name in sorted(states)]
    place = index_file(folder)
    known = _read(place)
    fresh: dict[str, tuple[_State, str]] = {}
    for name, state in states.items():
        kept = known.get(name)
        fresh[name] = kept if kept is not None and kept[0] == state else (state, key_of(folder / name))
    if fresh != known:
        _write(place, fresh)
    return [folder / name for name in sorted(fresh) if fresh[name][1] == UNUSABLE or fresh[name][1] in keys]


def index_file(folder: Path) -> Path:
    """Return where the index of a folder is kept."""
    return indexes_dir() / f"{hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]}.sqlite"


def _states(folder: Path) -> dict[str, _State]:
    found: dict[str, _State] = {}
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and not entry.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):  # gone since the folder was listed
                    status = entry.stat()
                    found[entry.name] = (status.st_size, status.st_mtime_ns)
    return found


def _read(place: Path) -> dict[str, tuple[_State, str]]:
    """Return what an index holds; nothing where there is none, or none that can be read."""
    if not place.is_file():
        return {}
    try:
        with contextlib.closing(sqlite3.connect(f"{place.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            rows = database.execute("SELECT name, size, modified_ns, key FROM files").fetchall()
    except (sqlite3.Error, OSError):
        return {}
    return {
        name: ((size, modified_ns), key)
        for name, size, modified_ns, key in rows
        if isinstance(name, str) and isinstance(key, str)
    }


def _write(place: Path, files: Mapping[str, tuple[_State, str]]) -> None:
    """Put an index in its place; one that cannot be written is done without."""
    temporary: str | None = None
    try:
        make_folder(place.parent)
        descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
        os.close(descriptor)
        with contextlib.closing(sqlite3.connect(temporary)) as database:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute(_TABLE)
            rows = ((name, *state, key) for name, (state, key) in files.items())
            database.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", rows)
            database.commit()
        Path(temporary).replace(place)
        temporary = None
    except (sqlite3.Error, OSError, StorageError):
        pass
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
