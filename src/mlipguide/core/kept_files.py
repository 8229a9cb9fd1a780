"""Files that mlipguide keeps and reads again: one way to write, to read and to check them.

A file that cannot be used never stops what is asked. It is set aside: it counts for nothing, is left where it is, and
is named with the reason. Where its place is needed for a new file it gets another name; nothing is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import storage_error
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically

T = TypeVar("T")
Upgrades: TypeAlias = Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]

SET_ASIDE = ".bad"
"""Behind the name of a file whose place was needed."""
REMOVE = "Remove the file."
REDO = "What it held is done again; the file is kept beside the new one, under another name."
UPDATE = "Update mlipguide; the file was left alone."
HUGE = 10**6
"""Versions from here on are no versions, and may have a thousand digits."""
LONGEST_REASON = 300
"""Characters of a reason that are shown: a damaged record can break every rule that there is."""


class UnusableFileError(InputError):
    """A kept file cannot be used.

    Args:
        path: The file.
        what: What it should hold, with its article: ``a measurement``.
        reason: Why it cannot be used, as the rest of a sentence that begins with the file.
        hint: What to do about it.
    """

    default_kind = "unusable_file"

    def __init__(self, path: Path, what: str, reason: str, *, hint: str = REMOVE) -> None:
        reason = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} …"
        super().__init__(f"{path} {reason}.", hint=hint, file=str(path))
        self.path = path
        self.what = what
        self.reason = reason


class UnfitRecordError(MeasurementFailedError):
    """What was measured makes no sense, and is not kept."""

    default_kind = "unfit_record"


@dataclass(frozen=True)
class Kept(Generic[T]):
    """What a look into a folder gave: the records, in the order of the files, and the files that cannot be used."""

    records: tuple[T, ...]
    unusable: tuple[UnusableFileError, ...]


@dataclass(frozen=True, kw_only=True)
class KeptFiles(Generic[T]):
    """How records of one kind are kept. A record with a method ``check`` is checked when written and when read.

    Attributes:
        kind: Of the records.
        name: What one is called.
        key: The key that it stands under in its file.
        format: Version that is written.
        upgrades: From each past version to the next.
        hint: What to do about a file that cannot be used.
    """

    kind: type[T]
    name: str
    key: str
    format: int
    upgrades: Upgrades = field(default_factory=dict)
    hint: str = REMOVE

    @property
    def what(self) -> str:
        """Its name with an article."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"

    def write(self, path: Path, record: T, *, beside: Mapping[str, int] | None = None) -> Path:
        """Write a record in the place of what was there, and return the file.

        Args:
            path: The file.
            record: The record.
            beside: Further versions that the file states.

        Raises:
            UnfitRecordError: The record makes no sense.
            StorageError: The folder cannot be written.
        """
        try:
            checked(record)
            text = to_json({"format": self.format, **(beside or {}), self.key: to_plain(record, self.kind)}) + "\n"
        except ValueError as error:
            raise UnfitRecordError(
                f"What would be kept as {self.what} makes no sense: {error}.",
                hint="Nothing was kept of it. Please report this with the output of mlipguide doctor.",
            ) from error
        if path.is_dir():
            move_aside(path)
        write_atomically(path, text)
        return path

    @once_a_look
    def read(self, path: Path) -> T:
        """Read one record, of this version or a past one.

        Raises:
            UnusableFileError: The file cannot be read, holds something else, is of a newer version, or makes no sense.
        """
        document = read_document(path, self.what, hint=self.hint)
        version = version_of(document.get("format"), path, self.what, known=self.format, hint=self.hint)
        if not isinstance(document.get(self.key), dict):
            raise UnusableFileError(path, self.what, f"is not {self.what} of mlipguide", hint=self.hint)
        return self.record(path, self.upgraded(path, document[self.key], version))

    def upgraded(self, path: Path, data: dict[str, Any], version: int) -> dict[str, Any]:
        """Return the plain data of a past version as the present one writes it.

        Raises:
            UnusableFileError: They are not what that version wrote.
        """
        versions = range(version, self.format)
        return upgraded(data, versions, self.upgrades, path=path, what=self.what, hint=self.hint)

    def record(self, path: Path, data: Any) -> T:
        """Return the record that plain data of the present version make.

        Raises:
            UnusableFileError: Fields are missing, unknown or of the wrong type, or make no sense.
        """
        return record_of(self.kind, data, path=path, what=self.what, hint=self.hint)

    def find(self, path: Path) -> T | None:
        """Return the record of a file; None where there is none, or none that can be used."""
        if not path.exists():
            return None
        try:
            return self.read(path)
        except UnusableFileError:
            return None

    def look(self, paths: Iterable[Path]) -> Kept[T]:
        """Read many files; one that cannot be used stands in the way of no other."""
        records: list[T] = []
        unusable: list[UnusableFileError] = []
        for path in paths:
            try:
                records.append(self.read(path))
            except UnusableFileError as error:
                unusable.append(error)
        return Kept(tuple(records), tuple(unusable))


