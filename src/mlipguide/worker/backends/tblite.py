"""GFN1-xTB and GFN2-xTB through ``tblite``: a physical baseline, with total charge and spin of the structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import resources, torch_runtime
from ..failures import WorkerError
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

METHODS = ("GFN1-xTB", "GFN2-xTB")
LAST_ELEMENT = 86
"""Radon (doi:10.1021/acs.jctc.7b00118)."""
COUNTED_ANGSTROM = 6.0
"""Radius within which neighbours are counted. The method itself has none: its interactions are of all ranges."""


def load(request: LoadRequest) -> LoadedModel:
    """Make a method ready by its name.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float64",), "tblite")
    if request.device != "cpu":
        raise WorkerError("unsupported_setting", f"tblite runs on processors, not on the device '{request.device}'.")
    if request.synthetic or request.path or request.name not in METHODS:
        raise WorkerError("weights", f"tblite has {' and '.join(METHODS)} with their parameters, not '{request.name}'.")
    return LoadedModel(
        calculator=_calculator(request.name),
        parameters=0,
        cutoff=COUNTED_ANGSTROM,
        layers=None,
        elements=tuple(range(1, LAST_ELEMENT + 1)),
        synthetic=False,
        versions=torch_runtime.versions("tblite"),
        synchronise=lambda: None,
        reset_peak_memory=_reset_peak_memory,
        peak_memory_bytes=resources.peak_memory_bytes,
    )


def _calculator(method: str) -> Any:
    """Return tblite's calculator, which is told the charge and the spin of each structure."""
    from ase.calculators.calculator import all_changes
    from tblite.ase import TBLite

    class OfEachStructure(TBLite):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator; its own has one charge and one multiplicity for all structures."""

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            assert atoms is not None
            told = {"charge": atoms.info.get("charge"), "multiplicity": atoms.info.get("spin")}
            if any(self.parameters[name] != value for name, value in told.items()):
                self.set(**told)
                system_changes = all_changes
            super().calculate(atoms, properties, system_changes)

    return OfEachStructure(method=method, verbosity=0)


def _reset_peak_memory() -> None:
    resources.release_freed_memory()
    resources.reset_peak_memory()
