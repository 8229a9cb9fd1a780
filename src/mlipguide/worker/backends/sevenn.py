"""SevenNet through the package ``sevenn``, which brings the weights of its smaller checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..torchsim import DRIVER, PACKAGES, BatchedModel, untimed_copy
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

PLAIN = "e3nn"
KERNELS = {"cuequivariance": "enable_cueq", "flashtp": "enable_flash", "openequivariance": "enable_oeq"}
"""Options of the package's calculator."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by the package's name for it, ``NAME`` or ``NAME:TASK`` for one trained on several.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "SevenNet")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic:
        raise WorkerError("weights", "SevenNet has no published architecture without its weights.")
    from sevenn.calculator import SevenNetCalculator

    make_calculator = SevenNetCalculator if request.dtype == "float32" else double_precision_calculator
    name, _, task = request.name.partition(":")
    kernels = request.options.take("kernels", PLAIN)
    enabled = {} if kernels == PLAIN else {KERNELS[kernels]: True}
    try:
        calculator = make_calculator(request.path or name, device=request.device, modal=task or None, **enabled)
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
        versions=torch_runtime.versions(
            "sevenn", "e3nn", "torch-geometric", "matscipy", *(PACKAGES if request.driver == DRIVER else ())
        ),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(calculator.model, synchronise),
        batched=partial(_batched, calculator, request.device, task or None, synchronise)
        if request.dtype == "float32"
        else None,  # what SevenNet gives TorchSim knows single precision only
    )


def _batched(calculator: Any, device: str, task: str | None, synchronise: Callable[[], None]) -> BatchedModel:
    from sevenn.torchsim import SevenNetModel

    network = untimed_copy(calculator.model)
    return BatchedModel(SevenNetModel(network, modal=task, device=device), Stopwatch(network, synchronise))


def double_precision_calculator(model: str, *, device: str, modal: str | None, **enabled: bool) -> Any:
    """Return SevenNet's calculator, computing in double precision with weights that were stored in single.

    SevenNet itself knows single precision only, in two places besides the weights: where numbers of the structure
    become tensors, and where elements (and tasks) become one-hot rows.
    """
    import sevenn._keys as names
    import torch
    from ase.calculators.calculator import Calculator, all_changes
    from sevenn.atom_graph_data import AtomGraphData
    from sevenn.calculator import SevenNetCalculator
    from sevenn.nn.node_embedding import OnehotEmbedding
    from sevenn.train.dataload import unlabeled_atoms_to_graph
    from sevenn.util import dtype_correct

    class DoublePrecision(SevenNetCalculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator with graphs in double precision."""

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            Calculator.calculate(self, atoms, properties, system_changes)
            graph = unlabeled_atoms_to_graph(atoms, self.cutoff, with_shift=False)
            tensors = {key: dtype_correct(value, float_dtype=torch.float64) for key, value in graph.items()}
            data = AtomGraphData(**tensors)
            if self.modal:
                data[names.DATA_MODALITY] = self.modal
            data.to(self.device)
            self.results = self.output_to_results(self.model(data))

    def widen(module: Any, _arguments: Any, data: Any) -> Any:
        for key in (module.key_output, module.key_additional_output):
            if key is not None:
                data[key] = data[key].double()
        return data

    calculator = DoublePrecision(model, device=device, modal=modal, **enabled)
    calculator.model.double()
    for module in calculator.model.modules():
        if isinstance(module, OnehotEmbedding):
            module.register_forward_hook(widen)
    return calculator
