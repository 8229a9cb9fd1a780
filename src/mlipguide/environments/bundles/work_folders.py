"""Where bundles are packed and unpacked: a folder in the cache that is gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from mlipguide.core.paths import cache_dir, make_folder


@contextmanager
def work_folder() -> Iterator[Path]:
    """Give out a new folder, on the file system of the environments, and remove it when the block is left.

    Raises:
        StorageError: The cache folder cannot be written.
    """
    folder = make_folder(cache_dir() / "bundles" / uuid4().hex)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
