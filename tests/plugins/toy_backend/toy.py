"""A backend for the tests: a Morse potential for all elements up to Pu, whose checkpoints can misbehave.

A checkpoint is ``BEHAVIOUR`` or ``BEHAVIOUR@ATOMS``; with a number of atoms it behaves as ``plain`` below it.
"""

from __future__ import annotations

import math
import mmap
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import ase
import numpy as np
from ase.calculators.morse import MorsePotential
from mlipguide_worker.backends.interface import LoadedModel, LoadRequest
from mlipguide_worker.failures import WorkerError
from mlipguide_worker.resources import peak_memory_bytes, reset_peak_memory

CUTOFF = 5.5
EQUILIBRIUM = 2.2
ELEMENTS = tuple(range(1, 95))
MORSE = {
    "epsilon": 0.3,
    "r0": EQUILIBRIUM,
    "rho0": 3.0,
    "rcut1": 4.0 / EQUILIBRIUM,
    "rcut2": CUTOFF / EQUILIBRIUM,
}
MOST_SHARED_BYTES = 2**30


def hang(_: ToyCalculator) -> None:
    """Never return."""
    while True:
        time.sleep(1)


def die(_: ToyCalculator) -> None:
    """Be killed, as the system does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def abort(_: ToyCalculator) -> None:
    """End as a failed assertion of a library does."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def hog(_: ToyCalculator) -> None:
    """Reserve memory, without touching it, until an allocation fails."""
    blocks = []
    while True:
        blocks.append(np.empty(2**28, dtype=np.uint8))


def swell(_: ToyCalculator) -> None:
    """Fill shared memory, which no limit on private memory stops."""
    step = 2**24
    shared = mmap.mmap(-1, MOST_SHARED_BYTES)
    for begin in range(0, MOST_SHARED_BYTES, step):
        shared[begin : begin + step] = b"x" * step
        time.sleep(0.005)
    hang(_)


def curl(calculator: ToyCalculator) -> None:
    """Add a force that no energy has."""
    forces = calculator.results["forces"]
    calculator.results["forces"] = forces + 0.5 * np.cross(forces, (0.0, 0.0, 1.0))


def spoil_forces(calculator: ToyCalculator) -> None:
    """Return no numbers."""
    calculator.results["forces"] = np.full_like(calculator.results["forces"], math.nan)


def spoil_stress(calculator: ToyCalculator) -> None:
    """Return no numbers for the stress alone."""
    calculator.results["stress"] = np.full(6, math.nan)


def blow_up(calculator: ToyCalculator) -> None:
    """Push all atoms away from the middle, so hard that one step is enough."""
    positions = calculator.atoms.positions
    calculator.results["forces"] = 1e6 * (positions - positions.mean(axis=0))


def fail_far_away(calculator: ToyCalculator) -> None:
    """Blow up, and fail in words of its own once the atoms are far away."""
    if np.abs(calculator.atoms.positions).max() > 1e3:
        raise IndexError("index 12345 is out of bounds for axis 0")
    blow_up(calculator)


def remember(calculator: ToyCalculator) -> None:
    """Let the energy depend on what was evaluated before."""
    calculator.count += 1
    calculator.results["energy"] += 0.1 * calculator.count


def see_the_corner(calculator: ToyCalculator) -> None:
    """Let the energy depend on where the structure lies."""
    calculator.results["energy"] += 0.01 * calculator.atoms.positions.sum()


def count_from_one(calculator: ToyCalculator) -> None:
    """Let the energy depend on the order of atoms."""
    calculator.results["energy"] += 0.01 * float(np.arange(len(calculator.atoms)) @ calculator.atoms.positions[:, 0])


def ignore_images(calculator: ToyCalculator) -> None:
    """Evaluate the cell as if it were alone."""
    alone = calculator.atoms.copy()
    alone.pbc = False
    alone.calc = MorsePotential(**MORSE)
    calculator.results["energy"] = alone.get_potential_energy()
    calculator.results["forces"] = alone.get_forces()


def chat(_: ToyCalculator) -> None:
    """Print what could be taken for an answer, and garbage."""
    sys.stdout.write('{"id": 1, "ok": true, "result": null}\n' * 10)
    os.write(1, b"\xff\xfe no text\n" * 10)
    sys.stderr.write("CUDA error: out of memory (not really)\n")
    sys.stdout.flush()


