"""UMA and eSEN through ``fairchem-core``: a checkpoint file, or UMA-S 1.1 with random weights; one task of each."""

from __future__ import annotations

import tempfile
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import ELECTRONS
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

CHARGED = "omol"
"""The task that takes a total charge and a spin."""
NEUTRAL = {"charge": 0, "spin": 1}
MERGED = "on"
"""The experts are merged for the composition, task, charge and spin of the first structure. The package goes back to
all of them by itself when another one follows."""
AUTOMATIC = "automatic"
GRAPHS = {"fairchem-1": 1, "fairchem-2": 2, "nvalchemi": 3}
"""The package's numbers for who finds neighbours: its own code, or a library of NVIDIA's."""
RANDOM = "uma-s-1p1"
EXPERTS = 32
CUTOFF_ANGSTROM = 6.0
TASKS = ("omol", "omat", "oc20", "omc", "odac")
WITH_STRESS = ("omat", "omc")
ELEMENTS = 100
_MODELS = "fairchem.core.models"
_UNIT = "fairchem.core.units.mlip_unit.mlip_unit"
_NORMALISATION = "fairchem.core.modules.normalization.normalizer.Normalizer"


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint file with the task that stands behind a colon in the name.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "fairchem-core")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"fairchem-core's '{request.name}' needs its checkpoint file, and none was given.")
    name, _, task = request.name.partition(":")
    if request.synthetic:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # read again when the experts of another composition are needed
        write_random(name, file)
        unit = _unit(f"/dev/fd/{file.fileno()}", request)
        unit.random_file = file  # without a name, so that it ends with the process however that ends
    else:
        unit = _unit(str(request.path), request)
    known = sorted(unit.dataset_to_tasks)
    if task not in known and (task or len(known) > 1):
        raise WorkerError("weights", f"'{name}' has the tasks {', '.join(known)}, and '{task}' is none of them.")
    from fairchem.core import FAIRChemCalculator

    chosen = task or known[0]
    backbone = unit.model.module.backbone
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=FAIRChemCalculator(unit, task_name=chosen),
        parameters=torch_runtime.parameter_count(unit.model.module),
        cutoff=float(backbone.cutoff),
        layers=int(backbone.num_layers),
        elements=tuple(range(1, int(backbone.max_num_elements))),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("fairchem-core", "e3nn"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(_Timed(unit), synchronise),
        adapt=partial(_told, takes_electrons=chosen == CHARGED),
    )


class _Timed:
    """A predictor whose ``predict`` is its ``forward``, so that it can be timed.

    Args:
        unit: The predictor; what it predicts goes through this object afterwards.
    """

    def __init__(self, unit: Any) -> None:
        self.forward = unit.predict
        unit.predict = self._predict

    def _predict(self, *arguments: Any, **options: Any) -> Any:
        return self.forward(*arguments, **options)  # which is the timed one by then


def _told(atoms: Atoms, *, takes_electrons: bool) -> Atoms:
    """Return the structure with charge and spin for the task that takes them, and with neither for another."""
    copy: Atoms = atoms.copy()
    given = {name: copy.info.pop(name) for name in ELECTRONS if name in copy.info}
    if takes_electrons:
        copy.info.update({**NEUTRAL, **given})
    return copy


def _unit(path: str, request: LoadRequest) -> Any:
    """Return the package's predictor of a checkpoint."""
    from fairchem.core.units.mlip_unit import MLIPPredictUnit
    from fairchem.core.units.mlip_unit.api.inference import InferenceSettings

    take = request.options.take
    execution = take("execution", AUTOMATIC)
    settings = InferenceSettings(
        tf32=take(torch_runtime.TF32, "off") == "on",
        activation_checkpointing=False,
        merge_mole=take("merged-experts", MERGED) == "on",
        compile=take("compile", "off") != "off",
        execution_mode=None if execution == AUTOMATIC else execution,
        internal_graph_gen_version=GRAPHS[take("neighbours", "fairchem-2")],
        base_precision_dtype=request.dtype,
        torch_num_threads=None,  # they are set already, and torch takes some of that once
    )
    device = "cuda" if request.device.startswith("cuda") else request.device
    try:
        return MLIPPredictUnit(path, device, inference_settings=settings)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError) as error:
        raise WorkerError("weights", f"fairchem-core cannot load '{request.path}': {error}") from error


