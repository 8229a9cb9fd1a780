"""What measuring needs of a model, whether it runs in a worker or is a fake with a known answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlipguide.records.timing.measurement import Scenario, StepSamples

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the loaded weights say of themselves.

    Attributes:
        load_s: Importing the backend and loading the weights.
        parameters: Number of parameters; None where the model does not say.
        cutoff_angstrom: Radius of the neighbour list; None where the model does not say.
        layers: Message-passing layers; None where the model does not say.
        elements: Atomic numbers that the model has weights for; None where the model does not say.
        synthetic: Whether the weights are random.
        versions: Of the packages that decide speed and results.
        properties: What its calculator says that it gives, in ASE's words; nothing where it does not say.
    """

    load_s: float
    parameters: int | None
    cutoff_angstrom: float | None
    layers: int | None
    elements: tuple[int, ...] | None
    synthetic: bool
    versions: dict[str, str]
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SinglePoint:
    """One evaluation.

    Attributes:
        energy_ev: Of the whole structure.
        forces_ev_per_angstrom: One row of three an atom.
        stress_ev_per_angstrom3: Voigt order xx, yy, zz, yz, xz, xy, ASE's sign; None without a periodic cell
            or where the model gives none.
        magnetic_moments: In Bohr magnetons, one an atom; None where the model gives none.
        pairs_per_atom: Mean number of neighbours within the cutoff; within 6 Å where that is not known.
    """

    energy_ev: float
    forces_ev_per_angstrom: tuple[tuple[float, float, float], ...]
    stress_ev_per_angstrom3: tuple[float, ...] | None
    magnetic_moments: tuple[float, ...] | None
    pairs_per_atom: float


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How atoms are moved while steps are timed.

    Attributes:
        temperature_k: Of the first velocities.
        timestep_s: Integration step.
        propagate: Whether the model's forces move the atoms; otherwise rattled copies are evaluated in turn.
        seed: Of the velocities and the rattled copies.
        scenario: Offline leaves the integrator out.
    """

    temperature_k: float
    timestep_s: float
    propagate: bool
    seed: int = 0
    scenario: Scenario = Scenario.SINGLE_STREAM


@dataclass(frozen=True, kw_only=True)
class DynamicsPlan:
    """How atoms are moved by a model for what they do, not for the time that it takes.

    Attributes:
        steps: Integration steps.
        every: Steps from one snapshot to the next; the first is taken before any step, the last after the last.
        timestep_s: Integration step.
        temperature_k: Of the thermostat, and of the velocities where none are given.
        friction_per_s: Of the Langevin thermostat; None for constant energy (velocity Verlet).
        seed: Of the velocities and of the thermostat.
    """

    steps: int
    every: int
    timestep_s: float
    temperature_k: float
    friction_per_s: float | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Atoms at one step.

    Attributes:
        step: Integration steps since the start of the run.
        positions_angstrom: Shape (atoms, 3), not wrapped into the cell.
        velocities_angstrom_per_fs: Shape (atoms, 3).
        energy_ev: Potential energy of the whole structure.
        kinetic_ev: Kinetic energy.
        forces_ev_per_angstrom: Shape (atoms, 3); of held atoms too.
        stress_ev_per_angstrom3: Shape (6,), Voigt order and ASE's sign; None without a periodic cell or where the
            model gives none.
    """

    step: int
    positions_angstrom: NDArray[np.float64]
    velocities_angstrom_per_fs: NDArray[np.float64]
    energy_ev: float
    kinetic_ev: float
    forces_ev_per_angstrom: NDArray[np.float64]
    stress_ev_per_angstrom3: NDArray[np.float64] | None


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """What a run gave.

    Attributes:
        snapshots: In the order of steps, the one before any step first.
        stopped_because: ``unstable`` when the atoms flew apart before the last step; None when it came that far.
    """

    snapshots: tuple[Snapshot, ...]
    stopped_because: str | None


