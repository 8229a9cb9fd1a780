"""What a run that was interrupted has paid for, from which the same command goes on.

A run has a folder of finished steps in the cache folder for as long as it goes on, named after a digest of everything
that decides what comes out; it is removed with the run's end. What Ctrl-C, a signal or a lost machine leave is taken up
by the next run of the same question. A lock beside the folder, which the system lifts with the process that holds it,
tells a run that still goes on: beside it another one works in a folder of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from uuid import uuid4

from filelock import FileLock, Timeout

from mlipguide import __version__
from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.paths import make_folder, storage_error, unfinished_dir
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.records.notice import Notice
from mlipguide.store.step_cache import STEPS, StepCache

T = TypeVar("T")

KEPT_S = 7 * 86400.0
"""After so long what an interrupted run left is removed."""
EVERY_S = 10.0
"""Between two files of answers that are gathered."""
DIGITS = 16


@dataclass(frozen=True)
class Form(Generic[T]):
    """How what a step gives is kept: as plain data, and back."""

    plain: Callable[[T], Any]
    record: Callable[[Any], T]


def form_of(kind: type[T]) -> Form[T]:
    """Return the form of records of one kind."""
    return Form(lambda record: to_plain(record, kind), lambda data: from_plain(kind, data, what="a kept step"))


class Unfinished:
    """A run while it goes on, and what an earlier one of the same question left.

    Args:
        folder: Of its steps.

    Attributes:
        left_at: When the last step of the earlier run was kept, UTC; None where there is none.
        taken_up_s: Wall time that what was used of the earlier run took.
    """

    def __init__(self, folder: Path) -> None:
        self.steps = StepCache(folder)
        last = newest(folder)
        self.left_at = None if last is None else datetime.fromtimestamp(last, UTC)
        self.taken_up_s = 0.0

    def find(self, name: str, form: Form[T]) -> T | None:
        """Return what a step of the earlier run gave; None where it was not done, or cannot be used."""
        kept = self.steps.find(name)
        if kept is None:
            return None
        try:
            found = form.record(kept.result)
        except (InputError, KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None
        if found is not None:
            self.taken_up_s += kept.took_s
        return found

    def remember(self, name: str, make: Callable[[], T], form: Form[T]) -> T:
        """Return what a step gave: in the earlier run, or by doing it now and keeping it.

        Args:
            name: Of the step; a file name without its ending.
            make: Does it.
            form: How it is kept.

        Raises:
            StorageError: The cache folder cannot be written.
        """
        found = self.find(name, form)
        if found is None:
            begin = time.monotonic()
            found = make()
            self.keep(name, found, form, took_s=time.monotonic() - begin)
        return found

    def keep(self, name: str, found: T, form: Form[T], *, took_s: float) -> None:
        """Keep what a step gave.

        Raises:
            StorageError: The cache folder cannot be written.
        """
        self.steps.keep(name, form.plain(found), took_s=took_s)

    def notices(self, what: str) -> tuple[Notice, ...]:
        """Return the notice that something of the earlier run was used; none where nothing was.

        Args:
            what: Was used, as the beginning of a sentence: ``3 of 8 sizes were measured``.
        """
        if self.left_at is None or not self.taken_up_s:
            return ()
        when = f"{self.left_at:%Y-%m-%d %H:%M} UTC"
        return (Notice("taken_up", f"{what} by the run that was interrupted at {when}."),)


class Answers:
    """Many answers by their names, kept in few files: one after some seconds of work, one where the block is broken.

    Args:
        run: The run.
        name: Of the files.

    Attributes:
        known: Those of the earlier run.
    """

    def __init__(self, run: Unfinished, name: str) -> None:
        self._run, self._name = run, name
        self.known: dict[str, Any] = {}
        self._number = 0
        plain: Form[dict[str, Any]] = Form(dict, dict)
        while (found := run.find(self._file, plain)) is not None:
            self.known.update(found)
            self._number += 1
        self._new: dict[str, Any] = {}
        self._begin = time.monotonic()

    def add(self, name: str, answer: Any) -> None:
        """Take an answer, plain data."""
        self._new[name] = answer
        if time.monotonic() - self._begin >= EVERY_S:
            self._keep()

    def __enter__(self) -> Self:
        """Begin."""
        self._begin = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Keep what was not yet kept, where something broke."""
        if kind is not None and self._new:
            with contextlib.suppress(StorageError):
                self._keep()

    @property
    def _file(self) -> str:
        return f"{self._name}-{self._number:04d}"

    def _keep(self) -> None:
        now = time.monotonic()
        self._run.steps.keep(self._file, self._new, took_s=now - self._begin)
        self._new, self._begin = {}, now
        self._number += 1


@contextlib.contextmanager
def taking_up(command: str, question: Mapping[str, Any]) -> Iterator[Unfinished]:
    """Give out a run that goes on from where an earlier one was interrupted.

    What it kept is removed when the block ends, also with an error that would come again; Ctrl-C and a disk that is
    full leave it.

    Args:
        command: The command.
        question: Plain data; all that decides what comes out. The version of mlipguide does too.

    Raises:
        StorageError: The cache folder cannot be written.
    """
    text = json.dumps([__version__, command, question], sort_keys=True, default=str)
    place = make_folder(unfinished_dir())
    _remove_old(place)
    folder, lock = _own_folder(place, f"{command}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}")
    try:
        try:
            yield Unfinished(folder)
        except StorageError:
            raise
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        _let_go(lock, remove=not folder.exists())


def newest(folder: Path) -> float | None:
    """Return when the last step in a folder was kept, seconds since 1970; None where there is none."""
    times = []
    for path in (folder / STEPS).glob("*.json"):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times, default=None)


def _own_folder(place: Path, name: str) -> tuple[Path, FileLock | None]:
    """Return a folder that no other run works in, and its lock; without locks one that is nobody else's."""
    for number in itertools.count(1):
        slot = place / (name if number == 1 else f"{name}-{number}")
        lock = FileLock(_lock_of(slot))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        except NotImplementedError:
            break
        except OSError as error:
            raise storage_error(slot, error) from error
        return slot, lock
    return place / f"{name}-{uuid4().hex}", None


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _let_go(lock: FileLock | None, *, remove: bool) -> None:
    if lock is None:
        return
    if remove:
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink()
    lock.release()


def _remove_old(place: Path) -> None:
    """Remove what nobody took up in time."""
    for folder in [path for path in place.glob("*") if path.is_dir()]:
        last = newest(folder)
        if last is None or time.time() - last <= KEPT_S:
            continue
        lock = FileLock(_lock_of(folder))
        with contextlib.suppress(Timeout, OSError, NotImplementedError):
            lock.acquire(timeout=0)
            shutil.rmtree(folder, ignore_errors=True)
            _let_go(lock, remove=True)
