"""SO3LR through ``so3krates-torch``, which brings its weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import right_handed
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

PACKAGED = "so3lr"
ELEMENTS = (1, 6, 7, 8, 9, 15, 16, 17)
"""H, C, N, O, F, P, S, Cl: those of its training data (doi:10.1021/jacs.5c09558). The network itself takes any."""
LONG_RANGE_ANGSTROM = 12.0


def load(request: LoadRequest) -> LoadedModel:
    """Load SO3LR.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "SO3LR")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic or request.path or request.name != PACKAGED:
        raise WorkerError("weights", f"The package so3krates-torch brings {PACKAGED} with its weights, and no other.")
    calculator = make_calculator(request.device, request.dtype)
    network = calculator.models[0]
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(network),
        cutoff=float(network.r_max),
        layers=int(network.num_layers),
        elements=ELEMENTS,
        synthetic=False,
        versions=torch_runtime.versions("so3krates-torch", "torch-geometric", "matscipy"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(network, synchronise),
        adapt=right_handed,
    )


def make_calculator(device: str, dtype: str) -> Any:
    """Return SO3LR's calculator, which gives a stress of what is periodic and none of what is not."""
    from ase.calculators.calculator import all_changes
    from so3krates_torch.calculator.so3 import SO3LRCalculator

    class WithStress(SO3LRCalculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator; its own is told once and for all whether there is a stress."""

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            self.compute_stress = atoms is not None and bool(atoms.pbc.all()) and "stress" in (properties or ())
            super().calculate(atoms, properties, system_changes)

    return WithStress(device=device, default_dtype=dtype, r_max_lr=LONG_RANGE_ANGSTROM)
