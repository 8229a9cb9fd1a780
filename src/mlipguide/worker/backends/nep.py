"""NEP potentials on a CPU through ``calorine``, which compiles GPUMD's own evaluation."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import resources
from ..failures import WorkerError
from ..geometry import boxed
from .interface import LoadedModel, LoadRequest

DEVICE, DTYPE = "cpu", "float64"


def load(request: LoadRequest) -> LoadedModel:
    """Load a potential from its file; elements and cutoffs stand there.

    calorine computes in double precision, on one thread, with cells of any size and in periodic ones only, so a
    structure that is not periodic gets a box.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    if request.device != DEVICE:
        raise WorkerError("unsupported_setting", f"calorine runs NEP on the CPU, not on '{request.device}'.")
    if request.synthetic:
        raise WorkerError("weights", "A NEP is trained in minutes; there are none with random weights.")
    if request.path is None:
        raise WorkerError("weights", "No package brings a NEP; its file has to be given.")
    from ase.data import atomic_numbers
    from calorine.calculators import CPUNEP
    from calorine.nep import read_model

    try:
        model = read_model(request.path)
        calculator = CPUNEP(request.path)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise WorkerError("weights", f"calorine cannot read '{request.path}': {error}") from error
    cutoff = longest(model.radial_cutoff, model.angular_cutoff)
    return LoadedModel(
        calculator=calculator,
        parameters=int(model.n_ann_parameters + model.n_descriptor_parameters),
        cutoff=cutoff,
        layers=1,
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in model.types)),
        synthetic=False,
        versions=versions(),
        synchronise=lambda: None,
        reset_peak_memory=reset_peak_memory,
        peak_memory_bytes=resources.peak_memory_bytes,
        adapt=partial(boxed, margin=2 * cutoff),
    )


def longest(*cutoffs: Any) -> float:
    """Return the longest of some cutoffs, each one number or one for each element, Å."""
    return max(float(value) for item in cutoffs for value in (item if isinstance(item, (list, tuple)) else [item]))


def reset_peak_memory() -> None:
    """Forget the peak of memory so far, and give back what earlier work left behind."""
    resources.release_freed_memory()
    resources.reset_peak_memory()


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide speed and results."""
    from .. import torch_runtime

    return torch_runtime.versions("calorine")
