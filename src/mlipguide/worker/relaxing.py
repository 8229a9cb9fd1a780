"""Relaxations by FIRE (E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006), doi:10.1103/PhysRevLett.97.170201).

One structure after the other they are those of the scripts for production: ASE's FIRE with its own parameters, which
ends where the largest force on an atom is small enough. In batches TorchSim takes the same steps for many structures at
once; one that is done makes room for the next. The cells stay as they are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .batched_fire import BatchedFire
from .failures import WorkerError
from .geometry import attach

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel
    from .torchsim import Batches


@dataclass(frozen=True)
class Goal:
    """When a relaxation ends.

    Attributes:
        largest_force: On an atom, eV/Å.
        steps: At most.
    """

    largest_force: float
    steps: int


def relax_each(model: LoadedModel, structures: Sequence[Atoms], goal: Goal) -> dict[str, Any]:
    """Relax one structure after the other; see :func:`relax_batched` for what is returned."""
    import numpy as np
    from ase.optimize import FIRE

    found: list[dict[str, Any]] = []
    calls = 0
    start = time.perf_counter()
    for given in structures:
        atoms = model.adapt(given).copy()
        attach(atoms, model.calculator)
        evaluated, largest = 0, math.inf
        for _ in FIRE(atoms, logfile=None).irun(fmax=goal.largest_force, steps=goal.steps):
            evaluated += 1
            largest = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
            if not math.isfinite(largest):
                break
        calls += evaluated
        energy_ev = float(atoms.get_potential_energy())
        found.append(_told(atoms.positions.tolist(), energy_ev, largest, evaluated - 1, goal))
    model.synchronise()
    return {"structures": found, "wall_s": time.perf_counter() - start, "calls": calls}


def relax_batched(batches: Batches, structures: Sequence[Atoms], goal: Goal, *, size: int) -> dict[str, Any]:
    """Relax structures together.

    Args:
        batches: Evaluates them.
        structures: Without atoms that are held.
        goal: When each is done.
        size: How many are evaluated at once.

    Returns:
        ``structures``, in their order, each with ``positions`` (Å), ``energy_ev``, ``largest_force_ev_per_angstrom``,
        ``steps`` and ``converged``; ``wall_s`` in all; ``calls`` of the network.

    Raises:
        WorkerError: Kind ``unsupported_setting``: atoms are held.
    """
    if any(atoms.constraints for atoms in structures):
        raise WorkerError("unsupported_setting", "Held atoms are relaxed one structure after the other only.")
    start = time.perf_counter()
    fire = BatchedFire(batches.network, batches.state, fmax=goal.largest_force, steps=goal.steps, most=size)
    found = {
        end.key: _told(end.positions.tolist(), end.energy, end.largest, end.steps, goal)
        for end in fire.minima(enumerate(structures))
    }
    batches.model.synchronise()
    return {
        "structures": [found[number] for number in range(len(structures))],
        "wall_s": time.perf_counter() - start,
        "calls": fire.calls,
    }


def _told(positions: Any, energy_ev: float, largest: float, steps: int, goal: Goal) -> dict[str, Any]:
    return {
        "positions": positions,
        "energy_ev": energy_ev,
        "largest_force_ev_per_angstrom": largest,
        "steps": steps,
        "converged": largest <= goal.largest_force,
    }
