"""The file of a bundle: a plain tar whose first member lists all others with their checksums.

Nothing is ever unpacked by the names of its members: only what the list names, to a folder of ours, member by member,
and only if size and SHA-256 are those of the list.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import IO
from uuid import uuid4

from mlipguide.core.errors import InputError
from mlipguide.core.kept_files import newer, record_of
from mlipguide.core.paths import make_folder, storage_error
from mlipguide.core.serialisation import to_json, to_plain
from mlipguide.records.hardware.bundle import Bundle, BundledFile

MANIFEST = "manifest.json"
SCHEMA = "mlipguide.bundle/1"
WHAT = "a bundle"
LARGEST_MANIFEST = 1 << 26
CHUNK_BYTES = 1 << 20
AGAIN = "Copy it here again, or pack it again: mlipguide env pack BACKEND -o bundle.tar, where there is a network."


def describe_file(path: str, source: Path) -> BundledFile:
    """Return what the list says of a file.

    Args:
        path: Within the bundle.
        source: Where its content is.
    """
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return BundledFile(path=path, sha256=digest, size_bytes=source.stat().st_size)


def write_archive(path: Path, bundle: Bundle, sources: Mapping[str, Path], on_progress: Callable[[str], None]) -> int:
    """Write a bundle whole or not at all, and return its size in bytes.

    Args:
        path: The file, replaced where it is there.
        bundle: What it holds.
        sources: Where the content of each of its files is, by the path within the bundle.
        on_progress: Told what is being done.

    Raises:
        StorageError: The disk is full or refuses.
    """
    make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}-{uuid4().hex}.part")
    manifest = to_json(to_plain(bundle)).encode()
    try:
        with unfinished.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                archive.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
                on_progress(f"writing {path}")
                for file in bundle.files:
                    with sources[file.path].open("rb") as content:
                        archive.addfile(_member(file.path, file.size_bytes), content)
            stream.flush()
            os.fsync(stream.fileno())
        size_bytes = unfinished.stat().st_size
        unfinished.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return size_bytes


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    member.mode = 0o644
    return member


def read_manifest(path: Path) -> Bundle:
    """Return what a bundle holds, by its own list.

    Raises:
        InputError: Kind ``bundle``: there is no such file, or it is not a bundle that this version understands.
    """
    with _opened(path) as archive:
        member = archive.next()
        if member is None or member.name != MANIFEST or not member.isreg() or member.size > LARGEST_MANIFEST:
            raise _refused(path, "is not a bundle of mlipguide: its first file is not its list")
        text = _content(archive, member).read()
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(path, "is damaged: its list cannot be read") from error
    schema = plain.get("schema") if isinstance(plain, dict) else None
    if schema != SCHEMA:
        name, _, version = str(schema).rpartition("/")
        if name == SCHEMA.rpartition("/")[0] and version.isascii() and version.isdigit():
            raise newer(path, WHAT, version[:9], SCHEMA.rpartition("/")[2])
        raise _refused(path, "is not a bundle of mlipguide")
    return record_of(Bundle, plain, path=path, what=WHAT, hint=AGAIN)


def extract(
    path: Path, bundle: Bundle, wanted: Collection[str], folder: Path, on_progress: Callable[[str], None]
) -> dict[str, Path]:
    """Unpack files of a bundle and return where each is now.

    Args:
        path: The bundle.
        bundle: Its list.
        wanted: Paths within the bundle.
        folder: Where they go, below their paths.
        on_progress: Told what is being done.

    Raises:
        InputError: Kind ``bundle``: it is damaged, or holds what its list does not.
        StorageError: The disk is full or refuses.
    """
    listed = {file.path: file for file in bundle.files}
    seen: set[str] = set()
    found: dict[str, Path] = {}
    on_progress(f"unpacking {len(wanted)} files of {path} and checking them")
    with _opened(path) as archive:
        archive.next()
        while (member := archive.next()) is not None:
            file = listed.get(member.name)
            if file is None or member.name in seen or not member.isreg():
                raise _refused(path, f"holds '{member.name}', which its list does not name as a file")
            seen.add(member.name)
            if member.size != file.size_bytes:
                raise _refused(path, f"is damaged: {file.path} has {member.size} bytes, not {file.size_bytes}")
            if member.name in wanted:
                target = folder / member.name
                make_folder(target.parent)
                _unpack(path, _content(archive, member), file, target)
                found[member.name] = target
    missing = sorted(listed.keys() - seen)
    if missing:
        raise _refused(path, f"is damaged: {missing[0]} is missing")
    return found


def _unpack(path: Path, content: IO[bytes], file: BundledFile, target: Path) -> None:
    digest = hashlib.sha256()
    try:
        with target.open("wb") as stream:
            while chunk := _chunk(path, content):
                stream.write(chunk)
                digest.update(chunk)
    except OSError as error:
        raise storage_error(target, error) from error
    if digest.hexdigest() != file.sha256:
        raise _refused(path, f"is damaged: {file.path} is not the file that was packed (its SHA-256 is another)")


def _chunk(path: Path, content: IO[bytes]) -> bytes:
    try:
        return content.read(CHUNK_BYTES)
    except (tarfile.TarError, EOFError) as error:
        raise _refused(path, "is damaged: it ends too early") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    assert content is not None  # a regular file
    return content


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Give out a bundle that is open for reading.

    Raises:
        InputError: Kind ``bundle``: there is none, or it cannot be read.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except FileNotFoundError as error:
        raise InputError(
            f"There is no bundle at {path}.",
            hint="Make one where there is a network, mlipguide env pack BACKEND -o bundle.tar, and copy it there.",
            kind="bundle",
            file=str(path),
        ) from error
    except tarfile.TarError as error:
        raise _refused(path, f"is damaged or is not a bundle of mlipguide: {error}") from error
    except IsADirectoryError as error:
        raise _refused(path, "is a folder, not a bundle") from error
    except OSError as error:
        raise _refused(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def _refused(path: Path, reason: str) -> InputError:
    return InputError(f"{path} {reason}.", hint=AGAIN, kind="bundle", file=str(path))
