"""MACE, ViSNet, NequIP and eSEN in JAX through ``mlip``, from an archive that it has written."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from .. import jax_runtime, resources, torch_runtime
from ..failures import WorkerError
from ..geometry import crystal_or_molecule
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

NETWORKS = {"mace": "Mace", "visnet": "Visnet", "nequip": "Nequip", "esen": "Esen"}
"""What a name begins with, and what the package calls that network."""
SPARE_EDGES = 1.3
"""More neighbours than a structure has are compiled for, by this factor, so that motion does not compile again."""
MOST_KEPT = 4
"""Numbers of atoms whose compiled programs are kept."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a model from its archive; elements and cutoff stand there.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "mlip")
    if request.synthetic:
        raise WorkerError("weights", "mlip's models are not timed with random weights: their sizes are not published.")
    if request.path is None:
        raise WorkerError("weights", f"mlip's '{request.name}' needs its archive, and none was given.")
    network = next((name for prefix, name in NETWORKS.items() if request.name.lower().startswith(prefix)), None)
    if network is None:
        raise WorkerError("weights", f"mlip has {', '.join(NETWORKS.values())}; '{request.name}' begins like none.")
    jax_runtime.prepare(threads=request.threads, dtype=request.dtype, device=request.device)
    from mlip import models
    from mlip.models.model_io import load_model_from_zip

    try:
        field = load_model_from_zip(getattr(models, network), request.path)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise WorkerError("weights", f"mlip cannot load '{request.path}' as {network}: {error}") from error
    cutoff = float(field.cutoff_distance)
    return LoadedModel(
        calculator=make_calculator(field),
        parameters=jax_runtime.parameter_count(field.params),
        cutoff=cutoff,
        layers=int(field.config.num_layers),
        elements=tuple(sorted(int(number) for number in field.allowed_atomic_numbers)),
        synthetic=False,
        versions=torch_runtime.versions("mlip", "jax", "jaxlib", "flax", "e3nn-jax", "e3j", "matscipy"),
        synchronise=lambda: None,  # results are read before a call returns
        reset_peak_memory=resources.forget_peak,
        peak_memory_bytes=resources.peak_memory_bytes,
        compilations=jax_runtime.compilations,
        adapt=lambda atoms: _adapted(atoms, margin=2 * cutoff, needs_charge=_takes_charge(field)),
    )


def make_calculator(field: Any) -> Any:
    """Return a calculator of any structure: the package's own is made for one number of atoms."""
    from ase.calculators.calculator import Calculator, all_changes
    from mlip.simulation.ase.mlip_ase_calculator import MLIPForceFieldASECalculator

    class OfAnyStructure(Calculator):
        """One of the package's calculators for each number of atoms."""

        implemented_properties = ["energy", "free_energy", "forces"]  # noqa: RUF012  # as ASE declares it

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
            self.kept: dict[int, Any] = {}

        def __copy__(self) -> OfAnyStructure:
            """Return another calculator of the same network, with programs of its own."""
            return OfAnyStructure()

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            assert atoms is not None
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
            if len(atoms) not in self.kept:
                if len(self.kept) >= MOST_KEPT:
                    self.kept.pop(next(iter(self.kept)))
                self.kept[len(atoms)] = MLIPForceFieldASECalculator(atoms.copy(), SPARE_EDGES, field)
            one = self.kept[len(atoms)]
            one.calculate(atoms, ["energy", "forces"], all_changes)
            energy = float(one.results["energy"])
            self.results = {"energy": energy, "free_energy": energy, "forces": one.results["forces"]}

    return OfAnyStructure()


def _takes_charge(field: Any) -> bool:
    return bool(getattr(field.config, "use_total_charge_embedding", False))


def _adapted(atoms: Atoms, *, margin: float, needs_charge: bool) -> Atoms:
    """Return a structure in a right-handed cell, periodic along all directions or none, with the charge it takes."""
    found = crystal_or_molecule(atoms, margin=margin)
    if needs_charge and found.info.get("charge") is None:
        found = found.copy()
        found.info["charge"] = 0
    return found
