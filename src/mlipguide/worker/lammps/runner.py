"""Molecular dynamics in LAMMPS's own loop, in this process: alone, or as one of several MPI ranks.

Every rank carries out the same commands with the same arguments; LAMMPS shares the atoms out among them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

from .. import resources
from ..geometry import refuse_nonfinite
from .boxes import Box
from .calculator import set_up
from .library import lammps_errors, new_instance
from .loop_log import read_loop_times
from .potential import read_potential

SKIN_ANGSTROM = 1.0
"""Between cutoff and neighbour list. LAMMPS's default of 2 Å is for cheap pair potentials; one that spends its time on
each neighbour gains by a thinner one (judgement)."""
SKIN_VARIABLE = "MLIPGUIDE_LAMMPS_SKIN"
"""Another one, in Å. Ranks are processes of their own and inherit it."""


class Runner:
    """Any number of systems of one potential.

    Args:
        potential: Path of the file that names it, or ``library:NAME``.
        threads: OpenMP threads of this process.
    """

    def __init__(self, potential: str, threads: int) -> None:
        self._potential = read_potential(potential)
        self._threads = threads
        self._systems: dict[str, Any] = {}
        # It has no name, so that nothing is left behind by a worker that is ended.
        self._log = tempfile.TemporaryFile(mode="r", encoding="utf-8")  # noqa: SIM115  # open as long as this is

    def carry_out(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Carry out ``prepare``, ``run`` or ``forget`` by its name."""
        known: dict[str, Callable[..., Any]] = {"prepare": self.prepare, "run": self.run, "forget": self.forget}
        return known[operation](**arguments)

    def prepare(self, *, system: str, box: dict[str, Any], velocities: list[list[float]], timestep_ps: float) -> Any:
        """Make the first evaluation of a structure; velocities in Å/ps, all in LAMMPS's own frame.

        Returns:
            ``first_call_s`` and ``peak_memory_bytes``.
        """
        import numpy as np

        resources.release_freed_memory()
        resources.reset_peak_memory()
        instance = new_instance(self._threads)
        arrays = {name: np.array(box[name]) for name in ("cell", "rotation", "positions")}
        with lammps_errors():
            set_up(
                instance,
                Box(types=box["types"], kinds=[(symbol, mass) for symbol, mass in box["kinds"]], **arrays),
                self._potential,
                np.array(velocities),
            )
            for command in (
                f"neighbor {float(os.environ.get(SKIN_VARIABLE, SKIN_ANGSTROM))} bin",
                "neigh_modify every 1 delay 0 check yes",
                "fix integrate all nve",
                f"timestep {timestep_ps / self._potential.time_unit_ps!r}",
                "thermo 1",
                "thermo_style custom step cpu",
            ):
                instance.command(command)
            start = time.perf_counter()
            instance.command("run 0 post no")
            first_call_s = time.perf_counter() - start
            refuse_nonfinite("a force", _of_own_atoms(instance, "f"))
        self._systems[system] = instance
        return {"first_call_s": first_call_s, "peak_memory_bytes": resources.peak_memory_bytes()}

    def run(self, *, system: str, steps: int) -> Any:
        """Take so many steps.

        Returns:
            ``steps_s``, ``forces_share``, ``pair_share`` (None on every rank but the first, which alone writes a log),
            ``cpu_s`` and ``involuntary_switches``, ``page_faults`` of this process, ``peak_memory_bytes`` and
            ``kinetic_ev`` of the atoms that this process has.
        """
        instance = self._systems[system]
        before = resources.usage_now()
        with lammps_errors():
            instance.command(f"log /dev/fd/{self._log.fileno()}")
            try:
                instance.command(f"run {steps} pre no post yes")
            finally:
                instance.command("log none")
        after = resources.usage_now()
        self._log.seek(0)
        text = self._log.read()
        times = read_loop_times(text) if text else None
        return {
            "steps_s": None if times is None else list(times.steps_s),
            "forces_share": None if times is None else times.forces_share,
            "pair_share": None if times is None else times.pair_share,
            "cpu_s": after.cpu_s - before.cpu_s,
            "involuntary_switches": after.involuntary_switches - before.involuntary_switches,
            "page_faults": after.page_faults - before.page_faults,
            "peak_memory_bytes": resources.peak_memory_bytes(),
            "kinetic_ev": _kinetic_ev(instance, self._potential.time_unit_ps),
        }

    def forget(self, *, system: str) -> None:
        """Give a system's memory back."""
        instance = self._systems.pop(system, None)
        if instance is not None:
            instance.close()


def _of_own_atoms(instance: Any, name: str) -> Any:
    """Return forces (``f``) or velocities (``v``) of the atoms that this rank has, without its ghosts."""
    return instance.numpy.extract_atom(name)[: instance.extract_global("nlocal")]


def _kinetic_ev(instance: Any, time_unit_ps: float) -> float:
    from ase import units

    masses = instance.numpy.extract_atom("mass")[
        instance.numpy.extract_atom("type")[: instance.extract_global("nlocal")]
    ]
    squares = (_of_own_atoms(instance, "v") ** 2).sum(axis=1)
    return float((masses.ravel() * squares).sum() / 2 * (1e-3 / (units.fs * time_unit_ps)) ** 2)
