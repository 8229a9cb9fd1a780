"""Relaxations by FIRE (E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006), doi:10.1103/PhysRevLett.97.170201).

One structure after the other they are those of the scripts for production: ASE's FIRE with its own parameters, which
ends where the largest force on an atom is small enough. In batches TorchSim takes the same steps for many structures at
once; one that is done makes room for the next. The cells stay as they are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .failures import WorkerError
from .geometry import attach

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel
    from .torchsim import Batches

FIRST_STEP = 0.1
"""Of FIRE in ASE, in ASE's units of time."""
SHORTENED = 0.5
"""What FIRE multiplies its step with where the atoms do not move downhill, as those that have not moved yet."""


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
    relaxing = _Relaxing(batches, structures, goal, size=size)
    found = dict(relaxing.results())
    batches.model.synchronise()
    return {
        "structures": [found[number] for number in range(len(structures))],
        "wall_s": time.perf_counter() - start,
        "calls": relaxing.calls,
    }


class _Relaxing:
    """A batch that is kept full as long as structures wait."""

    def __init__(self, batches: Batches, structures: Sequence[Atoms], goal: Goal, *, size: int) -> None:
        self._batches = batches
        self._structures = structures
        self._goal = goal
        self._size = size
        self._start, self._step = _fire(batches.network)
        self.calls = 0

    def results(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give each structure's number and result as soon as it is done."""
        waiting = list(range(len(self._structures)))[::-1]
        running: list[int] = []
        taken: list[int] = []
        state: Any = None
        while waiting or running:
            room = min(self._size - len(running), len(waiting))
            if room:
                joining = [waiting.pop() for _ in range(room)]
                state = self._with(state, joining)
                running += joining
                taken += [-1] * room  # their first step is their first evaluation, and moves nothing
            state = self._step(state)
            self.calls += 1
            taken = [count + 1 for count in taken]
            largest = _largest_forces(state)
            done = [place for place, force in enumerate(largest) if self._is_over(force, taken[place])]
            if not done:
                continue
            for place, part in zip(done, state[done].split(), strict=True):
                energy_ev = float(part.energy[0])
                yield (
                    running[place],
                    _told(part.positions.tolist(), energy_ev, largest[place], taken[place], self._goal),
                )
            left = sorted(set(range(len(running))) - set(done))
            state = state[left] if left else None
            running, taken = [running[place] for place in left], [taken[place] for place in left]

    def _with(self, state: Any, joining: Sequence[int]) -> Any:
        from torch_sim.state import concatenate_states

        added = self._start(self._batches.state([self._structures[number] for number in joining]))
        added.velocities = added.velocities.new_zeros(added.velocities.shape)
        return added if state is None else concatenate_states([state, added])

    def _is_over(self, force: float, taken: int) -> bool:
        small_enough = force <= self._goal.largest_force
        return small_enough or taken >= self._goal.steps or not math.isfinite(force)


class _Silent:
    """Stands for a model where a state is made: whoever joins a batch is evaluated with it, not alone."""

    def __init__(self, network: Any) -> None:
        self.device, self.dtype = network.device, network.dtype

    def __call__(self, state: Any) -> dict[str, Any]:
        """Return no energies and no forces."""
        positions = state.positions
        return {
            "energy": positions.new_zeros(state.n_systems),
            "forces": positions.new_zeros(positions.shape),
            "stress": positions.new_zeros((state.n_systems, 3, 3)),
        }


def _fire(network: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what makes a state and what takes a step of FIRE as ASE does, with ASE's parameters.

    Without forces and velocities the step is halved twice before atoms first move, which the first step allows for.
    """
    import torch_sim

    silent = _Silent(network)
    first = FIRST_STEP / SHORTENED**2
    if hasattr(torch_sim, "fire_init"):  # from 0.4 on
        return (
            partial(torch_sim.fire_init, model=silent, dt_start=first),
            partial(torch_sim.fire_step, model=network, f_dec=SHORTENED),
        )
    start, _ = torch_sim.optimizers.fire(silent, dt_start=first)
    _, step = torch_sim.optimizers.fire(network, f_dec=SHORTENED)
    return start, step


def _largest_forces(state: Any) -> list[float]:
    """Return the largest force on an atom of each structure, eV/Å."""
    norms = state.forces.norm(dim=1)
    largest = norms.new_zeros(state.n_systems).scatter_reduce(0, state.system_idx, norms, "amax")
    forces: list[float] = largest.tolist()
    return forces


def _told(positions: Any, energy_ev: float, largest: float, steps: int, goal: Goal) -> dict[str, Any]:
    return {
        "positions": positions,
        "energy_ev": energy_ev,
        "largest_force_ev_per_angstrom": largest,
        "steps": steps,
        "converged": largest <= goal.largest_force,
    }
