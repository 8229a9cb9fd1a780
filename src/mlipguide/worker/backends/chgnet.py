"""CHGNet through the package ``chgnet``, which brings its weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import boxed, right_handed
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

ELEMENTS = 94
"""CHGNet's embedding has one row for each of the elements 1 to 94; its training data stand on its card."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by CHGNet's own version name (``0.3.0``), or from a file.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "CHGNet")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic:
        raise WorkerError("weights", "CHGNet's weights are in its package; there is no need for random ones.")
    from chgnet.model import CHGNet
    from chgnet.model.dynamics import CHGNetCalculator

    device = request.device.partition(":")[0]
    try:
        if request.path:
            model = CHGNet.from_file(request.path)
        else:
            model = CHGNet.load(model_name=request.name, use_device=device, verbose=False)
    except (OSError, ValueError, KeyError) as error:
        raise WorkerError("weights", f"CHGNet cannot load '{request.path or request.name}': {error}") from error
    set_precision(model, request.dtype)
    cutoff = float(model.graph_converter.atom_graph_cutoff)
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=CHGNetCalculator(model, use_device=device, on_isolated_atoms="ignore"),
        parameters=torch_runtime.parameter_count(model),
        cutoff=cutoff,
        layers=len(model.atom_conv_layers),
        elements=tuple(range(1, ELEMENTS + 1)),
        synthetic=False,
        versions=torch_runtime.versions("chgnet", "pymatgen", "pymatgen-core"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(model, synchronise),
        adapt=partial(_adapted, margin=2 * cutoff),
    )


def _adapted(atoms: Atoms, *, margin: float) -> Atoms:
    """Return the structure as CHGNet takes it, periodic and right-handed.

    CHGNet divides by the triple product of the cell's vectors, which is negative for a left-handed cell: its stress
    would have the wrong sign (``volumes`` in chgnet/model/model.py, 0.4.x).
    """
    return right_handed(boxed(atoms, margin=margin))


def set_precision(model: Any, dtype: str) -> None:
    """Let CHGNet compute in ``dtype`` from now on, in this process; its weights were stored in single precision.

    CHGNet keeps the precision of a structure's tensors in constants of two modules. Its table of reference
    energies takes the shares of the elements in single precision always, which shifts the energies of one
    composition by a constant (below 1e-6 eV per atom) and no force.
    """
    import torch
    from chgnet.graph import converter
    from chgnet.model import model as network

    converter.TORCH_DTYPE = network.TORCH_DTYPE = getattr(torch, dtype)
    if dtype == "float32":
        return
    model.double()
    if model.composition_model is not None:
        model.composition_model.fc.register_forward_pre_hook(
            lambda _module, shares: tuple(share.double() for share in shares)
        )
