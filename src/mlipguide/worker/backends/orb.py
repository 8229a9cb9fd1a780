"""Orb through ``orb-models`` 0.5: a checkpoint file, or the published architecture of the third version at random."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

ELEMENTS = 118
"""The network takes every element; those of the training data stand on the card."""
RADIUS_ANGSTROM = 6.0
NEIGHBOURS = {"20": 20, "inf": 120}
"""What the parts of a name stand for (``orb_v3_conservative_inf_omat`` and its like in orb_models/forcefield)."""
ELECTRONS = {"charge": 0, "spin": 1}
"""What a structure has that does not say otherwise."""
AUTOMATIC = "automatic"
PRECISIONS = {"float32": "float32-highest", "float64": "float64"}


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by the package's name for it, or build the architecture of that name with random weights.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, tuple(PRECISIONS), "Orb")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"Orb '{request.name}' needs a checkpoint file, and none was given.")
    import torch
    from orb_models.forcefield.calculator import ORBCalculator

    precision = getattr(torch, request.dtype)
    if request.synthetic:  # drawn in single precision, so that they are the same weights in either
        torch.set_default_dtype(torch.float32)
        model = build_architecture(request.name, request.device).to(precision)
        torch.set_default_dtype(precision)
    else:
        torch.set_default_dtype(precision)
        model = _checkpoint(request)
    model.eval()
    mode, neighbours = request.options.take("compile", "off"), request.options.take("neighbours", AUTOMATIC)
    if mode != "off":
        model.compile(mode=mode, dynamic=True)  # as the package does it
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=ORBCalculator(
            model, device=request.device, edge_method=None if neighbours == AUTOMATIC else neighbours
        ),
        parameters=torch_runtime.parameter_count(model),
        cutoff=float(model.system_config.radius),
        layers=int(model.model.num_message_passing_steps),
        elements=tuple(range(1, ELEMENTS + 1)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("orb-models"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        compilations=None if mode == "off" else torch_runtime.compilations,
        stopwatch=Stopwatch(model.model, synchronise),
        adapt=partial(_told, takes_both=model.model.conditioner is not None),
    )


def _told(atoms: Atoms, *, takes_both: bool) -> Atoms:
    """Return the structure with charge and spin for a model that takes them, and with neither for one that does not.

    The package wants both or none.
    """
    given = {name: atoms.info[name] for name in ELECTRONS if atoms.info.get(name) is not None}
    wanted = {**ELECTRONS, **given} if takes_both else {}
    if given == wanted:
        return atoms
    copy: Atoms = atoms.copy()
    for name in ELECTRONS:
        copy.info.pop(name, None)
    copy.info.update(wanted)
    return copy


def _checkpoint(request: LoadRequest) -> Any:
    from orb_models.forcefield import pretrained

    make = getattr(pretrained, request.name.replace("-", "_"), None)
    if make is None:
        raise WorkerError("weights", f"The package orb-models knows no checkpoint '{request.name}'.")
    try:
        return make(
            weights_path=request.path, device=request.device, precision=PRECISIONS[request.dtype], compile=False
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WorkerError("weights", f"Orb cannot load '{request.path}': {error}") from error


def build_architecture(name: str, device: str) -> Any:
    """Build an Orb of the third version with random weights.

    Args:
        name: ``orb-v3-conservative-inf-omat`` and its like.
        device: Where.

    Raises:
        WorkerError: Kind ``weights``: another version, or one with charge and spin.
    """
    import torch
    from orb_models.forcefield import pretrained
    from orb_models.forcefield.atomic_system import SystemConfig

    parts = name.split("-")
    makers = {
        "conservative": pretrained.orb_v3_conservative_architecture,
        "direct": pretrained.orb_v3_direct_architecture,
    }
    kind = next((part for part in parts if part in makers), None)
    neighbours = next((NEIGHBOURS[part] for part in parts if part in NEIGHBOURS), None)
    if parts[:2] != ["orb", "v3"] or kind is None or neighbours is None:
        raise WorkerError("weights", f"No architecture '{name}' of Orb is known here without its weights.")
    torch.manual_seed(0)
    return makers[kind](device=device, system_config=SystemConfig(radius=RADIUS_ANGSTROM, max_num_neighbors=neighbours))
