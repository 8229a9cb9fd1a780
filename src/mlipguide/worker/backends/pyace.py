"""Atomic cluster expansions through ``python-ace``, from a file of its own or of LAMMPS's style ``pace``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import resources, torch_runtime
from ..failures import WorkerError
from ..geometry import boxed, right_handed
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

SUFFIXES = (".ace", ".yace", ".yaml")


def load(request: LoadRequest) -> LoadedModel:
    """Load a potential from its file; elements and cutoff stand there.

    python-ace computes in double precision, on one thread.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float64",), "python-ace")
    if request.device != "cpu":
        raise WorkerError(
            "unsupported_setting", f"python-ace runs on processors, not on the device '{request.device}'."
        )
    if request.synthetic:
        raise WorkerError("weights", "A fitted potential is never replaced by random numbers.")
    if request.path is None:
        raise WorkerError("weights", f"ACE '{request.name}' is a file, and none was given.")
    if Path(request.path).suffix not in SUFFIXES:
        raise WorkerError("weights", f"'{request.path}' is not a file of ACE ({', '.join(SUFFIXES)}).")
    from ase.data import atomic_numbers
    from pyace import PyACECalculator

    try:
        calculator = PyACECalculator(request.path)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WorkerError("weights", f"python-ace cannot read '{request.path}': {error}") from error
    basis = calculator.basis
    cutoff = float(basis.cutoffmax)
    return LoadedModel(
        calculator=calculator,
        parameters=len(basis.all_coeffs),
        cutoff=cutoff,
        layers=1,
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in basis.elements_name)),
        synthetic=False,
        versions=torch_runtime.versions("python-ace"),
        synchronise=lambda: None,
        reset_peak_memory=resources.forget_peak,
        peak_memory_bytes=resources.peak_memory_bytes,
        adapt=partial(_adapted, margin=2 * cutoff),
    )


def _adapted(atoms: Atoms, *, margin: float) -> Atoms:
    """Return the structure in a periodic, right-handed cell: a left-handed one is "extreme" to it, and refused."""
    return right_handed(boxed(atoms, margin=margin))
