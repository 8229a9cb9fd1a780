"""A model with a known answer: it never computes and never sleeps, it reports times that follow a given law.

Sweeps, fits and verdicts can so be tested against a truth, in milliseconds::

    session = FakeSession(time_law=linear(1e-3, fixed=0.02), noise=0.03)
    prepared = session.prepare(atoms, Conditions(temperature_k=300, timestep_s=1e-15, propagate=True))
    session.run(prepared, max_steps=50, max_s=1.5).samples.wall_s
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.records.timing.measurement import StepSamples
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import (
    Burst,
    Conditions,
    DynamicsPlan,
    LoadedStructure,
    ModelFacts,
    RelaxationPlan,
    Relaxations,
    Relaxed,
    SinglePoint,
    Snapshot,
    Trajectory,
)

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

Law = Callable[[int], float]
"""A cost as a function of the number of atoms: seconds per step, or bytes."""
BatchLaw = Callable[[int, int], float]
"""Seconds for one evaluation of so many structures, which have so many atoms together."""

FORCE_SHARE = 0.9
"""Of a step's time, what the fake's energy-and-force call takes."""
MODEL_SHARE = 0.7
"""Of a step's time, what the fake's network takes."""
ENERGY_PER_ATOM_EV = -1.0
REFERENCE_S = 0.01
"""What the reference kernel takes on a fake machine that does not drift."""


def linear(per_atom: float, *, fixed: float = 0.0) -> Law:
    """Return the law ``fixed + per_atom * atoms``."""
    return lambda atoms: fixed + per_atom * atoms


def flat_then_linear(flat: float, per_atom: float) -> Law:
    """Return the law of a GPU: ``flat`` while the device is not filled, then ``per_atom * atoms``."""
    return lambda atoms: max(flat, per_atom * atoms)


def knee(per_atom: float, *, rise: float = 1.7, begin: int = 100, end: int = 500) -> Law:
    """Return the law of a processor whose cache is left: the cost per atom rises between two sizes.

    Args:
        per_atom: Cost per atom up to ``begin`` atoms.
        rise: What it is multiplied with from ``end`` atoms on; in between linear in the logarithm of the
            size.
        begin: Number of atoms where the rise begins.
        end: Number of atoms where it ends.
    """

    def law(atoms: int) -> float:
        share = min(1.0, max(0.0, math.log(atoms / begin) / math.log(end / begin)))
        return per_atom * atoms * (1 + (rise - 1) * share)

    return law


@dataclass(kw_only=True)
class FakeSession:
    """A :class:`mlipguide.sessions.interface.ModelSession` with a known answer.

    A step at N atoms takes ``time_law(N)`` seconds, times ``warm_up_factor`` during warm-up, times the drift,
    times noise. Limits in seconds are held against these reported times. The median of the steady steps is
    ``time_law(N)``.

    Peaks of memory are ``memory_law(N)``. As in a real worker, memory that a larger structure took once is
    seen in the peaks of all later bursts.

    Attributes:
        name: Stands in the messages of errors.
        time_law: Seconds per step at a number of atoms.
        memory_law: Bytes at a number of atoms.
        pairs_per_atom: Neighbours of every atom of every structure.
        noise: Standard deviation of the logarithm of the step times (lognormal, median 1).
        seed: Of noise and outliers; equal seeds give equal times.
        warm_up_steps: How many steps on each prepared structure are slow.
        warm_up_factor: How slow they are.
        drift: Relative change of the step time per second that the session has reported, positive for slower.
        burst_spread: Standard deviation of the logarithm of the machine's speed, another one for each burst, which ends
            where the reference kernel is asked for.
        outliers: Probability of an outlier, and what its time is multiplied with.
        first_call_steps: Steps' worth of time that the first call on a structure takes.
        fails_at: What becomes of the session with structures of that many atoms or more.
        memory_limit_bytes: Beyond it structures run out of memory; None for no limit.
        energy_error: Added to the energies of single points, eV per atom.
        force_error: Standard deviation of the forces of single points about zero, eV/Å.
        batch_law: Of batches; None for a model that evaluates structures one by one only.
        batch_error: Added to the energies of structures in a batch with others of other sizes, eV per atom.
        synthetic: Whether the weights are said to be random.
        elements: Atomic numbers that the model knows.
        on_call: Called with the operation (``single_point``, ``dynamics``, ``prepare``, ``run``, ``reference``,
            ``rest``) and the number of atoms before anything else happens, to watch the order of calls or to raise
            from within them.
        elapsed_s: Sum of all times reported so far.
        calls: Operations and numbers of atoms, in order.
        closed: Whether the session was closed, or ended by a failure.
    """

    name: str = "fake"
    time_law: Law = field(default_factory=lambda: linear(1e-3))
    memory_law: Law = field(default_factory=lambda: linear(1e6, fixed=5e8))
    pairs_per_atom: float = 50.0
    noise: float = 0.0
    seed: int = 0
    warm_up_steps: int = 0
    warm_up_factor: float = 1.0
    drift: float = 0.0
    burst_spread: float = 0.0
    outliers: tuple[float, float] = (0.0, 1.0)
    first_call_steps: float = 3.0
    fails_at: Mapping[int, FailureKind] = field(default_factory=dict)
    memory_limit_bytes: int | None = None
    energy_error: float = 0.0
    force_error: float = 0.0
    batch_law: BatchLaw | None = None
    batch_error: float = 0.0
    synthetic: bool = False
    elements: tuple[int, ...] = tuple(range(1, 95))
    on_call: Callable[[str, int], None] = lambda _operation, _atoms: None
    elapsed_s: float = field(default=0.0, init=False)
    calls: list[tuple[str, int]] = field(default_factory=list, init=False)
    closed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing done."""
        self._random = np.random.default_rng(self.seed)
        self._force_random = np.random.default_rng((self.seed, 1))
        self._speed_random = np.random.default_rng((self.seed, 2))
        self._slowness = self._drawn_slowness()
        self._steps: dict[str, int] = {}
        self._batches: set[str] = set()
        self._peak_bytes = 0

    @property
    def facts(self) -> ModelFacts:
        """What the loaded weights say of themselves."""
        return ModelFacts(
            load_s=1.0,
            parameters=1000,
            cutoff_angstrom=5.0,
            layers=2,
            elements=self.elements,
            synthetic=self.synthetic,
            versions={"fake": "1.0"},
        )

    def single_point(self, atoms: Atoms) -> SinglePoint:
        """Return -1 eV per atom, no forces but their error, and no stress or zero stress in a cell.

        Raises:
            SessionError: As :meth:`prepare`.
        """
        self._begin("single_point", len(atoms))
        self._check(atoms)
        forces = self.force_error * self._force_random.standard_normal((len(atoms), 3))
        return SinglePoint(
            energy_ev=(ENERGY_PER_ATOM_EV + self.energy_error) * len(atoms),
            forces_ev_per_angstrom=tuple((x, y, z) for x, y, z in forces.tolist()),
            stress_ev_per_angstrom3=(0.0,) * 6 if all(atoms.pbc) else None,
            magnetic_moments=None,
            pairs_per_atom=self.pairs_per_atom,
        )

    def dynamics(
        self, atoms: Atoms, plan: DynamicsPlan, *, velocities: NDArray[np.float64] | None = None
    ) -> Trajectory:
        """Return atoms that stand still: a session that moves them by a known law is ``in_process_session``.

        Raises:
            SessionError: As :meth:`prepare`.
        """
        del velocities
        self._begin("dynamics", len(atoms))
        self._check(atoms)
        steps = sorted({*range(0, plan.steps + 1, plan.every), plan.steps})
        still = np.zeros((len(atoms), 3))
        return Trajectory(
            snapshots=tuple(
                Snapshot(
                    step=step,
                    positions_angstrom=atoms.positions.copy(),
                    velocities_angstrom_per_fs=still,
                    energy_ev=ENERGY_PER_ATOM_EV * len(atoms),
                    kinetic_ev=0.0,
                    forces_ev_per_angstrom=still,
                    stress_ev_per_angstrom3=None,
                )
                for step in steps
            ),
            stopped_because=None,
        )

    def prepare(self, atoms: Atoms, conditions: Conditions) -> LoadedStructure:
        """Make the first call.

        Raises:
            SessionError: An element is not known, the memory limit is exceeded, or ``fails_at`` says so.
        """
        del conditions  # nothing here depends on them
        self._begin("prepare", len(atoms))
        self._check(atoms)
        system = f"{self.name}-{len(self._steps)}"
        self._steps[system] = 0
        first_call_s = self.first_call_steps * self.time_law(len(atoms))
        self.elapsed_s += first_call_s
        return LoadedStructure(
            system=system,
            atoms=len(atoms),
            pairs_per_atom=self.pairs_per_atom,
            first_call_s=first_call_s,
            peak_memory_bytes=self._peak_bytes,
        )

    def single_points(self, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
        """Return what :meth:`single_point` does of each, with the error of batches where sizes are mixed.

        Raises:
            SessionError: As :meth:`prepare_batch`.
        """
        self._require_batches()
        mixed = len({len(atoms) for atoms in structures}) > 1
        points = [self.single_point(atoms) for atoms in structures]
        added = self.batch_error if mixed else 0.0
        return tuple(
            replace(point, energy_ev=point.energy_ev + added * len(atoms))
            for point, atoms in zip(points, structures, strict=True)
        )

    def relax(self, structures: Sequence[Atoms], plan: RelaxationPlan) -> Relaxations:
        """Return the structures as they are, since no forces move them.

        Raises:
            SessionError: As :meth:`prepare`, or as :meth:`prepare_batch` where a batch is asked for.
        """
        if plan.batch is not None:
            self._require_batches()
        points = [self.single_point(atoms) for atoms in structures]
        return Relaxations(
            structures=tuple(
                Relaxed(
                    positions_angstrom=atoms.positions.copy(),
                    energy_ev=point.energy_ev,
                    largest_force_ev_per_angstrom=0.0,
                    steps=0,
                    converged=True,
                )
                for atoms, point in zip(structures, points, strict=True)
            ),
            wall_s=sum(self.time_law(len(atoms)) for atoms in structures),
            calls=len(structures),
        )

    def prepare_batch(self, structures: Sequence[Atoms], conditions: Conditions) -> LoadedStructure:
        """Make the first call.

        Raises:
            SessionError: As :meth:`prepare`, or it evaluates structures one by one only.
        """
        self._require_batches()
        together = structures[0].copy()
        for atoms in structures[1:]:
            together += atoms
        prepared = replace(self.prepare(together, conditions), structures=len(structures))
        self._batches.add(prepared.system)
        return prepared

    def _require_batches(self) -> None:
        if self.batch_law is None:
            self._fail(FailureKind.UNSUPPORTED_SETTING, "evaluates structures one by one only")

    def run(self, prepared: LoadedStructure, *, max_steps: int, max_s: float) -> Burst:
        """Report steps until either limit is reached, at least one.

        Raises:
            SessionError: The session has ended.
        """
        self._begin("run", prepared.atoms)
        wall_s: list[float] = []
        while not wall_s or (len(wall_s) < max_steps and sum(wall_s) < max_s):
            wall_s.append(self._step(prepared))
        return Burst(
            samples=StepSamples(
                wall_s=tuple(wall_s),
                energy_forces_s=tuple(FORCE_SHARE * time_s for time_s in wall_s),
                cpu_s=tuple(wall_s),
                model_s=tuple(MODEL_SHARE * time_s for time_s in wall_s),
            ),
            involuntary_switches=0,
            peak_memory_bytes=self._peak_bytes,
        )

    def reference(self) -> tuple[float, ...]:
        """Report the reference kernel, which drifts with the machine.

        Raises:
            SessionError: The session has ended.
        """
        self._begin("reference", 0)
        took_s = REFERENCE_S * (1 + self.drift * self.elapsed_s) * self._slowness
        self._slowness = self._drawn_slowness()
        return (took_s,) * 3

    def release_memory(self) -> None:
        """Do nothing.

        Raises:
            SessionError: The session has ended.
        """
        self._begin("release_memory", 0)

    def close(self) -> None:
        """End the session; may be called more than once."""
        self.closed = True

    def _begin(self, operation: str, atoms: int) -> None:
        self.calls.append((operation, atoms))
        self.on_call(operation, atoms)
        if self.closed:
            raise SessionError(FailureKind.CRASHED, f"{self.name} was asked after its end.")

    def _check(self, atoms: Atoms) -> None:
        count = len(atoms)
        unknown = sorted(set(map(int, atoms.numbers)) - set(self.elements))
        if unknown:
            self._fail(FailureKind.UNSUPPORTED_ELEMENT, f"does not know the atomic numbers {unknown}")
        reached = [size for size in self.fails_at if count >= size]
        if reached:
            failure = self.fails_at[max(reached)]
            self._fail(failure, f"ended with {failure.value} at {count} atoms")
        peak_bytes = round(self.memory_law(count))
        if self.memory_limit_bytes is not None and peak_bytes > self.memory_limit_bytes:
            self._fail(FailureKind.OUT_OF_MEMORY, f"ran out of memory at {count} atoms")
        self._peak_bytes = max(self._peak_bytes, peak_bytes)

    def _fail(self, failure: FailureKind, what: str) -> None:
        error = SessionError(failure, f"{self.name} {what}.")
        self.closed = self.closed or error.ends_session
        raise error

    def _drawn_slowness(self) -> float:
        return math.exp(self.burst_spread * float(self._speed_random.standard_normal()))

    def _step(self, prepared: LoadedStructure) -> float:
        law_s = self.time_law(prepared.atoms)
        if prepared.system in self._batches and self.batch_law is not None:
            law_s = self.batch_law(prepared.structures, prepared.atoms)
        time_s = law_s * (1 + self.drift * self.elapsed_s) * self._slowness
        time_s *= math.exp(self.noise * float(self._random.standard_normal()))
        if self._steps[prepared.system] < self.warm_up_steps:
            time_s *= self.warm_up_factor
        probability, factor = self.outliers
        if self._random.random() < probability:
            time_s *= factor
        self._steps[prepared.system] += 1
        self.elapsed_s += time_s
        return time_s
