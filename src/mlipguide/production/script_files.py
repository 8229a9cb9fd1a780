"""What ``recommend --write`` is asked for, which files that means, and writing them all or none."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError, StorageError
from mlipguide.records.task.run_script import ScriptDriver

READABLE = 0o644
SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""Names that LAMMPS, a shell and a batch system all take as they are."""


@dataclass(frozen=True, kw_only=True)
class ScriptRequest:
    """A script for the production run.

    Attributes:
        path: Where it is written: ``NAME.py`` for ASE, ``NAME.lammps`` for LAMMPS.
        model: The model that it runs; None for the one that is chosen.
        force: Whether files that exist are replaced.
        smoke_test: Whether it is tried first.
    """

    path: Path
    model: str | None = None
    force: bool = False
    smoke_test: bool = True

    @property
    def driver(self) -> ScriptDriver:
        """What the file's ending asks for.

        Raises:
            InputError: Another ending.
        """
        endings = {".py": ScriptDriver.ASE, ".lammps": ScriptDriver.LAMMPS}
        if self.path.suffix not in endings:
            raise InputError(
                f"--write {self.path}: what to write is told by the ending, and this is neither .py nor .lammps.",
                hint="--write run.py is a Python script for ASE, --write run.lammps a LAMMPS input and a batch job.",
            )
        return endings[self.path.suffix]

    @property
    def companions(self) -> tuple[Path, ...]:
        """The files that go with it, in the order in which they are needed."""
        if self.driver is ScriptDriver.ASE:
            return (self.path.with_name(f"{self.path.stem}.structure.extxyz"),)
        return (self.path.with_suffix(".data"), self.path.with_suffix(".sbatch"))


def require_writable(request: ScriptRequest) -> None:
    """Refuse what could not be written in the end, before minutes are spent on measuring.

    Raises:
        InputError: Another ending, a name that cannot be used, no such folder, or a file that is there already.
        StorageError: The folder cannot be written.
    """
    path = request.path
    if request.driver is ScriptDriver.LAMMPS and not SAFE_NAME.fullmatch(path.stem):
        raise InputError(
            f"--write {path}: LAMMPS and batch systems do not take '{path.stem}' as a part of a name.",
            hint="Use letters, digits, '-', '_' and '.'.",
        )
    if not path.parent.is_dir():
        raise InputError(f"--write {path}: there is no folder {path.parent}.", hint=f"mkdir -p {path.parent}")
    for target in (path, *request.companions):
        if target.is_dir():
            raise InputError(f"--write {path}: {target} is a folder.", hint="Choose another name.")
        if os.path.lexists(target) and not request.force:
            raise InputError(
                f"--write {path}: {target} is there already.",
                hint="Choose another name, or replace it with --force.",
                kind="file_exists",
            )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise _storage_error(path, PermissionError(errno.EACCES, "Permission denied"))


def write_all(files: Mapping[Path, str]) -> None:
    """Write files of one folder, in order; when that fails or is interrupted, those that were new are taken back.

    Raises:
        StorageError: The folder or the disk refuses.
    """
    staged: dict[Path, Path] = {}
    moved: list[Path] = []
    try:
        for target, text in files.items():
            descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
            staged[target] = Path(name)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            staged[target].chmod(READABLE)
        for target, part in staged.items():
            is_new = not target.exists()
            part.replace(target)
            if is_new:
                moved.append(target)
    except BaseException as error:
        for path in (*staged.values(), *moved):
            with contextlib.suppress(OSError):
                path.unlink()
        if isinstance(error, OSError):
            raise _storage_error(next(iter(files)), error) from error
        raise


def _storage_error(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"--write {path}: it cannot be written: {error.strerror or error}.",
        hint="Free the disk, or choose another folder.",
    )