@dataclass(frozen=True, kw_only=True)
class RelaxationPlan:
    """How structures are relaxed, in cells that stay as they are.

    Attributes:
        largest_force_ev_per_angstrom: On an atom, at which a structure is done.
        steps: At most, of one structure.
        batch: How many structures are evaluated at once; None for one after the other.
    """

    largest_force_ev_per_angstrom: float
    steps: int
    batch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Relaxed:
    """What became of one structure.

    Attributes:
        positions_angstrom: Shape (atoms, 3).
        energy_ev: Of the whole structure.
        largest_force_ev_per_angstrom: Left on an atom.
        steps: That it took.
        converged: Whether the force is as small as was wanted.
    """

    positions_angstrom: NDArray[np.float64]
    energy_ev: float
    largest_force_ev_per_angstrom: float
    steps: int
    converged: bool


@dataclass(frozen=True, kw_only=True)
class Relaxations:
    """What became of several structures.

    Attributes:
        structures: In the order in which they were given.
        wall_s: That all of them took.
        calls: How often the network was called.
    """

    structures: tuple[Relaxed, ...]
    wall_s: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class LoadedStructure:
    """A structure that is ready to be stepped, or several that are evaluated at once: atoms are those of all."""

    system: str
    atoms: int
    pairs_per_atom: float
    first_call_s: float
    peak_memory_bytes: int
    structures: int = 1


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Consecutive steps, and what the process used for them.

    Attributes:
        samples: One number a step.
        compiling_wall_s: Of steps in which the worker compiled, which are no samples.
        compiling_cpu_s: Their processor time.
        involuntary_switches: How often the worker was interrupted.
        peak_memory_bytes: Highest since the structure was prepared.
    """

    samples: StepSamples
    involuntary_switches: int | None
    peak_memory_bytes: int
    compiling_wall_s: float = 0.0
    compiling_cpu_s: float = 0.0


class ModelSession(Protocol):
    """A loaded model that answers."""

    @property
    def facts(self) -> ModelFacts:
        """What the loaded weights say of themselves."""

    def single_point(self, atoms: Atoms) -> SinglePoint:
        """Evaluate ``atoms`` once."""

    def dynamics(
        self, atoms: Atoms, plan: DynamicsPlan, *, velocities: NDArray[np.float64] | None = None
    ) -> Trajectory:
        """Move ``atoms`` and return snapshots; nothing is kept, so a run can be continued from its last snapshot.

        Args:
            atoms: The structure; it is not changed. Atoms that its constraints hold stay where they are.
            plan: How they are moved.
            velocities: Shape (atoms, 3), Å/fs; None to draw them at the plan's temperature.
        """

    def prepare(self, atoms: Atoms, conditions: Conditions) -> LoadedStructure:
        """Make the first call on ``atoms`` and set up the integrator; held atoms are timed like all others, moving."""

    def single_points(self, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
        """Evaluate structures at once.

        Raises:
            SessionError: Kind ``unsupported_setting`` where the model cannot do that.
        """

    def relax(self, structures: Sequence[Atoms], plan: RelaxationPlan) -> Relaxations:
        """Move atoms downhill, but not those that are held; the structures are not changed."""

    def prepare_batch(self, structures: Sequence[Atoms], conditions: Conditions) -> LoadedStructure:
        """Make the first call on structures that are evaluated at once; a step is then one evaluation of all.

        Of the conditions the seed counts: rattled copies of all structures are evaluated in turn.
        """

    def run(self, prepared: LoadedStructure, *, max_steps: int, max_s: float) -> Burst:
        """Take steps until either limit is reached, at least one."""

    def reference(self) -> tuple[float, ...]:
        """Run the reference kernel a few times and return its wall times in seconds."""

    def release_memory(self) -> None:
        """Give freed memory back to the system while others are measured."""

    def close(self) -> None:
        """End the worker; may be called more than once."""
