"""MD steps of one structure, timed one by one around synchronised device work.

Real weights propagate the atoms (velocity Verlet at constant energy, from velocities of the task's
temperature). Random weights never do: their forces mean nothing. They evaluate rattled copies in turn, and
beside each call the integrator advances a shadow of the atoms without forces, so that a step still holds the
driver's work.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .explosions import has_exploded
from .failures import WorkerError
from .geometry import refuse_nonfinite
from .images import pairs_per_atom
from .resources import usage_now

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel

RATTLED_COPIES = 4
RATTLE_ANGSTROM = 0.05
MOST_COMPILING = 3
"""Steps of one burst that may be left out because a program was compiled in them; whoever compiles at every step is
timed with it."""
ENDLESS = 10**12


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How the atoms are moved.

    Attributes:
        temperature_k: Of the first velocities.
        timestep_fs: Integration step.
        seed: Of the velocities and the rattled copies.
        propagate: Whether the model's forces move the atoms.
        integrate: Whether a step holds the integrator's work; False for the throughput of single evaluations.
    """

    temperature_k: float
    timestep_fs: float
    seed: int
    propagate: bool
    integrate: bool = True


class Stepped(Protocol):
    """A structure that is ready to be stepped, by ASE or by a driver of the backend's own."""

    @property
    def pairs_per_atom(self) -> float:
        """Neighbours within the cutoff, mean over atoms."""

    def call_first(self) -> dict[str, float | int]:
        """Make the first call; see :meth:`System.call_first`."""

    def run(self, *, max_steps: int, max_s: float) -> dict[str, Any]:
        """Take steps; see :meth:`System.run`."""

    def close(self) -> None:
        """Give back what the structure holds."""


