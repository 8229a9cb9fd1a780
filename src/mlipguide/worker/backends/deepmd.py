"""Deep Potential models through ``deepmd-kit``: a checkpoint or a frozen model, or DPA-3.1 with random weights."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import crystal_or_molecule
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

FROZEN = (".pt", ".pth", ".pt2")
"""Ends of files of the backend that is in the environment, torch."""
LAYERS = {"DPA-3.1-3M": 16, "DPA-3.1-3M-FT": 16, "DPA-3.1-MPtrj": 24}
"""Of the published architectures that are built here."""
DATA_SETS = {"DPA-3.1-3M": 31, "DPA-3.1-3M-FT": 31}
"""How many data sets a network tells apart, where it learned from several."""
LAST_ELEMENT = 118
REPFLOW = {
    "n_dim": 128,
    "e_dim": 64,
    "a_dim": 32,
    "e_rcut": 6.0,
    "e_rcut_smth": 5.3,
    "e_sel": 1200,
    "a_rcut": 4.0,
    "a_rcut_smth": 3.5,
    "a_sel": 300,
    "axis_neuron": 4,
    "a_compress_rate": 1,
    "a_compress_e_rate": 2,
    "a_compress_use_split": True,
    "update_angle": True,
    "smooth_edge_update": True,
    "use_dynamic_sel": True,
    "sel_reduce_factor": 10.0,
    "edge_init_use_dist": True,
    "use_exp_switch": True,
    "fix_stat_std": 0.3,
    "n_multi_edge_message": 1,
    "update_style": "res_residual",
    "update_residual": 0.1,
    "update_residual_init": "const",
}
"""Of ``examples/water/dpa3`` in deepmodeling/deepmd-kit. With the layers above and a place for each data set there are
3,268,689 parameters, as published of DPA-3.1-3M, and 4,810,561; 4,810,679 are published of DPA-3.1-MPtrj."""
ACTIVATION = "custom_silu:10.0"


def load(request: LoadRequest) -> LoadedModel:
    """Load a file, whose branch stands behind a colon in the name, or build the architecture of the name.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "DeePMD-kit")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"DeePMD-kit's '{request.name}' needs its file, and none was given.")
    if request.device == "cpu":
        os.environ["DEVICE"] = "cpu"  # read when the package is imported; without it a GPU is taken where one is
    from ase.data import atomic_numbers

    calculator = _at_random(request) if request.synthetic else _from_file(request)
    evaluator = calculator.dp.deep_eval
    module = evaluator.dp
    _require_precision(module, request)
    cutoff = float(calculator.dp.get_rcut())
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(module),
        cutoff=cutoff,
        layers=_layers(evaluator.get_model_def_script()) or LAYERS.get(request.name if request.synthetic else ""),
        elements=tuple(sorted(atomic_numbers[name] for name in calculator.type_dict if name in atomic_numbers)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("deepmd-kit", "vesin", "e3nn"),
        synchronise=partial(torch_runtime.synchronise, request.device),
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        adapt=partial(_adapted, margin=2 * cutoff, takes_electrons=bool(evaluator.has_chg_spin_ebd())),
    )


def _adapted(atoms: Atoms, *, margin: float, takes_electrons: bool) -> Atoms:
    """Return a crystal or a molecule, with charge and spin as the package reads them."""
    copy: Atoms = crystal_or_molecule(atoms, margin=margin).copy()
    copy.info.pop("charge_spin", None)
    if takes_electrons:
        copy.info["charge_spin"] = [[atoms.info.get("charge", 0), atoms.info.get("spin", 1)]]
    return copy


def _layers(described: dict[str, Any]) -> int | None:
    """Return the layers that a model's own description has; None where it has none."""
    descriptor = described.get("descriptor") or {}
    for part in ("repflow", "repformer"):
        found = (descriptor.get(part) or {}).get("nlayers")
        if found is not None:
            return int(found)
    return None


def _require_precision(module: Any, request: LoadRequest) -> None:
    """Refuse a precision that the network was not made in.

    Raises:
        WorkerError: Kind ``unsupported_setting``.
    """
    kinds = {str(parameter.dtype).removeprefix("torch.") for parameter in module.parameters()}
    floating = sorted(kind for kind in kinds if kind.startswith("float"))
    if floating and request.dtype not in floating:
        raise WorkerError(
            "unsupported_setting", f"'{request.name}' was made in {' and '.join(floating)}, not in {request.dtype}."
        )


def _from_file(request: LoadRequest) -> Any:
    """Return the calculator of a file."""
    path = Path(str(request.path))
    if path.suffix not in FROZEN:
        raise WorkerError(
            "weights",
            f"'{path.name}' is not a model of DeePMD-kit's PyTorch ({', '.join(FROZEN)}), which alone is installed "
            "here. Convert it: dp convert-backend OLD NEW.pth.",
        )
    from deepmd.calculator import DP

    branch = request.name.partition(":")[2] or None
    try:
        return DP(model=path, head=branch)
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError, AttributeError) as error:
        raise WorkerError("weights", f"DeePMD-kit cannot load '{path}': {error}") from error


def _at_random(request: LoadRequest) -> Any:
    """Return the calculator of a published architecture with random weights, frozen as ``dp freeze`` does it."""
    import torch
    from deepmd.calculator import DP

    model = build_architecture(request.name, request.dtype)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "random.pth"
        torch.jit.script(model).save(file)
        return DP(model=file)


def build_architecture(name: str, dtype: str) -> Any:
    """Build a published architecture with random weights.

    Raises:
        WorkerError: Kind ``weights``: none of that name is known.
    """
    if name not in LAYERS:
        raise WorkerError("weights", f"No architecture '{name}' of DeePMD-kit is known without its weights.")
    import torch
    from ase.data import chemical_symbols
    from deepmd.pt.model.model import get_model

    torch.manual_seed(0)
    data_sets = DATA_SETS.get(name, 0)
    model = get_model(
        {
            "type_map": chemical_symbols[1 : LAST_ELEMENT + 1],
            "descriptor": {
                "type": "dpa3",
                "repflow": REPFLOW | {"nlayers": LAYERS[name]},
                "activation_function": ACTIVATION,
                "use_tebd_bias": False,
                "concat_output_tebd": False,
                "precision": dtype,
            },
            "fitting_net": {
                "neuron": [240, 240, 240],
                "resnet_dt": True,
                "seed": 1,
                "precision": dtype,
                "activation_function": ACTIVATION,
                "dim_case_embd": data_sets,
            },
        }
    )
    if data_sets:
        model.set_case_embd(0)
    return model.eval()
