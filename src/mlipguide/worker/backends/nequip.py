"""NequIP and Allegro through ``nequip``: a packaged model, or a published architecture with random weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest, Stopwatch

COMPILED = (".nequip.pt2", ".nequip.pth")
"""Ends of files that were compiled for one device; what is read here are packages (``.nequip.zip``) and ``.ckpt``."""
LAST_ELEMENT = 94
ABSENT = (84, 85, 86, 87, 88)
"""Po, At, Rn, Fr, Ra: what the data sets of the Materials Project, up to Pu, do not hold."""
MESSAGE_PASSING = "ConvNetLayer"

_LAYERS_128 = {
    "l_max": 3,
    "num_features": [128, 64, 32, 32],
    "type_embed_num_features": 48,
    "r_max": 6.0,
}
_NEQUIP = {"parity": False, "num_layers": 6, "radial_mlp_depth": 1, "radial_mlp_width": 128, "num_bessels": 8}
_ALLEGRO = {
    "parity": False,
    "l_max": 3,
    "num_scalar_features": 256,
    "allegro_mlp_hidden_layers_width": 1024,
    "readout_mlp_hidden_layers_depth": 1,
    "readout_mlp_hidden_layers_width": 128,
    "radial_chemical_embed_dim": 512,
    "scalar_embed_mlp_hidden_layers_width": 512,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "NequIP-OAM-L": _NEQUIP | _LAYERS_128,
    "NequIP-MP-L": _NEQUIP | _LAYERS_128,
    "NequIP-OAM-XL": _NEQUIP
    | {"l_max": 4, "num_features": [320, 96, 64, 32, 32], "type_embed_num_features": 32, "r_max": 6.0},
    "Allegro-OAM-L": _ALLEGRO
    | {"num_layers": 4, "num_tensor_features": 64, "allegro_mlp_hidden_layers_depth": 2, "r_max": 7.0},
    "Allegro-MP-L": _ALLEGRO
    | {"num_layers": 5, "num_tensor_features": 96, "allegro_mlp_hidden_layers_depth": 3, "r_max": 6.0},
}
"""What their training files in janosh/matbench-discovery (``models/nequip``, ``models/allegro``) say of the networks.

The parameters come out as published: 9.6, 9.6, 32.1, 9.7 and 18.7 millions.
"""
NEIGHBOURS = 62.0
"""Mean number of neighbours, by which sums are divided; it changes no time."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a file, or build the architecture of the name with random weights.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "NequIP")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"NequIP '{request.name}' needs its file, and none was given.")
    from ase.data import atomic_numbers

    calculator = _at_random(request) if request.synthetic else _from_file(request)
    model = calculator.model
    facts = {name: str(value) for name, value in dict(model.metadata).items()}
    if facts["model_dtype"] != request.dtype:
        raise WorkerError(
            "unsupported_setting", f"'{request.name}' runs in {facts['model_dtype']}, not in {request.dtype}."
        )
    layers = sum(type(module).__name__ == MESSAGE_PASSING for module in model.modules())
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(model),
        cutoff=float(facts["r_max"]),
        layers=layers or 1,  # Allegro passes no messages
        elements=tuple(sorted(atomic_numbers[name] for name in facts["type_names"].split() if name in atomic_numbers)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("nequip", "nequip-allegro", "e3nn", "matscipy"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(model, synchronise),
    )


def _from_file(request: LoadRequest) -> Any:
    """Return the calculator of a file."""
    from nequip.integrations.ase import NequIPCalculator

    path = str(request.path)
    if path.endswith(COMPILED):
        raise WorkerError("weights", f"'{Path(path).name}' was compiled; give the package that it was made from.")
    try:
        return NequIPCalculator._from_saved_model(  # noqa: SLF001  # the package has no other way to a packaged model
            path, device=request.device, chemical_species_to_atom_type_map=True
        )
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError, AttributeError) as error:
        raise WorkerError("weights", f"NequIP cannot load '{path}': {error!r}") from error


def _at_random(request: LoadRequest) -> Any:
    """Return the calculator of a published architecture with random weights."""
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform
    from nequip.integrations.ase import NequIPCalculator
    from nequip.utils.global_state import set_global_state

    set_global_state()
    model = build_architecture(request.name, request.dtype).eval()
    symbols = model.metadata["type_names"].split()
    transforms = [
        ChemicalSpeciesToAtomTypeMapper(
            model_type_names=symbols, chemical_species_to_atom_type_map={symbol: symbol for symbol in symbols}
        ),
        NeighborListTransform(r_max=float(model.metadata["r_max"])),
    ]
    return NequIPCalculator(model, request.device, transforms=transforms)


def build_architecture(name: str, dtype: str) -> Any:
    """Build a published architecture with random weights.

    Args:
        name: ``nequip.net:mir-group/NequIP-OAM-L:0.1`` and its like.
        dtype: ``float32`` or ``float64``.

    Raises:
        WorkerError: Kind ``weights``: no architecture of that name was published.
    """
    from ase.data import chemical_symbols

    shape = ARCHITECTURES.get(name.rpartition("/")[2].partition(":")[0])
    if shape is None:
        raise WorkerError("weights", f"No architecture '{name}' of NequIP or Allegro is known without its weights.")
    symbols = [chemical_symbols[number] for number in range(1, LAST_ELEMENT + 1) if number not in ABSENT]
    one = dict.fromkeys(symbols, 1.0)
    common = {
        "seed": 0,
        "model_dtype": dtype,
        "type_names": symbols,
        "avg_num_neighbors": NEIGHBOURS,
        "per_type_energy_shifts": one,
        "per_type_energy_scales": one,
        "per_type_energy_scales_trainable": True,
    }
    if "num_tensor_features" in shape:
        from allegro.model import AllegroModel

        radial = {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": 12,
            "bessel_trainable": True,
            "polynomial_cutoff_p": 8,
        }
        return AllegroModel(**common, **shape, radial_chemical_embed=radial)
    from nequip.model import NequIPGNNModel

    repulsion = {"_target_": "nequip.nn.pair_potential.ZBL", "units": "metal", "chemical_species": symbols}
    return NequIPGNNModel(**common, **shape, bessel_trainable=True, polynomial_cutoff_p=5, pair_potential=repulsion)
