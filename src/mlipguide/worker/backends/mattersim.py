"""MatterSim through ``mattersim``: a checkpoint file, or one of its two published sizes at random."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import torch_runtime
from ..failures import WorkerError
from ..geometry import boxed, right_handed
from .interface import LoadedModel, LoadRequest, Stopwatch

SIZES = {"1M": {"num_blocks": 3, "units": 128}, "5M": {"num_blocks": 4, "units": 256}}
"""With these there are 890,034 and 4,548,930 parameters; 4,549,142 are published of the second."""
CUTOFF_ANGSTROM = 5.0
LAST_ELEMENT = 94


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint file, or build the size that the name ends with.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32",), "MatterSim")
    torch_runtime.require_device(request.device, request.dtype)
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"MatterSim '{request.name}' needs a checkpoint file, and none was given.")
    from mattersim.forcefield.potential import Potential

    if request.synthetic:
        network = build_architecture(request.name, request.device)
        potential = Potential(
            network, optimizer=None, ema=None, scheduler="StepLR", device=request.device, model_name="m3gnet"
        )
    else:
        try:
            potential = Potential.from_checkpoint(
                load_path=request.path, load_training_state=False, device=request.device
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WorkerError("weights", f"MatterSim cannot load '{request.path}': {error}") from error
        network = potential.model
    synchronise = partial(torch_runtime.synchronise, request.device)
    cutoff = float(potential.model.model_args.get("cutoff", CUTOFF_ANGSTROM))
    return LoadedModel(
        calculator=_calculator(potential, request.device),
        parameters=torch_runtime.parameter_count(network),
        cutoff=cutoff,
        layers=int(potential.model.model_args["num_blocks"]),
        elements=tuple(range(1, LAST_ELEMENT + 1)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("mattersim", "e3nn", "torch-geometric"),
        synchronise=synchronise,
        reset_peak_memory=partial(torch_runtime.reset_peak_memory, request.device),
        peak_memory_bytes=partial(torch_runtime.peak_memory_bytes, request.device),
        stopwatch=Stopwatch(potential, synchronise),
        adapt=partial(_adapted, margin=2 * cutoff),
    )


def _calculator(potential: Any, device: str) -> Any:
    """Return MatterSim's calculator, of which a shallow copy shares the network.

    Its own copy, as a pickle of it, would download a checkpoint and make a new network.
    """
    from ase.units import GPa
    from mattersim.forcefield import MatterSimCalculator

    class Shared(MatterSimCalculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator."""

        def __copy__(self) -> Shared:
            """Return another calculator with this one's network and results of its own."""
            return Shared(potential=self.potential, stress_weight=self.stress_weight, device=self.device)

    return Shared(potential=potential, stress_weight=GPa, device=device)


def _adapted(atoms: Any, *, margin: float) -> Any:
    """Return the structure in a periodic, right-handed cell: of a left-handed one its stress has the wrong sign."""
    return right_handed(boxed(atoms, margin=margin))


def build_architecture(name: str, device: str) -> Any:
    """Build a published size with random weights.

    Raises:
        WorkerError: Kind ``weights``: a size that was not published.
    """
    import torch
    from mattersim.forcefield.m3gnet.m3gnet import M3Gnet

    size = next((SIZES[part] for part in name.removesuffix(".pth").split("-") if part in SIZES), None)
    if size is None:
        raise WorkerError("weights", f"No size '{name}' of MatterSim; there are {' and '.join(SIZES)}.")
    torch.manual_seed(0)
    return M3Gnet(
        **size,
        max_l=4,
        max_n=4,
        cutoff=CUTOFF_ANGSTROM,
        threebody_cutoff=4.0,
        max_z=LAST_ELEMENT,
        device=device,
    ).to(device)
