"""ANI potentials through ``torchani``: the files of NeuroChem, from a folder or from a wheel of an older version."""

from __future__ import annotations

import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest, Stopwatch

if TYPE_CHECKING:
    from ase import Atoms

MEMBERS = 8
SINGLE_POINT = ("energy", "forces")


def load(request: LoadRequest) -> LoadedModel:
    """Load an ensemble from its folder, whose file ``*.params`` is given, or from a wheel that holds the folder.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "ANI")
    torch_runtime.require_device(request.device, request.dtype)
    if request.synthetic:
        raise WorkerError("weights", "ANI is not timed with random weights.")
    if request.path is None:
        raise WorkerError("weights", f"ANI '{request.name}' needs its files, and none were given.")
    import torch

    try:
        model = _read(Path(request.path), request.name)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, StopIteration) as error:
        raise WorkerError("weights", f"ANI cannot load '{request.path}': {error!r}") from error
    from ase.data import atomic_numbers

    model = model.to(request.device).to(getattr(torch, request.dtype))
    synchronise = partial(torch_runtime.synchronise, request.device)
    return LoadedModel(
        calculator=_calculator(model),
        parameters=torch_runtime.parameter_count(model),
        cutoff=float(model.cutoff),
        layers=1,
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in model.symbols)),
        synthetic=False,
        versions=torch_runtime.versions("torchani"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(model, synchronise),
    )


def _read(path: Path, name: str) -> Any:
    """Return the ensemble of a folder, or of the folder ``name`` in a wheel."""
    if path.suffix != ".whl":
        return _ensemble(path.parent if path.is_file() else path)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as wheel:
        inside = f"torchani/resources/{name}/"
        wheel.extractall(folder, [item for item in wheel.namelist() if item.startswith(inside)])
        return _ensemble(Path(folder) / inside)


def _ensemble(folder: Path) -> Any:
    from torchani.arch import ANI
    from torchani.neurochem import NeurochemInfo, modules_from_info

    constants = next(folder.glob("*.params"))
    info = NeurochemInfo(
        sae=folder / "sae_linfit.dat", const=constants, ensemble_prefix=folder / "train", ensemble_size=MEMBERS
    )
    computer, networks, energies, symbols = modules_from_info(info)
    model = ANI(symbols, computer, networks, energies, periodic_table_index=True)
    model.requires_grad_(requires_grad=False)
    return model


def _calculator(model: Any) -> Any:
    """Return ANI's calculator, which evaluates once for energy and forces: its own does so for each of them."""
    from ase.calculators.calculator import all_changes
    from torchani.ase import Calculator

    class OneEvaluation(Calculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator, with stress where it was asked for, in Voigt's order."""

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            wanted = [*SINGLE_POINT, "free_energy"]
            if "stress" in (properties or ()):
                wanted.append("stress")
            super().calculate(atoms, wanted, system_changes)
            if "stress" in self.results:
                from ase.stress import full_3x3_to_voigt_6_stress

                self.results["stress"] = full_3x3_to_voigt_6_stress(self.results["stress"])

    return OneEvaluation(model)
