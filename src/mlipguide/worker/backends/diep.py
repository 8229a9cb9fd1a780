"""DIEP through the package ``diep``, which brings its weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import right_handed
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

PACKAGED = "diep_fold1"


def load(request: LoadRequest) -> LoadedModel:
    """Load the released checkpoint.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "DIEP")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic or request.path or request.name != PACKAGED:
        raise WorkerError("weights", f"The package diep brings {PACKAGED} with its weights, and no other.")
    from ase.data import atomic_numbers
    from diep.pretrained import DIEPCalculator, make_calculator

    class Voigt(DIEPCalculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator, with the stress in Voigt's order."""

        def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = None) -> None:
            """Evaluate ``atoms``."""
            from ase.stress import full_3x3_to_voigt_6_stress

            super().calculate(atoms, properties, system_changes)
            stress = self.results.get("stress")
            if stress is not None and stress.shape == (3, 3):
                self.results["stress"] = full_3x3_to_voigt_6_stress(stress)

    calculator = make_calculator(device=request.device)
    calculator.__class__ = Voigt
    network = calculator.potential.model
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=calculator,
        parameters=torch_runtime.parameter_count(network),
        cutoff=float(network.cutoff),
        layers=int(network.n_blocks),
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in network.element_types)),
        synthetic=False,
        versions=torch_runtime.versions("diep", "torch-geometric", "pymatgen"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(calculator.potential, synchronise),
        adapt=right_handed,
    )
