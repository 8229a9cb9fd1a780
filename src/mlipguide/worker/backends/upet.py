"""PET through ``upet``, and any exported model of metatomic; without weights, a published size of PET at random."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest

CHECKPOINT = ".ckpt"
"""Ends of files that hold a checkpoint of metatrain; others are exported models."""
LAST_ELEMENT = 102

SHAPES = {
    "xs": {"d_pet": 128, "d_node": 512, "num_gnn_layers": 2, "num_attention_layers": 1, "cutoff": 7.5},
    "s": {"d_pet": 256, "d_node": 1024, "num_gnn_layers": 3, "num_attention_layers": 1, "cutoff": 8.0},
    "m": {"d_pet": 384, "d_node": 1536, "num_gnn_layers": 3, "num_attention_layers": 2, "cutoff": 8.5},
    "l": {"d_pet": 512, "d_node": 2048, "num_gnn_layers": 4, "num_attention_layers": 2, "cutoff": 9.0},
}
"""Of ``docs/src/models.rst`` in lab-cosmo/upet; with heads for forces and stress the parameters come out as published:
4.5, 25.9, 109 and 255 millions. Heads are as wide as edges, and what lies between them twice as wide."""
_NEIGHBOURS = {"xs": 8, "s": 16, "m": 24, "l": 32}
_MORE_NEIGHBOURS = {"xs": 16, "s": 24, "m": 32}
"""Of PET-MAD 1.6."""
DIRECT = {
    "non_conservative_force": {"quantity": "force", "unit": "eV/A", "sample_kind": "atom", "rank": 1},
    "non_conservative_stress": {"quantity": "pressure", "unit": "eV/A^3", "sample_kind": "system", "rank": 2},
}
"""Heads that the checkpoints have beside the energy; they are not asked here."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint or an exported model, or build the size that the name ends with.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "PET")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"PET '{request.name}' needs its checkpoint file, and none was given.")
    import warnings

    from metatomic_ase import MetatomicCalculator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)  # of the packages about one another
        model = _at_random(request) if request.synthetic else _from_file(request)
        layers = _layers(model)
        calculator = MetatomicCalculator(model, device=request.device, uncertainty_threshold=None)
    capabilities = model.capabilities()
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(model),
        cutoff=max(float(wanted.cutoff) for wanted in model.requested_neighbor_lists()),
        layers=layers,
        elements=tuple(sorted(int(number) for number in capabilities.atomic_types)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("upet", "metatrain", "metatomic-torch", "metatomic-ase", "vesin"),
        synchronise=partial(torch_runtime.synchronise, request.device),
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
    )


def _layers(model: Any) -> int | None:
    """Return the number of layers of a PET; None of another architecture."""
    counts = [getattr(module, "num_gnn_layers", None) for module in model.modules()]
    return next((int(count) for count in counts if isinstance(count, int)), None)


def _from_file(request: LoadRequest) -> Any:
    """Return the model of a file."""
    path = str(request.path)
    try:
        if path.endswith(CHECKPOINT):
            from upet import get_upet

            return _in_dtype(get_upet(checkpoint_path=path), request.dtype)
        from metatomic.torch import load_atomistic_model

        model = load_atomistic_model(path)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        raise WorkerError("weights", f"'{path}' is no checkpoint of PET and no model of metatomic: {error}") from error
    own = str(model.capabilities().dtype)
    if own != request.dtype:
        raise WorkerError("unsupported_setting", f"'{path}' was exported in {own} and runs in nothing else.")
    return model


def _in_dtype(model: Any, dtype: str) -> Any:
    """Return a model in a precision, run as TorchScript, as the package's own calculator does."""
    import torch

    scripted = torch.jit.script(model)
    if str(scripted.capabilities().dtype) != dtype:
        scripted._capabilities.dtype = dtype  # noqa: SLF001  # as the package's own calculator does
        scripted = scripted.to(dtype=getattr(torch, dtype))
    return scripted


def _at_random(request: LoadRequest) -> Any:
    """Return a published size with random weights, made ready as one that was trained."""
    import torch
    from metatomic.torch import AtomisticModel

    exported = build_architecture(request.name).export()
    for parameter in exported.parameters():
        parameter.requires_grad = False
    inner = torch.jit.script(exported.eval())
    whole = AtomisticModel(module=inner, metadata=inner.metadata(), capabilities=inner.capabilities())
    return _in_dtype(whole, request.dtype)


def build_architecture(name: str) -> Any:
    """Build a published size of PET with random weights.

    Args:
        name: ``pet-mad-s v1.6.0``, ``pet-omat-xs`` and their like.

    Raises:
        WorkerError: Kind ``weights``: a size that was not published, or whose heads are not known.
    """
    model, _, version = name.partition(" ")
    family, _, size = model.rpartition("-")
    if size not in SHAPES or family not in {"pet-mad", "pet-omat", "pet-oam", "pet-omatpes"}:
        raise WorkerError("weights", f"No architecture '{name}' of PET is known without its weights.")
    import torch
    from metatrain.pet import PET
    from metatrain.utils.architectures import get_default_hypers
    from metatrain.utils.data import DatasetInfo
    from metatrain.utils.data.target_info import get_energy_target_info, get_generic_target_info

    torch.manual_seed(0)
    newest = family == "pet-mad" and version.startswith("v1.6")
    shape = SHAPES[size]
    hypers = get_default_hypers("pet")["model"] | shape
    hypers |= {"d_head": shape["d_pet"], "d_feedforward": 2 * shape["d_pet"], "num_heads": 8}
    hypers["num_neighbors_adaptive"] = (_MORE_NEIGHBOURS if newest else _NEIGHBOURS)[size]
    hypers["adaptive_cutoff_method"] = "solver" if newest else "grid"
    targets = {
        head: get_generic_target_info(
            head,
            {
                "quantity": facts["quantity"],
                "unit": facts["unit"],
                "type": {"cartesian": {"rank": facts["rank"]}},
                "num_subtargets": 1,
                "per_atom": facts["sample_kind"] == "atom",
                "sample_kind": facts["sample_kind"],
            },
        )
        for head, facts in DIRECT.items()
    }
    targets["energy"] = get_energy_target_info(
        "energy", {"unit": "eV"}, add_position_gradients=True, add_strain_gradients=True
    )
    known = list(range(1, LAST_ELEMENT + 1))
    return PET(hypers, DatasetInfo(length_unit="angstrom", atomic_types=known, targets=targets))
