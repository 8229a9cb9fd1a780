"""M3GNet, TensorNet and QET through ``matgl`` 2, from the folder of a checkpoint."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import crystal_or_molecule
from .interface import LoadedModel, LoadRequest, Stopwatch

VARIABLE = "MATGL_BACKEND"
DGL, PYG = "DGL", "PYG"
LAYERS = ("n_blocks", "num_layers", "nblocks")
"""What the architectures call the number of their message-passing layers."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by its file ``state.pt``, beside which ``model.json`` and ``model.pt`` stand.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "MatGL")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic:
        raise WorkerError("weights", "MatGL's models are not timed with random weights.")
    if request.path is None:
        raise WorkerError("weights", f"MatGL '{request.name}' needs the folder of its checkpoint, and none was given.")
    folder = Path(request.path).parent
    choose_graphs(folder)
    import matgl
    from matgl.ext.ase import PESCalculator

    try:
        potential = matgl.load_model(folder)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        raise WorkerError("weights", f"MatGL cannot load '{folder}': {error}") from error
    potential = potential.to(request.device)
    network = potential.model
    from ase.data import atomic_numbers

    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=PESCalculator(potential, stress_unit="eV/A3", use_voigt=True),
        parameters=torch_runtime.parameter_count(network),
        cutoff=float(network.cutoff),
        layers=next((int(getattr(network, name)) for name in LAYERS if hasattr(network, name)), None),
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in network.element_types)),
        synthetic=False,
        versions=torch_runtime.versions("matgl", "dgl", "torch-geometric", "pymatgen"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(potential, synchronise),
        adapt=partial(crystal_or_molecule, margin=2 * float(network.cutoff)),
    )


def choose_graphs(folder: Path) -> None:
    """Choose the library of graphs that a checkpoint was made with, which MatGL reads when it is imported.

    Raises:
        WorkerError: Kind ``weights``: it says of no library, or MatGL was imported with the other one.
    """
    try:
        described: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        wanted = PYG if "_pyg" in described["@module"] else DGL  # older ones name neither
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkerError("weights", f"'{folder}' is not the folder of a checkpoint of MatGL: {error!r}.") from error
    if "matgl" in sys.modules and os.environ.get(VARIABLE, PYG) != wanted:
        raise WorkerError(
            "weights", f"This process runs MatGL with other graphs than '{folder.name}' needs ({wanted})."
        )
    if wanted == DGL:
        os.environ[VARIABLE] = DGL
        os.environ["DGLBACKEND"] = "pytorch"
