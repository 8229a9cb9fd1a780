"""Nequix through ``nequix`` on JAX, from a checkpoint file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import jax_runtime, resources, torch_runtime
from ..failures import WorkerError
from ..geometry import boxed
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

SUFFIX = ".nqx"


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint file of JAX.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "Nequix")
    if request.synthetic:
        raise WorkerError("weights", "Nequix is not timed with random weights.")
    if request.path is None:
        raise WorkerError("weights", f"Nequix '{request.name}' needs its checkpoint file, and none was given.")
    if Path(request.path).suffix != SUFFIX:
        raise WorkerError("weights", f"'{request.path}' is not a checkpoint of Nequix for JAX ({SUFFIX}).")
    jax_runtime.prepare(threads=request.threads, dtype=request.dtype, device=request.device)
    from nequix.calculator import NequixCalculator

    try:
        calculator = NequixCalculator(model_path=request.path, backend="jax", use_kernel=False)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WorkerError("weights", f"Nequix cannot load '{request.path}': {error}") from error
    cutoff = float(calculator.cutoff)
    return LoadedModel(
        calculator=calculator,
        parameters=jax_runtime.parameter_count(calculator.model),
        cutoff=cutoff,
        layers=int(calculator.config["n_layers"]),
        elements=tuple(sorted(int(number) for number in calculator.config["atomic_numbers"])),
        synthetic=False,
        versions=torch_runtime.versions("nequix", "jax", "jaxlib", "equinox", "e3nn-jax", "matscipy"),
        synchronise=lambda: None,  # results are read before a call returns
        reset_peak_memory=resources.forget_peak,
        peak_memory_bytes=resources.peak_memory_bytes,
        compilations=jax_runtime.compilations,
        adapt=lambda atoms: periodic_or_not(atoms, margin=2 * cutoff),
    )


def periodic_or_not(atoms: Atoms, *, margin: float) -> Atoms:
    """Return a structure that is periodic along all directions or along none.

    Nequix leaves the images out where a single direction is not periodic: bonds across the others would be lost.
    """
    return boxed(atoms, margin=margin) if atoms.pbc.any() else atoms
