"""TensorNet and QET through ``matgl`` 4: the folder of a checkpoint, or a published size with random weights."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import crystal_or_molecule
from .interface import LoadedModel, LoadRequest, Stopwatch

UNTOLD = "M3GNet"
"""Its files look the same whichever version wrote them, and this one reads those of version 2 wrongly."""
SIZES = {
    "m": {
        "units": 128,
        "nblocks": 3,
        "rbf_type": "SphericalBessel",
        "use_smooth": True,
        "cutoff": 5.0,
        "is_intensive": False,
    }
}
"""TensorNet: what the authors' model cards say (``units=128, nblocks=3``) on top of the release before it; the
parameters come out as published, 1,067,906."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by its file ``state.pt``, beside which ``model.json`` and ``model.pt`` stand.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "MatGL")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"MatGL '{request.name}' needs the folder of its checkpoint, and none was given.")
    from ase.data import atomic_numbers
    from matgl.ext.ase import PESCalculator

    potential = build_architecture(request.name) if request.synthetic else _checkpoint(Path(str(request.path)).parent)
    potential = potential.to(request.device).eval()
    network = potential.model
    mode = request.options.take("compile", "off")
    if mode != "off":
        potential.model = torch_runtime.compiled(network, mode)  # as the package does it when it makes a potential
    layers = next((int(getattr(network, name)) for name in ("n_blocks", "nblocks") if hasattr(network, name)), None)
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=PESCalculator(potential, stress_unit="eV/A3", use_voigt=True),
        parameters=torch_runtime.parameter_count(network),
        cutoff=float(network.cutoff),
        layers=len(network.layers) if layers is None and hasattr(network, "layers") else layers,
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in network.element_types)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("matgl", "torch-geometric", "pymatgen-core"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        compilations=None if mode == "off" else torch_runtime.compilations,
        stopwatch=Stopwatch(potential, synchronise),
        adapt=partial(crystal_or_molecule, margin=2 * float(network.cutoff)),
    )


def _checkpoint(folder: Path) -> Any:
    """Return the potential of a folder that this version of MatGL wrote.

    Raises:
        WorkerError: Kind ``weights``: another version wrote it, or it cannot be loaded.
    """
    import matgl

    refuse_older(folder)
    try:
        return matgl.load_model(folder)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        raise WorkerError("weights", f"MatGL cannot load '{folder}': {error.__cause__ or error}") from error


def refuse_older(folder: Path) -> None:
    """Refuse a checkpoint of an older MatGL, which this one would load with a warning or none and wrong energies.

    Raises:
        WorkerError: Kind ``weights``.
    """
    from matgl import models
    from matgl.apps import pes

    try:
        described: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        inner = described["kwargs"]["model"]
        written = ((pes, described), (models, inner))
        older = [
            f"{one['@class']} {one['@model_version']}"
            for module, one in written
            if int(one["@model_version"]) < int(getattr(module, one["@class"]).__version__)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkerError("weights", f"'{folder}' is not the folder of a checkpoint of MatGL 4: {error!r}.") from error
    if older or inner["@class"] == UNTOLD:
        raise WorkerError(
            "weights",
            f"'{folder}' holds {' and '.join(older) or UNTOLD}, as MatGL 2 writes it. MatGL 4 would load it without an "
            "error and be wrong by electronvolts an atom; the backend matgl runs it.",
        )


def build_architecture(name: str) -> Any:
    """Build a published size of TensorNet with random weights.

    Args:
        name: ``materialyze/TensorNet-PES-MatPES-PBE-2025.2-m`` and its like.

    Raises:
        WorkerError: Kind ``weights``: another architecture or size.
    """
    shape = SIZES.get(name.rpartition("-")[2])
    if "TensorNet" not in name or shape is None:
        raise WorkerError("weights", f"No architecture '{name}' of MatGL 4 is known without its weights.")
    import torch
    from matgl.apps.pes import Potential
    from matgl.models import TensorNet

    torch.manual_seed(0)
    return Potential(TensorNet(**shape), calc_stresses=True)
