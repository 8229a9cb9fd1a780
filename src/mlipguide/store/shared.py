"""Measurements that others shared, one JSON file each, in a folder of their kind of hardware.

A file holds a record as it was shared, with its signature, and is never changed. Its name says which time law it is of
and is made of what was timed, so that what is given twice has one place, which the first of them keeps.
"""

from __future__ import annotations

import secrets
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.kept_files import UnusableFileError, Upgrades, read_document, record_of, upgraded, version_of
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import contributor_file, shared_dir
from mlipguide.core.serialisation import to_json, write_once
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.records.timing.shared import FORMAT, SharedRecord, signature_of, signed

UPGRADES: Upgrades = {}
"""From each past version to the next."""
WHAT = "a shared record"
CPU = "cpu"
NAME_DIGITS = 24
BETWEEN = "~"


@dataclass(frozen=True)
class FoundShared:
    """What a look into the store gave: records, and notices about files that are set aside."""

    records: tuple[SharedRecord, ...]
    notices: tuple[Notice, ...]


def read_shared(document: Mapping[str, Any], path: Path) -> SharedRecord:
    """Return the record of a document, whose signature must be that of its contents.

    Args:
        document: With ``format``, ``shared`` and ``signature``, and nothing else.
        path: Where it stands, for the message.

    Raises:
        UnusableFileError: It is no such record, was changed, is of a newer version, or makes no sense.
    """
    version = version_of(document.get("format"), path, WHAT, known=FORMAT)
    plain = document.get("shared")
    if set(document) != {"format", "shared", "signature"} or not isinstance(plain, dict):
        raise UnusableFileError(path, WHAT, f"is not {WHAT} of mlipguide")
    try:
        found = signature_of(version, plain)
    except (ValueError, RecursionError) as error:
        raise UnusableFileError(path, WHAT, "holds a number that is none") from error
    if found != document["signature"]:
        raise UnusableFileError(path, WHAT, "does not fit its signature: it was changed after it was written")
    data = upgraded(plain, range(version, FORMAT), UPGRADES, path=path, what=WHAT)
    return record_of(SharedRecord, data, path=path, what=WHAT)


def file_of(record: SharedRecord) -> Path:
    """Return where a record stands, or would."""
    place = shared_dir() / _folder_name(record.machine)
    return place / f"{record.time_law}{BETWEEN}{record.samples_signature[:NAME_DIGITS]}.json"


def add(record: SharedRecord, document: Mapping[str, Any] | None = None) -> bool:
    """Keep a record, and tell whether it is new; what is there already stays as it is.

    Args:
        record: The record.
        document: As it was read, which is kept as it is; by default it is written anew.

    Raises:
        StorageError: The data folder cannot be written.
    """
    path = file_of(record)
    return not path.exists() and write_once(path, to_json(dict(document or signed(record))) + "\n")


@once_a_look
def find(kind: MachineClass, laws: Container[str] | None = None) -> FoundShared:
    """Return what was shared of one kind of hardware.

    Args:
        kind: The kind.
        laws: Time laws that are of interest; None for all.
    """
    return _look(iter((shared_dir() / _folder_name(kind),)), laws)


@once_a_look
def find_on(gpu: str, laws: Container[str] | None = None) -> FoundShared:
    """Return what was shared of one kind of GPU, whatever processor is beside it."""
    return _look((folder for folder in _folders() if _device_of(folder) == gpu), laws)


def classes(gpus: bool | None = None, digits: str = "") -> tuple[MachineClass, ...]:
    """Return the kinds of hardware of which anything usable was shared, by one record of each.

    Args:
        gpus: Whether those with a GPU, or those without; None for both.
        digits: With which their id begins.
    """
    found: dict[str, MachineClass] = {}
    for folder in _folders():
        device, _, identity = folder.name.rpartition("-")
        if gpus not in (None, device != CPU) or not identity.startswith(digits):
            continue
        record = next(_readable(folder), None)
        if record is not None:
            found.setdefault(record.machine.id, record.machine)
    return tuple(found.values())


def shared_gpus() -> frozenset[str]:
    """Return the ids of the GPUs of which anything was shared."""
    return frozenset(_device_of(folder) for folder in _folders()) - {CPU}


def contributor() -> str:
    """Return the random word that stands for this data folder, made on first use.

    Raises:
        StorageError: The data folder cannot be written.
    """
    path = contributor_file()
    if not path.exists():
        write_once(path, secrets.token_hex(8) + "\n")
    return path.read_text(encoding="ascii").strip()


def _folder_name(kind: MachineClass) -> str:
    return f"{kind.gpu or CPU}-{kind.id}"


def _device_of(folder: Path) -> str:
    return folder.name.rpartition("-")[0]


def _folders() -> Iterator[Path]:
    place = shared_dir()
    yield from sorted(path for path in place.glob("*-*") if path.is_dir())


def _look(folders: Iterator[Path], laws: Container[str] | None) -> FoundShared:
    records: list[SharedRecord] = []
    unusable: list[UnusableFileError] = []
    for folder in folders:
        for path in _files(folder, laws):
            try:
                records.append(_read(path))
            except UnusableFileError as error:
                unusable.append(error)
    return FoundShared(tuple(records), set_aside_notices("unreadable_shared", unusable))


def _files(folder: Path, laws: Container[str] | None) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if laws is None or path.name.rpartition(BETWEEN)[0] in laws)


def _readable(folder: Path) -> Iterator[SharedRecord]:
    for path in _files(folder, None):
        try:
            yield _read(path)
        except UnusableFileError:
            continue


def _read(path: Path) -> SharedRecord:
    """Read one record.

    Raises:
        UnusableFileError: It cannot be used, or does not belong where it stands.
    """
    record = read_shared(read_document(path, WHAT), path)
    if file_of(record).name != path.name or _folder_name(record.machine) != path.parent.name:
        raise UnusableFileError(path, WHAT, "holds another record than its name says")
    return record
