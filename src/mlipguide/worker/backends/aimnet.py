"""AIMNet2 through ``aimnet``: a checkpoint of its registry, or its published architecture with random weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import right_handed
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

ELEMENTS = (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 34, 35, 53)
"""Of the training data (doi:10.1039/D4SC08572H)."""
ARCHITECTURES = {"aimnet2": "aimnet2.yaml"}
"""Names whose architecture the package has in ``aimnet/models``."""
OWN_COULOMB = "lrcoulomb"
"""The part of a model that sums over all pairs."""
SHORT_RANGE = {"class": "aimnet.modules.SRCoulomb", "kwargs": {"rc": 4.6, "key_in": "charges", "key_out": "energy"}}
"""What stands for it in a checkpoint of the registry, whose calculator adds the whole sum."""
DISPERSION = {"s6": 1.0, "s8": 0.3908, "a1": 0.5660, "a2": 3.1280}
"""D3(BJ) of ωB97M, from ``aimnet2_dftd3_wb97m.yaml`` of the package."""
ELECTRONS = {"charge": 0, "spin": 1}
"""What a structure has that does not say otherwise; the package's calculator would keep that of the one before."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint file, or build the architecture of the name.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "AIMNet2")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"AIMNet2 '{request.name}' needs its checkpoint file, and none was given.")
    from aimnet.calculators import AIMNet2Calculator

    source = build_architecture(request.name) if request.synthetic else str(Path(str(request.path)).absolute())
    try:
        base = AIMNet2Calculator(source, device=request.device)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
        raise WorkerError("weights", f"AIMNet2 cannot load '{request.path}': {error}") from error
    known = dict(base.metadata or {}).get("implemented_species") or ELEMENTS
    return LoadedModel(
        calculator=_calculator(base),
        parameters=torch_runtime.parameter_count(base.model),
        cutoff=float(base.cutoff),
        layers=len(base.model.mlps) if hasattr(base.model, "mlps") else None,
        elements=tuple(sorted(int(number) for number in known)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("aimnet", "nvalchemi-toolkit-ops", "warp-lang"),
        synchronise=partial(torch_runtime.synchronise, request.device),
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        adapt=partial(_adapted, sums_all_pairs=sums_all_pairs(base)),
    )


def sums_all_pairs(base: Any) -> bool:
    """Tell whether a model has a Coulomb sum of its own, over all pairs of atoms.

    In a periodic cell they are infinitely many, and the package's list of them ends the process by a segmentation fault
    or never ends. A sum that its calculator adds is a damped one there.
    """
    return base.external_coulomb is None and base.coulomb_method == "simple"


def _adapted(atoms: Atoms, *, sums_all_pairs: bool) -> Atoms:
    """Return the structure in a right-handed cell, with its charge and spin said.

    Raises:
        WorkerError: Kind ``unsupported_setting``: a periodic one, for a model that sums over all pairs.
    """
    if sums_all_pairs and atoms.pbc.any():
        raise WorkerError(
            "unsupported_setting",
            "This checkpoint of AIMNet2 sums the Coulomb energy over all pairs of atoms; a periodic structure has no "
            "end of them: the package crashes there. Checkpoints of its registry (.pt) have a damped sum.",
        )
    copy: Atoms = right_handed(atoms).copy()
    copy.info = {**ELECTRONS, **copy.info}
    return copy


def _calculator(base: Any) -> Any:
    """Return AIMNet2's calculator, which evaluates once for energy and forces: its own does so for each of them."""
    from aimnet.calculators import AIMNet2ASE
    from ase.calculators.calculator import all_changes

    class OneEvaluation(AIMNet2ASE):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator, with stress where it was asked for."""

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            super().calculate(atoms, sorted({"energy", "forces", *(properties or ())}), system_changes)
            self.results["free_energy"] = self.results["energy"]

    return OneEvaluation(base)


def build_architecture(name: str) -> Any:
    """Build a published architecture with random weights, arranged as a checkpoint of the registry is.

    Raises:
        WorkerError: Kind ``weights``: the package does not describe one of that name.
    """
    if name not in ARCHITECTURES:
        raise WorkerError("weights", f"No architecture '{name}' of AIMNet2 is known without its weights.")
    import aimnet
    import torch
    import yaml
    from aimnet.config import build_module

    file = Path(aimnet.__file__).parent / "models" / ARCHITECTURES[name]
    described = yaml.safe_load(file.read_text(encoding="utf-8"))
    outputs = described["kwargs"]["outputs"]
    del outputs[OWN_COULOMB]
    outputs["srcoulomb"] = SHORT_RANGE
    torch.manual_seed(0)
    model = build_module(described)
    model._metadata = {  # noqa: SLF001  # where the package looks for what a file says of a network
        "needs_coulomb": True,
        "coulomb_mode": "sr_embedded",
        "coulomb_sr_rc": SHORT_RANGE["kwargs"]["rc"],  # type: ignore[index]  # a dictionary in a dictionary
        "needs_dispersion": True,
        "d3_params": DISPERSION,
        "implemented_species": list(ELEMENTS),
    }
    return model