def spawn(_: ToyCalculator) -> None:
    """Start another process that would outlive this one."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def fork_and_die(_: ToyCalculator) -> None:
    """Leave a copy of the process behind, which holds every descriptor, and be killed."""
    if os.fork() == 0:
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)


def exhaust(_: ToyCalculator) -> None:
    """Fail in the words of a GPU's library, in an error of a general type."""
    raise RuntimeError("CUDA error: out of memory")


def raise_error(_: ToyCalculator) -> None:
    """Fail as a bug does."""
    raise ValueError("a bug\nin two lines")


def slow_down(_: ToyCalculator) -> None:
    """Take a while."""
    time.sleep(0.05)


def drop_stress(calculator: ToyCalculator) -> None:
    """Have no stress, as some models."""
    calculator.results.pop("stress", None)


def take_electrons(calculator: ToyCalculator) -> None:
    """Take total charge and spin, as the structure says them."""
    info = calculator.atoms.info
    calculator.results["energy"] += 0.5 * info.get("charge", 0) + 0.25 * (info.get("spin", 1) - 1)


def mirror(calculator: ToyCalculator) -> None:
    """Take every cell for a right-handed one."""
    calculator.results["energy"] += 0.1 * calculator.atoms.cell.handedness


def forget_held(calculator: ToyCalculator) -> None:
    """Have no forces on atoms that are held."""
    for constraint in calculator.atoms.constraints:
        calculator.results["forces"][constraint.index] = 0.0


def change_nothing(_: ToyCalculator) -> None:
    """Be a Morse potential."""


BEHAVIOURS: dict[str, Callable[[ToyCalculator], None]] = {
    "plain": change_nothing,
    "unsendable": change_nothing,
    "slow": slow_down,
    "hangs": hang,
    "dies": die,
    "aborts": abort,
    "hogs": hog,
    "swells": swell,
    "exhausts": exhaust,
    "raises": raise_error,
    "curled": curl,
    "remembers": remember,
    "sees-the-corner": see_the_corner,
    "counts-from-one": count_from_one,
    "ignores-images": ignore_images,
    "nan": spoil_forces,
    "nan-stress": spoil_stress,
    "flies-apart": blow_up,
    "fails-far-away": fail_far_away,
    "chatty": chat,
    "spawns": spawn,
    "forks-and-dies": fork_and_die,
    "no-stress": drop_stress,
    "electrons": take_electrons,
    "mirrors": mirror,
    "forgets-held": forget_held,
}


class ToyCalculator(MorsePotential):
    """A Morse potential that misbehaves on structures of at least ``from_atoms`` atoms."""

    atoms: Any

    def __init__(self, behaviour: Callable[[ToyCalculator], None], from_atoms: int, kernels: str = "plain") -> None:
        super().__init__(**MORSE)  # type: ignore[no-untyped-call]  # untyped in ASE
        self._behaviour = change_nothing if behaviour is slow_down and kernels != "plain" else behaviour
        self._careless = kernels == "careless"
        self._from_atoms = from_atoms
        self.count = 0

    def calculate(self, *arguments: Any, **options: Any) -> None:
        """Evaluate, then misbehave."""
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        if self._careless:
            self.results["forces"] = 1.5 * self.results["forces"]
        if len(self.atoms) >= self._from_atoms:
            self._behaviour(self)

    def get_stress(self, *arguments: Any, **options: Any) -> Any:
        """Return the stress, where there is one."""
        if self._behaviour is drop_stress:
            from ase.calculators.calculator import PropertyNotImplementedError

            raise PropertyNotImplementedError
        return super().get_stress(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by its behaviour."""
    if request.device != "cpu":
        raise WorkerError("unsupported_setting", f"The toy sees no device '{request.device}'.")
    name, _, atoms = request.name.partition("@")
    if name not in BEHAVIOURS:
        raise WorkerError("weights", f"The toy has no checkpoint '{request.path or request.name}'.")
    return LoadedModel(
        calculator=ToyCalculator(BEHAVIOURS[name], int(atoms or 0), request.options.take("kernels", "plain")),
        parameters=np.int64(5) if name == "unsendable" else 5,
        cutoff=CUTOFF,
        layers=1,
        elements=ELEMENTS,
        synthetic=request.synthetic,
        versions={"python": sys.version.split()[0], "ase": ase.__version__, "toy": "1.0"},
        synchronise=lambda: None,
        reset_peak_memory=reset_peak_memory,
        peak_memory_bytes=peak_memory_bytes,
    )