def checked(record: T) -> T:
    """Return a record that makes sense by its own ``check``; one without is returned as it is.

    Raises:
        ValueError: What does not make sense.
    """
    check = getattr(record, "check", None)
    if check is not None:
        check()
    return record


def record_of(kind: type[T], data: Any, *, path: Path, what: str, hint: str = REMOVE) -> T:
    """Return the record that plain data make, checked.

    Raises:
        UnusableFileError: Fields are missing, unknown or of the wrong type, or make no sense.
    """
    try:
        return checked(from_plain(kind, data, what=str(path)))
    except InputError as error:
        reason = f"is not {what} that can be used: {error.message.removeprefix(f'{path}: ').rstrip('.')}"
        raise UnusableFileError(path, what, reason, hint=hint) from error
    except (ValueError, OverflowError) as error:
        raise UnusableFileError(path, what, f"holds numbers that make no sense: {error}", hint=hint) from error


def read_document(path: Path, what: str, *, hint: str = REMOVE) -> dict[str, Any]:
    """Read one JSON object.

    Args:
        path: The file.
        what: What it should hold, with its article.
        hint: What to do about one that cannot be used.

    Raises:
        UnusableFileError: It cannot be read, or holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "a folder" if path.is_dir() else (error.strerror or str(error)).lower()
        raise UnusableFileError(path, what, f"is not a readable {_bare(what)}: {reason}", hint=hint) from error
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets too deep
        words = "it is empty" if _is_empty(path) else _what_is_wrong(error)
        raise UnusableFileError(path, what, f"is not a readable {_bare(what)}: {words}", hint=hint) from error
    if not isinstance(document, dict):
        raise UnusableFileError(path, what, f"is not {what} of mlipguide", hint=hint)
    return document


def version_of(found: Any, path: Path, what: str, *, known: int, hint: str = REMOVE) -> int:
    """Return the version of a format that a file states.

    Raises:
        UnusableFileError: It is none, or a newer one than is known.
    """
    if type(found) is not int or found < 1:
        raise UnusableFileError(path, what, f"is not {what} of mlipguide", hint=hint)
    if found > known:
        raise newer(path, what, found, known)
    return found


def upgraded(
    data: dict[str, Any], versions: range, upgrades: Upgrades, *, path: Path, what: str, hint: str = REMOVE
) -> dict[str, Any]:
    """Return the plain data of a past version as the present one writes it.

    Args:
        data: As the file holds them.
        versions: From that of the file to the one before the present one.
        upgrades: From each past version to the next.
        path: The file.
        what: What it should hold, with its article.
        hint: What to do about one that cannot be used.

    Raises:
        UnusableFileError: They are not what that version wrote.
    """
    try:
        for past in versions:
            data = upgrades[past](data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UnusableFileError(
            path, what, f"is not {what} of format {versions.start}: {error!r}", hint=hint
        ) from error
    return data


def newer(path: Path, what: str, version: int | str, known: int | str) -> UnusableFileError:
    """Word that a file is of a newer version than this mlipguide knows."""
    shown = version if isinstance(version, str) or version < HUGE else "beyond all that there are"
    reason = f"was written by a newer mlipguide (format {shown}, known here up to {known})"
    return UnusableFileError(path, what, reason, hint=UPDATE)


def unless_unusable(path: Path, read: Callable[[Path], T], set_aside: list[UnusableFileError]) -> T | None:
    """Return what one step of a longer work left; None where it was not done, or has to be done again.

    Args:
        path: Its file; one that cannot be used gets another name, so that its place is free.
        read: Reads it.
        set_aside: Is added to by a file that cannot be used.

    Raises:
        StorageError: The file cannot be renamed.
    """
    if not path.exists():
        return None
    try:
        return read(path)
    except UnusableFileError as error:
        set_aside.append(error)
        move_aside(path)
        return None


def move_aside(path: Path) -> Path:
    """Give what stands in the place of a new file another name, and return it.

    Raises:
        StorageError: It cannot be renamed.
    """
    target, number = path.with_name(path.name + SET_ASIDE), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}{SET_ASIDE}{number}")
    try:
        return path.rename(target)
    except OSError as error:
        raise storage_error(path, error) from error


def _bare(what: str) -> str:
    return what.partition(" ")[2]


def _what_is_wrong(error: BaseException) -> str:
    """Return words that are the same for all files that are damaged in one way."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, json.JSONDecodeError):
        return "it is no JSON, or only a part of it"
    return "its brackets are too deep" if isinstance(error, RecursionError) else "it holds a number of too many digits"


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
