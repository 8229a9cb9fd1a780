"""Locks between processes of mlipguide, on a file beside what they protect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlipguide.core.paths import make_folder, storage_error


@contextmanager
def held_lock(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock on ``path``, whose folder is made if need be, after telling that another process has it.

    Raises:
        StorageError: The folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(make_folder(path.parent) / path.name)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire()
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        yield
    finally:
        lock.release()
