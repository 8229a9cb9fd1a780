"""MACE through ``mace-torch``: a checkpoint file, or a published architecture with random weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..torchsim import DRIVER, PACKAGES, BatchedModel, untimed_copy
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from torch.nn import Module

PLAIN = "e3nn"
KERNELS = {"cuequivariance": "enable_cueq", "openequivariance": "enable_oeq"}
"""Options of the package's calculator."""

HIDDEN_IRREPS = {
    "small": "128x0e",
    "medium": "128x0e+128x1o",
    "large": "128x0e+128x1o+128x2e",
}
"""Features of MACE-MP-0 small, medium and large (arXiv:2401.00096, table of the models).

With the constants below they have 3,847,696, 4,688,656 and 5,725,072 parameters."""

MPTRJ_ELEMENTS = (*range(1, 84), 89, 90, 91, 92, 93, 94)
"""Atomic numbers in the training data of MACE-MP-0: H to Bi, Ac to Pu."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint file, or build ``small``, ``medium`` or ``large`` of MACE-MP-0 with random weights.

    A checkpoint with several heads is named ``NAME:HEAD``.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "MACE")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"MACE '{request.name}' needs a checkpoint file, and none was given.")
    from mace.calculators import MACECalculator

    options = _options(request)
    if request.synthetic:
        calculator = MACECalculator(
            models=build_architecture(request.name),  # the calculator changes its dtype
            device=request.device,
            default_dtype=request.dtype,
            **options,
        )
    else:
        _, _, head = request.name.partition(":")
        options |= {"head": head} if head else {}
        try:
            calculator = MACECalculator(
                model_paths=request.path, device=request.device, default_dtype=request.dtype, **options
            )
        except Exception as error:
            raise WorkerError("weights", f"MACE cannot load '{request.path}': {error}") from error
        if head and calculator.head != head:  # the package takes another one, with a warning
            raise WorkerError("weights", f"'{request.path}' has no head '{head}'.")
    model = calculator.models[0]
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(model),
        cutoff=float(model.r_max),
        layers=int(model.num_interactions),
        elements=tuple(int(number) for number in model.atomic_numbers),
        synthetic=request.synthetic,
        versions=torch_runtime.versions(
            "mace-torch", "e3nn", "matscipy", *(PACKAGES if request.driver == DRIVER else ())
        ),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(model, synchronise),
        compilations=torch_runtime.compilations if "compile_mode" in options else None,
        # TorchSim 0.3 knows neither heads nor compiled networks.
        batched=None
        if "compile_mode" in options or len(getattr(model, "heads", None) or ()) > 1
        else partial(_batched, calculator, request, synchronise),
    )


def _batched(calculator: Any, request: LoadRequest, synchronise: Callable[[], None]) -> BatchedModel:
    import torch
    from torch_sim.models.mace import MaceModel

    class EachAnew(MaceModel):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The model without memory: TorchSim 0.3 takes the same elements for the same structures as before."""

        def forward(self, state: Any) -> Any:
            """Evaluate a batch."""
            self.atomic_numbers = state.atomic_numbers.new_zeros(0)
            return super().forward(state)

    network = untimed_copy(calculator.models[0])
    device, dtype = torch.device(request.device), getattr(torch, request.dtype)
    return BatchedModel(EachAnew(network, device=device, dtype=dtype), Stopwatch(network, synchronise))


def _options(request: LoadRequest) -> dict[str, Any]:
    """Return what the calculator is told of kernels and compilation."""
    kernels, mode = request.options.take("kernels", PLAIN), request.options.take("compile", "off")
    enabled: dict[str, Any] = {} if kernels == PLAIN else {KERNELS[kernels]: True}
    return enabled if mode == "off" else enabled | {"compile_mode": mode}


def build_architecture(size: str) -> Module:
    """Build MACE-MP-0 with random weights: time and memory do not depend on the values of the weights.

    They are drawn in single precision, so that they are the same numbers in whatever dtype the model runs.

    Raises:
        WorkerError: Kind ``weights``: a size that was not published.
    """
    import numpy as np
    import torch
    from e3nn import o3
    from mace.modules.blocks import RealAgnosticResidualInteractionBlock
    from mace.modules.models import ScaleShiftMACE

    if size not in HIDDEN_IRREPS:
        known = ", ".join(HIDDEN_IRREPS)
        raise WorkerError("weights", f"No architecture '{size}' of MACE-MP-0; there are {known}.")
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    return ScaleShiftMACE(
        r_max=6.0,
        num_bessel=10,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=RealAgnosticResidualInteractionBlock,
        interaction_cls_first=RealAgnosticResidualInteractionBlock,
        num_interactions=2,
        num_elements=len(MPTRJ_ELEMENTS),
        hidden_irreps=o3.Irreps(HIDDEN_IRREPS[size]),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=np.zeros(len(MPTRJ_ELEMENTS)),
        avg_num_neighbors=60.0,
        atomic_numbers=list(MPTRJ_ELEMENTS),
        correlation=3,
        gate=torch.nn.functional.silu,
        radial_MLP=[64, 64, 64],
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