def write_random(name: str, file: IO[bytes]) -> None:
    """Write a checkpoint of UMA-S 1.1 with random weights.

    The shape is that of ``configs/uma/training_release`` in facebookresearch/fairchem (``backbone/K4L2.yaml`` and
    ``uma_sm_conserve_finetune.yaml``) with 32 experts; of its 147 million parameters 150 are published.

    Raises:
        WorkerError: Kind ``weights``: another model.
    """
    if name != RANDOM:
        raise WorkerError("weights", f"No architecture '{name}' of fairchem-core is known without its weights.")
    import hydra
    import torch
    from fairchem.core.units.mlip_unit.api.inference import MLIPInferenceCheckpoint

    torch.manual_seed(0)
    described = {
        "_target_": f"{_MODELS}.base.HydraModel",
        "backbone": _backbone(),
        "heads": {
            "energyandforcehead": {
                "module": f"{_MODELS}.uma.escn_moe.DatasetSpecificSingleHeadWrapper",
                "head_cls": f"{_MODELS}.uma.escn_md.MLP_EFS_Head",
                "head_kwargs": {"wrap_property": False},
                "dataset_names": list(TASKS),
            }
        },
        "otf_graph": True,
        "pass_through_head_outputs": True,
    }
    state = hydra.utils.instantiate(described).state_dict()
    averaged = {"n_averaged": torch.tensor(0), **{f"module.{key}": value for key, value in state.items()}}
    torch.save(
        MLIPInferenceCheckpoint(
            model_config=described, model_state_dict=state, ema_state_dict=averaged, tasks_config=list(_tasks())
        ),
        file,
    )
    file.flush()


def _backbone() -> dict[str, Any]:
    return {
        "model": f"{_MODELS}.uma.escn_moe.eSCNMDMoeBackbone",
        "model_version": 1.1,
        "moe_dropout": 0.05,
        "moe_layer_type": "pytorch",
        "num_experts": EXPERTS,
        "use_composition_embedding": True,
        "max_num_elements": ELEMENTS,
        "sphere_channels": 128,
        "lmax": 2,
        "mmax": 2,
        "otf_graph": True,
        "max_neighbors": 300,
        "cutoff": CUTOFF_ANGSTROM,
        "edge_channels": 128,
        "distance_function": "gaussian",
        "num_distance_basis": 64,
        "regress_forces": True,
        "regress_stress": True,
        "direct_forces": False,
        "num_layers": 4,
        "hidden_channels": 128,
        "norm_type": "rms_norm_sh",
        "act_type": "gate",
        "ff_type": "spectral",
        "chg_spin_emb_type": "rand_emb",
        "cs_emb_grad": True,
        "dataset_mapping": {name: name for name in TASKS},
        "always_use_pbc": False,
    }


def _tasks() -> Any:
    """Give what the package is told of each property of each task."""
    kinds = {"energy": ("system", [1]), "forces": ("atom", [3]), "stress": ("system", [1, 9])}
    for name in TASKS:
        for kind, (level, dimensions) in kinds.items():
            if kind == "stress" and name not in WITH_STRESS:
                continue
            yield {
                "_target_": f"{_UNIT}.Task",
                "name": f"{name}_{kind}",
                "level": level,
                "property": kind,
                "out_spec": {"_target_": f"{_UNIT}.OutputSpec", "dim": dimensions, "dtype": "float32"},
                "normalizer": {"_target_": _NORMALISATION, "mean": 0.0, "rmsd": 1.423},
                "datasets": [name],
            }
