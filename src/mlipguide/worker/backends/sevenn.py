"""SevenNet through the package ``sevenn``, which brings the weights of its smaller checkpoints."""

from __future__ import annotations

from functools import partial

from .. import torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest, Stopwatch


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by the package's name for it, ``NAME`` or ``NAME:TASK`` for one trained on several.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "SevenNet")
    torch_runtime.require_device(request.device)
    if request.synthetic:
        raise WorkerError("weights", "SevenNet has no published architecture without its weights.")
    from sevenn.calculator import SevenNetCalculator

    name, _, task = request.name.partition(":")
    try:
        calculator = SevenNetCalculator(request.path or name, device=request.device, modal=task or None)
    except (OSError, ValueError, KeyError) as error:
        raise WorkerError("weights", f"SevenNet cannot load '{request.path or request.name}': {error}") from error
    config = calculator.sevennet_config
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(calculator.model),
        cutoff=float(calculator.cutoff),
        layers=int(config["num_convolution_layer"]),
        elements=tuple(sorted(int(number) for number in calculator.type_map)),
        synthetic=False,
        versions=torch_runtime.versions("sevenn", "e3nn", "torch-geometric", "matscipy"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(calculator.model, synchronise),
    )
