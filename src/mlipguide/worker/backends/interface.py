"""What a backend file provides: one function ``load`` that returns a model behind an ASE calculator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ase import Atoms

    from ..steps import Conditions, Stepped
    from ..torchsim import BatchedModel


class Stopwatch:
    """Adds up the time spent in a network.

    Args:
        network: An object whose ``forward`` computes energies and forces; it is replaced by one that is timed.
        synchronise: Waits for the device.
    """

    def __init__(self, network: Any, synchronise: Callable[[], None]) -> None:
        self.total_s = 0.0
        plain = network.forward

        def forward(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            result = plain(*arguments, **options)
            synchronise()
            self.total_s += time.perf_counter() - start
            return result

        network.forward = forward


def unchanged(atoms: Atoms) -> Atoms:
    """Return ``atoms`` as they are: the backend takes any boundary conditions."""
    return atoms


class Options:
    """What was chosen on the axes of a backend's recipe that stand for options; what nobody takes is refused.

    Args:
        chosen: Values by the names of the axes; none for those that have their default.
    """

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._left = dict(chosen or {})

    def take(self, axis: str, default: str) -> str:
        """Return the value of an axis, once and for all."""
        return self._left.pop(axis, default)

    @property
    def left(self) -> dict[str, str]:
        """What nobody has taken."""
        return dict(self._left)


@dataclass(frozen=True)
class LoadRequest:
    """Which checkpoint to load, and how to run it.

    Attributes:
        name: What the backend calls the checkpoint.
        path: A weights file to use instead of one that the package brings.
        synthetic: Build the architecture with random weights instead.
        device: ``cpu``, ``cuda:0``, ``mps``.
        dtype: ``float32`` or ``float64``.
        driver: What advances the atoms while steps are timed.
        threads: Threads of one process.
        ranks: Processes that share the work; more than one only where the driver knows MPI.
        options: What was chosen on other axes; a backend takes what it knows.
    """

    name: str
    path: str | None
    synthetic: bool
    device: str
    dtype: str
    driver: str = "ase"
    threads: int = 1
    ranks: int = 1
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run, and its facts as the weights themselves tell them.

    Attributes:
        calculator: An ASE calculator: energies in eV, forces in eV/Å, stress in eV/Å³ (Voigt). A model that takes total
            charge and spin finds them in ``atoms.info``: ``charge``, and ``spin``, the multiplicity 2S + 1. Either is
            missing where nothing says it.
        parameters: Number of parameters; None where the model does not say.
        cutoff: Radius of the neighbour list, Å; None where the model does not say.
        layers: Message-passing layers; None where the model does not say.
        elements: Atomic numbers that the model has weights for; None where the model does not say.
        synthetic: Whether the weights are random.
        versions: Of the packages that decide speed and results.
        adapt: Turns a structure into one that the backend takes (a box around a molecule, say).
        stopwatch: Times the network; None where it cannot be told from the rest of a call.
        compilations: Counts the programs that were compiled so far; None where nothing is compiled while a model runs.
        make_system: Makes a structure ready to be stepped by a driver of the backend's own; None for ASE.
        batched: Makes the model as TorchSim evaluates it, once it was required; None where it cannot.
        synchronise: Waits for the device.
        reset_peak_memory: Forgets the peak of memory so far.
        peak_memory_bytes: The peak of memory since then.
    """

    calculator: Any
    parameters: int | None
    cutoff: float | None
    layers: int | None
    elements: tuple[int, ...] | None
    synthetic: bool
    versions: dict[str, str]
    synchronise: Callable[[], None]
    reset_peak_memory: Callable[[], object]
    peak_memory_bytes: Callable[[], int]
    adapt: Callable[[Atoms], Atoms] = field(default=unchanged)
    stopwatch: Stopwatch | None = None
    compilations: Callable[[], int] | None = None
    make_system: Callable[[Atoms, Conditions], Stepped] | None = None
    batched: Callable[[], BatchedModel] | None = None


class Loader(Protocol):
    """The signature of a backend file's ``load``."""

    def __call__(self, request: LoadRequest) -> LoadedModel:
        """Load a checkpoint.

        Raises:
            WorkerError: ``weights`` when they cannot be read, ``unsupported_setting`` for dtype or device.
        """