class System:
    """One structure with a model, ready to be stepped.

    Args:
        model: A loaded model.
        atoms: The structure; it is copied.
        conditions: How the atoms are moved.
    """

    def __init__(self, model: LoadedModel, atoms: Atoms, conditions: Conditions) -> None:
        self._model = model
        self._conditions = conditions
        self._atoms: Atoms = model.adapt(atoms).copy()
        self.pairs_per_atom = pairs_per_atom(self._atoms, model.cutoff)
        self._call_s = 0.0
        self._atoms.calc = self._timed_calculator()
        self._stepper: Iterator[Any] | None = None

    def call_first(self) -> dict[str, float | int]:
        """Make the first energy-and-force call and set up the integrator; return its time and peak memory.

        Raises:
            WorkerError: Kind ``backend``: a force is not a finite number.
        """
        self._model.reset_peak_memory()
        start = time.perf_counter()
        forces = self._atoms.get_forces()
        self._model.synchronise()
        first_call_s = time.perf_counter() - start
        refuse_nonfinite("a force", forces)
        moving = self._conditions.propagate and self._conditions.integrate
        self._stepper = self._propagation() if moving else self._reevaluation()
        next(self._stepper)
        return {"first_call_s": first_call_s, "peak_memory_bytes": self._model.peak_memory_bytes()}

    def run(self, *, max_steps: int, max_s: float) -> dict[str, Any]:
        """Take steps until either limit is reached, at least one.

        A step in which a program was compiled, because neighbours outgrew what was compiled for, is no sample: it pays
        for many that follow, as the first call does.

        Returns:
            ``wall_s``, ``energy_forces_s``, ``cpu_s`` and ``model_s`` (None where the backend does not show its
            network), one number a step; ``compiling_wall_s`` and ``compiling_cpu_s`` of the steps that are left out;
            ``usage``, what the process used in all; ``peak_memory_bytes`` since the first call.

        Raises:
            WorkerError: Kind ``unstable``: the atoms flew apart, so the steps say nothing.
        """
        if self._stepper is None:
            raise WorkerError("bad_request", "The system was not prepared, or failed since.")
        wall: list[float] = []
        calls: list[float] = []
        cpu: list[float] = []
        network: list[float] = []
        watch = self._model.stopwatch
        compiling: list[tuple[float, float]] = []
        begin = before = usage_now()
        while True:
            self._call_s = 0.0
            if watch is not None:
                watch.total_s = 0.0
            compiled = self._compilations()
            self._step()
            after = usage_now()
            if self._compilations() > compiled and len(compiling) < MOST_COMPILING:
                compiling.append((after.wall_s - before.wall_s, after.cpu_s - before.cpu_s))
                before = after
                continue
            wall.append(after.wall_s - before.wall_s)
            cpu.append(after.cpu_s - before.cpu_s)
            calls.append(self._call_s)
            if watch is not None:
                network.append(watch.total_s)
            before = after
            if len(wall) >= max_steps or sum(wall) >= max_s:
                break
        self._refuse_explosion()
        totals = {name: value - asdict(begin)[name] for name, value in asdict(before).items()}
        return {
            "wall_s": wall,
            "energy_forces_s": calls,
            "cpu_s": cpu,
            "model_s": network if watch is not None else None,
            "compiling_wall_s": sum(wall_s for wall_s, _ in compiling),
            "compiling_cpu_s": sum(cpu_s for _, cpu_s in compiling),
            "usage": totals,
            "peak_memory_bytes": self._model.peak_memory_bytes(),
        }

    def close(self) -> None:
        """Give back what the structure holds: nothing but memory, which goes with it."""

    def _step(self) -> None:
        assert self._stepper is not None
        try:
            next(self._stepper)
            self._model.synchronise()
        except Exception:
            self._stepper = None  # an iterator that raised has ended
            # A backend may fail on atoms that are far outside their cell, in words of its own.
            self._refuse_explosion()
            raise

    def _compilations(self) -> int:
        return 0 if self._model.compilations is None else self._model.compilations()

    def _timed_calculator(self) -> Any:
        # A shallow copy shares the weights and has results of its own: systems do not evict each other's.
        calculator = copy.copy(self._model.calculator)
        calculator.results = {}
        calculator.atoms = None
        plain = calculator.calculate

        def calculate(*arguments: Any, **options: Any) -> None:
            start = time.perf_counter()
            plain(*arguments, **options)
            self._model.synchronise()
            self._call_s += time.perf_counter() - start

        calculator.calculate = calculate
        return calculator

    def _integrator(self, atoms: Atoms) -> Iterator[Any]:
        from ase import units
        from ase.md.verlet import VelocityVerlet

        atoms.set_velocities(velocities_of(atoms, self._conditions) / units.fs)
        dynamics = VelocityVerlet(atoms, timestep=self._conditions.timestep_fs * units.fs)
        steps: Iterator[Any] = dynamics.irun(steps=ENDLESS)
        return steps

    def _propagation(self) -> Iterator[Any]:
        return self._integrator(self._atoms)

    def _reevaluation(self) -> Iterator[Any]:
        import numpy as np

        generator = np.random.default_rng(self._conditions.seed)
        positions = self._atoms.get_positions()
        copies = [
            positions + generator.normal(scale=RATTLE_ANGSTROM, size=positions.shape) for _ in range(RATTLED_COPIES)
        ]
        shadow = self._atoms.copy()
        shadow.calc = _no_forces()
        steps: Iterator[Any] = self._integrator(shadow) if self._conditions.integrate else itertools.repeat(None)
        next(steps)
        yield None
        while True:
            for rattled in copies:
                next(steps)
                self._atoms.set_positions(rattled)
                self._atoms.get_forces()
                yield None

    def _refuse_explosion(self) -> None:
        import numpy as np

        conditions = self._conditions
        if conditions.propagate:
            flew_apart = has_exploded(
                self._atoms, asked_kelvin=conditions.temperature_k, timestep_fs=conditions.timestep_fs
            )
        else:
            flew_apart = not np.isfinite(self._atoms.positions).all()
        if flew_apart:
            raise WorkerError(
                "unstable",
                f"The atoms flew apart with steps of {self._conditions.timestep_fs:g} fs "
                f"at {self._conditions.temperature_k:g} K.",
            )


def velocities_of(atoms: Atoms, conditions: Conditions) -> Any:
    """Draw velocities of the conditions' temperature (Maxwell-Boltzmann), shape (atoms, 3), Å/fs."""
    import numpy as np
    from ase import units

    # Written out, because ASE renamed its function: a worker meets old and new versions.
    generator = np.random.default_rng(conditions.seed)
    widths = np.sqrt(units.kB * conditions.temperature_k / atoms.get_masses())
    return generator.standard_normal((len(atoms), 3)) * widths[:, None] * units.fs


def _no_forces() -> Any:
    import numpy as np
    from ase.calculators.calculator import Calculator, all_changes

    class NoForces(Calculator):
        """Free particles."""

        implemented_properties = ["energy", "forces"]  # noqa: RUF012  # as ASE declares it

        def calculate(
            self,
            atoms: Atoms | None = None,
            properties: Any = ("energy",),
            system_changes: Any = all_changes,
        ) -> None:
            """Return zero energy and zero forces."""
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
            self.results = {"energy": 0.0, "forces": np.zeros((len(self.atoms or ()), 3))}

    return NoForces()  # type: ignore[no-untyped-call]  # untyped in ASE
