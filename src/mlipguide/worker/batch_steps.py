"""Evaluations of a batch, timed one by one: rattled copies of its structures in turn, as for a single structure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import cycle
from typing import TYPE_CHECKING, Any

from .geometry import refuse_nonfinite
from .images import pairs_per_atom
from .resources import usage_now
from .steps import RATTLE_ANGSTROM, RATTLED_COPIES

if TYPE_CHECKING:
    from ase import Atoms

    from .torchsim import Batches


class BatchSystem:
    """Several structures that are evaluated at once; implements :class:`~.steps.Stepped`.

    Args:
        batches: Evaluates them.
        structures: They are copied.
        seed: Of the displacements.
    """

    def __init__(self, batches: Batches, structures: Sequence[Atoms], *, seed: int) -> None:
        import numpy as np

        self._batches = batches
        self._model = batches.model
        pairs = sum(pairs_per_atom(one, self._model.cutoff) * len(one) for one in structures)
        self.pairs_per_atom = pairs / sum(map(len, structures))
        self._state = batches.state(structures)
        generator = np.random.default_rng(seed)
        still = self._state.positions
        self._positions = cycle(
            [
                still + still.new_tensor(generator.normal(scale=RATTLE_ANGSTROM, size=tuple(still.shape)))
                for _ in range(RATTLED_COPIES)
            ]
        )

    def call_first(self) -> dict[str, float | int]:
        """Make the first call; return its time and peak memory.

        Raises:
            WorkerError: Kind ``backend``: a force is not a finite number.
        """
        self._model.reset_peak_memory()
        start = time.perf_counter()
        forces = self._evaluate()
        first_call_s = time.perf_counter() - start
        refuse_nonfinite("a force", forces.cpu().numpy())
        return {"first_call_s": first_call_s, "peak_memory_bytes": self._model.peak_memory_bytes()}

    def run(self, *, max_steps: int, max_s: float) -> dict[str, Any]:
        """Evaluate the batch until either limit is reached, at least once; see :meth:`~.steps.System.run`."""
        wall: list[float] = []
        cpu: list[float] = []
        network: list[float] = []
        watch = self._batches.stopwatch
        begin = before = usage_now()
        while True:
            if watch is not None:
                watch.total_s = 0.0
            self._evaluate()
            after = usage_now()
            wall.append(after.wall_s - before.wall_s)
            cpu.append(after.cpu_s - before.cpu_s)
            if watch is not None:
                network.append(watch.total_s)
            before = after
            if len(wall) >= max_steps or sum(wall) >= max_s:
                break
        return {
            "wall_s": wall,
            "energy_forces_s": wall,
            "cpu_s": cpu,
            "model_s": network if watch is not None else None,
            "usage": {name: value - asdict(begin)[name] for name, value in asdict(before).items()},
            "peak_memory_bytes": self._model.peak_memory_bytes(),
        }

    def close(self) -> None:
        """Give back what the structures hold: nothing but memory, which goes with them."""

    def _evaluate(self) -> Any:
        self._state.positions = next(self._positions)
        forces = self._batches.network(self._state)["forces"]
        self._model.synchronise()
        return forces
