"""FIRE for many structures at once, by TorchSim, with the steps that FIRE takes in ASE.

Functions and classes of this file stand as they are in scripts for production: they use nothing else of the worker.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

FIRST_STEP = 0.1
"""Of FIRE in ASE, in ASE's units of time."""
SHORTENED = 0.5
"""What FIRE multiplies its step with where the atoms do not move downhill, as those that have not moved yet."""


class Minimum(NamedTuple):
    """Where the relaxation of one structure ended: positions in Å, energy in eV, forces in eV/Å."""

    key: Any
    positions: Any
    energy: float
    forces: Any
    largest: float
    steps: int
    seconds: float


class BatchedFire:
    """A batch that is kept full as long as structures wait; one that is done makes room for the next.

    ``start`` makes a list of structures TorchSim's state, ``network`` evaluates one. A batch has at most ``most``
    structures, and ``most_atoms`` atoms unless a single structure has more. A structure is done where no force is above
    ``fmax`` (eV/Å), after ``steps`` steps, or where a force is no number.
    """

    def __init__(
        self,
        network: Any,
        start: Callable[[list[Any]], Any],
        *,
        fmax: float,
        steps: int,
        most: int,
        most_atoms: float = math.inf,
    ) -> None:
        self.start, self.fmax, self.steps, self.most, self.most_atoms = start, fmax, steps, most, most_atoms
        self.begin, self.step = fire_like_ase(network)
        self.calls = 0

    def minima(self, waiting: Iterable[tuple[Any, Any]], stop: Callable[[], bool] = lambda: False) -> Iterator[Minimum]:
        """Give each structure's result, under its key, as soon as it is done; end where ``stop`` says so.

        The time of a step is shared by all atoms in it.
        """
        queue = iter(waiting)
        following = next(queue, None)
        keys: list[Any] = []
        sizes: list[int] = []
        taken: list[int] = []
        seconds: list[float] = []
        state: Any = None
        while keys or following is not None:
            joining = []
            while following is not None and self.has_room(sizes, len(following[1])):
                joining.append(following[1])
                keys.append(following[0])
                sizes.append(len(following[1]))
                taken.append(-1)  # the first step is the first evaluation, and moves nothing
                seconds.append(0.0)
                following = next(queue, None)
            if stop():
                return
            began = time.perf_counter()
            state = self.step(self.joined(state, joining) if joining else state)
            self.calls += 1
            largest = largest_forces(state)
            share = (time.perf_counter() - began) / sum(sizes)
            taken = [count + 1 for count in taken]
            seconds = [spent + share * size for spent, size in zip(seconds, sizes, strict=True)]
            done = [place for place, force in enumerate(largest) if self.is_over(force, taken[place])]
            if not done:
                continue
            for place, part in zip(done, state[done].split(), strict=True):
                yield Minimum(
                    keys[place],
                    part.positions.detach().cpu().numpy(),
                    float(part.energy[0]),
                    part.forces.detach().cpu().numpy(),
                    largest[place],
                    taken[place],
                    seconds[place],
                )
            left = sorted(set(range(len(keys))) - set(done))
            state = state[left] if left else None
            keys, sizes = [keys[place] for place in left], [sizes[place] for place in left]
            taken, seconds = [taken[place] for place in left], [seconds[place] for place in left]

    def has_room(self, sizes: list[int], more: int) -> bool:
        """Tell whether a structure of so many atoms can join."""
        return not sizes or (len(sizes) < self.most and sum(sizes) + more <= self.most_atoms)

    def joined(self, state: Any, joining: list[Any]) -> Any:
        """Return the state with structures that begin."""
        from torch_sim.state import concatenate_states

        added = self.begin(self.start(joining))
        added.velocities = added.velocities.new_zeros(added.velocities.shape)
        return added if state is None else concatenate_states([state, added])

    def is_over(self, force: float, taken: int) -> bool:
        """Tell whether a structure is done."""
        return force <= self.fmax or taken >= self.steps or not math.isfinite(force)


class Silent:
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


def fire_like_ase(network: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what makes a state and what takes a step of FIRE as ASE does, with ASE's parameters.

    Without forces and velocities the step is halved twice before atoms first move, which the first step allows for.
    """
    import torch_sim

    silent = Silent(network)
    first = FIRST_STEP / SHORTENED**2
    if hasattr(torch_sim, "fire_init"):  # from 0.4 on
        return (
            partial(torch_sim.fire_init, model=silent, dt_start=first),
            partial(torch_sim.fire_step, model=network, f_dec=SHORTENED),
        )
    start, _ = torch_sim.optimizers.fire(silent, dt_start=first)
    _, step = torch_sim.optimizers.fire(network, f_dec=SHORTENED)
    return start, step


def largest_forces(state: Any) -> list[float]:
    """Return the largest force on an atom of each structure, eV/Å."""
    norms = state.forces.norm(dim=1)
    largest = norms.new_zeros(state.n_systems).scatter_reduce(0, state.system_idx, norms, "amax")
    forces: list[float] = largest.tolist()
    return forces
