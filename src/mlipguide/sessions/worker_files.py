"""The private folder that a worker is started from: a copy of ``mlipguide/worker`` with a plug-in's file."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from mlipguide.core.paths import cache_dir, make_folder, storage_error

PACKAGE = "mlipguide_worker"


def worker_folder(plugin_file: Path | None = None) -> Path:
    """Return the folder to put on the worker's path, made on first use.

    The folder's name is a hash of its content, so that versions of mlipguide do not disturb each other.

    Args:
        plugin_file: A backend file of a plug-in, copied in beside the built-in ones.

    Raises:
        StorageError: The cache folder cannot be written.
    """
    source = Path(__file__).parent.parent / "worker"
    files = {path.relative_to(source): path for path in sorted(source.rglob("*.py"))}
    if plugin_file is not None:
        files[Path("backends") / plugin_file.name] = plugin_file
    digest = hashlib.sha256()
    for relative, path in sorted(files.items()):
        digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    folder = cache_dir() / "workers" / digest.hexdigest()[:16]
    if _is_whole(folder, files):
        return folder
    make_folder(folder.parent)
    unfinished = folder.with_name(f".{folder.name}-{uuid4().hex}")
    try:
        for relative, path in files.items():
            target = unfinished / PACKAGE / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            # Another process was first, and its copy is the same; or the site deleted files that nobody had
            # read for weeks and left the folders.
            for relative in files:
                target = folder / PACKAGE / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                (unfinished / PACKAGE / relative).replace(target)
    except OSError as error:
        raise storage_error(folder, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _is_whole(folder: Path, files: Iterable[Path]) -> bool:
    return all((folder / PACKAGE / relative).is_file() for relative in files)


def worker_environment(base: dict[str, str], folder: Path, *, threads: int, retain_memory: bool) -> dict[str, str]:
    """Return the environment variables that a worker is started with.

    Args:
        base: A cleaned environment.
        folder: What :func:`worker_folder` returned.
        threads: Threads of the linear algebra, set before any library reads them.
        retain_memory: Keep freed memory in the process (glibc only; others ignore it).
    """
    environment = dict(base)
    environment["PYTHONPATH"] = str(folder)
    environment["PYTHONUNBUFFERED"] = "1"
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    if retain_memory:
        present = environment.get("GLIBC_TUNABLES")
        environment["GLIBC_TUNABLES"] = f"{present}:{RETAIN_TUNABLES}" if present else RETAIN_TUNABLES
    environment.setdefault("TMPDIR", os.environ.get("TMPDIR", "/tmp"))  # noqa: S108  # the system's own default
    return environment


RETAIN_TUNABLES = "glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=68719476736"
"""Blocks below 16 GiB come from the heap, and the heap's end is not given back below 64 GiB
(https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html)."""
