"""Records to and from plain data and JSON; files are written whole or not at all.

Records are plain frozen dataclasses; pydantic's type adapters check and convert them, so that every violation
is reported with its path.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.paths import make_folder, storage_error

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What a file system says that has no hard links."""


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_plain(record: Any, kind: Any = None) -> Any:
    """Turn a record into dictionaries, lists, strings, numbers and None.

    Args:
        record: A dataclass, or a container of dataclasses.
        kind: The declared type, where it says more than ``type(record)`` (generics).
    """
    return _adapter(kind or type(record)).dump_python(record, mode="json", warnings="error", by_alias=True)


def from_plain(kind: type[T], data: Any, *, what: str) -> T:
    """Build a record from plain data, refusing unknown keys.

    Args:
        kind: The record's class.
        data: Dictionaries, lists, strings, numbers, None.
        what: What is being read, for the message: a file name.

    Raises:
        InputError: Anything missing, unknown or of the wrong type; every violation is listed with its path.
    """
    from pydantic import ValidationError

    try:
        record: T = _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise InputError(
            f"{what}: " + "; ".join(violations(error)) + ".",
            hint="Correct the fields named above.",
            kind="invalid_record",
        ) from error
    return record


def violations(error: Any) -> list[str]:
    """List a pydantic ValidationError's violations, each as ``path: what is wrong``."""
    return [
        f"{'.'.join(str(part) for part in item['loc']) or '(whole)'}: {item['msg'].lower()}" for item in error.errors()
    ]


def json_schema(kind: Any, *, mode: Literal["serialization", "validation"] = "serialization") -> dict[str, Any]:
    """Return the JSON schema (2020-12) of ``kind``.

    Args:
        kind: The record's class.
        mode: ``serialization`` for what :func:`to_plain` writes, where every field stands; ``validation`` for
            what :func:`from_plain` reads, where fields with a default may be left out.
    """
    schema: dict[str, Any] = _adapter(kind).json_schema(mode=mode, by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def to_json(plain: Any) -> str:
    """Return plain data as JSON text.

    Raises:
        ValueError: A number is NaN or infinite: an unknown number is None, never NaN.
    """
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)


def once_per_state(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Let a reader of one file read it once for as long as the file stays as it is.

    From Python everything is loaded again and again. What the reader returns must not be changed.
    """

    @lru_cache(maxsize=1024)
    def kept(path: Path, _size_bytes: int, _modified_ns: int) -> T:
        return read(path)

    @wraps(read)
    def reader(path: Path) -> T:
        try:
            status = path.stat()
        except OSError:
            return read(path)
        return kept(path, status.st_size, status.st_mtime_ns)

    return reader


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` so that a reader sees the old file or the new one, never a part.

    Raises:
        StorageError: The folder or the disk refuses.
    """
    _write_aside(path, text, lambda temporary: temporary.replace(path))


def write_once(path: Path, text: str) -> bool:
    """Write ``text`` to ``path`` unless something is there, and tell whether it was written.

    Of several processes that write at once, on whatever machines share the folder, exactly one is told so: making a
    link is one step of the file system, which needs no lock, and so is creating a file where there are no links.

    Raises:
        StorageError: The folder or the disk refuses.
    """
    try:
        _write_aside(path, text, lambda temporary: _put_new(path, temporary, text))
    except StorageError as error:
        if isinstance(error.__cause__, FileExistsError) and path.exists():
            return False
        raise
    return True


def _put_new(path: Path, temporary: Path, text: str) -> None:
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)


def _write_aside(path: Path, text: str, put: Callable[[Path], object]) -> None:
    make_folder(path.parent)
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        put(temporary)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
