"""LAMMPS as a driver: structures that are stepped in its own loop and timed by its own clock."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any, Protocol

from ..explosions import hottest_kelvin
from ..failures import WorkerError
from ..images import pairs_per_atom
from ..steps import velocities_of
from .boxes import box_of
from .calculator import EMPTY_CUTOFFS
from .potential import Potential
from .ranks import RankTeam
from .runner import Runner

if TYPE_CHECKING:
    from ase import Atoms

    from ..steps import Conditions

MOST_STEPS = 1000
"""In one run of LAMMPS: its log is read afterwards."""
_COUNTED = ("involuntary_switches", "page_faults")


class Team(Protocol):
    """Processes that step the same structure together; in tests a fake."""

    def ask(self, operation: str, **arguments: Any) -> list[Any]:
        """Return the result of each process, the first one's first."""


class Alone:
    """A team of this process."""

    def __init__(self, potential: str, threads: int) -> None:
        self._runner = Runner(potential, threads)

    def ask(self, operation: str, **arguments: Any) -> list[Any]:
        """Return the one result."""
        return [self._runner.carry_out(operation, arguments)]


class Driver:
    """Makes systems of one potential; its ranks are started with the first one.

    Args:
        potential: The potential.
        path: The file that names it, or ``library:NAME``.
        threads: OpenMP threads of each rank.
        ranks: MPI ranks.
    """

    def __init__(self, potential: Potential, path: str, *, threads: int, ranks: int) -> None:
        self._potential = potential
        self._path = path
        self._threads = threads
        self._ranks = ranks
        self._team: Team | None = None

    def system(self, atoms: Atoms, conditions: Conditions) -> LammpsSystem:
        """Return a structure that is ready for its first call."""
        if self._team is None:
            one = self._ranks == 1
            self._team = (
                Alone(self._path, self._threads)
                if one
                else RankTeam(self._path, threads=self._threads, ranks=self._ranks)
            )
        return LammpsSystem(self._team, self._potential, atoms, conditions)


class LammpsSystem:
    """Implements :class:`~..steps.Stepped`: velocity Verlet at constant energy.

    Args:
        team: What steps it.
        potential: The potential.
        atoms: The structure.
        conditions: How the atoms are moved.
    """

    _numbers = itertools.count()

    def __init__(self, team: Team, potential: Potential, atoms: Atoms, conditions: Conditions) -> None:
        self._team = team
        self._potential = potential
        self._atoms = atoms
        self._conditions = conditions
        self._name = f"system{next(self._numbers)}"
        self.pairs_per_atom = pairs_per_atom(atoms, potential.cutoff_angstrom)

    def call_first(self) -> dict[str, float | int]:
        """Hand the structure over and evaluate it; return the time of that and the peak of memory, ranks together."""
        box = box_of(self._atoms, self._potential.elements, margin=EMPTY_CUTOFFS * self._potential.cutoff_angstrom)
        answers = self._team.ask(
            "prepare",
            system=self._name,
            box={
                "cell": box.cell.tolist(),
                "rotation": box.rotation.tolist(),
                "positions": box.positions.tolist(),
                "types": box.types,
                "kinds": box.kinds,
            },
            velocities=(1e3 * box.into(velocities_of(self._atoms, self._conditions))).tolist(),
            timestep_ps=1e-3 * self._conditions.timestep_fs,
        )
        return {
            "first_call_s": max(answer["first_call_s"] for answer in answers),
            "peak_memory_bytes": sum(answer["peak_memory_bytes"] for answer in answers),
        }

    def run(self, *, max_steps: int, max_s: float) -> dict[str, Any]:
        """Take steps until either limit is reached, at least one; see :meth:`~..steps.System.run`.

        Wall times are those of LAMMPS's loop, step by step. Of the rest LAMMPS tells sums over a run: processor time
        and the shares of forces and interactions are spread evenly over its steps.
        """
        begin = time.perf_counter()
        taken: dict[str, list[float]] = {"wall_s": [], "energy_forces_s": [], "cpu_s": [], "model_s": []}
        counted = dict.fromkeys(_COUNTED, 0)
        peak = 0
        pieces = 1
        while True:
            answers = self._team.ask("run", system=self._name, steps=pieces)
            first = answers[0]
            walls: list[float] = first["steps_s"]
            cpu_s = sum(answer["cpu_s"] for answer in answers)
            taken["wall_s"] += walls
            taken["energy_forces_s"] += [first["forces_share"] * wall for wall in walls]
            taken["model_s"] += [first["pair_share"] * wall for wall in walls]
            taken["cpu_s"] += [cpu_s / len(walls)] * len(walls)
            for name in _COUNTED:
                counted[name] += sum(answer[name] for answer in answers)
            peak = max(peak, sum(answer["peak_memory_bytes"] for answer in answers))
            if not self._temperature_k(answers) < hottest_kelvin(self._conditions.temperature_k):
                raise WorkerError(
                    "unstable",
                    f"The atoms flew apart with steps of {self._conditions.timestep_fs:g} fs "
                    f"at {self._conditions.temperature_k:g} K.",
                )
            left = max_steps - len(taken["wall_s"])
            left_s = max_s - (time.perf_counter() - begin)
            if left <= 0 or left_s <= 0:
                break
            pieces = max(1, min(left, MOST_STEPS, int(left_s / (sum(walls) / len(walls)))))
        return {
            **taken,
            "usage": {"wall_s": time.perf_counter() - begin, "cpu_s": sum(taken["cpu_s"]), **counted},
            "peak_memory_bytes": peak,
        }

    def _temperature_k(self, answers: list[Any]) -> float:
        from ase import units

        kinetic_ev: float = sum(answer["kinetic_ev"] for answer in answers)
        return 2 * kinetic_ev / (3 * len(self._atoms) * float(units.kB))

    def close(self) -> None:
        """Have the ranks forget the structure."""
        self._team.ask("forget", system=self._name)
