"""What ``mlipguide bench`` reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Scenario, Settings, Weights
from mlipguide.records.timing.tuning import Differences


@strict
@dataclass(frozen=True, kw_only=True)
class SizeResult:
    """One model at one size.

    Attributes:
        model: Id of the card.
        scenario: Single-stream, where a step is one MD step, or offline, where it is one evaluation.
        atoms: Number of atoms measured; of a batch, those of all its structures together.
        pairs_per_atom: Neighbours within the cutoff.
        step_time_s: One MD step; of the offline scenario, one evaluation of a structure or of a batch.
        energy_forces_time_s: The energy-and-force call in it; the rest is the driver's.
        model_time_s: The network and its gradients in that call; the rest of the call is the neighbour list and the
            graph. None where the backend does not say.
        cpu_time_s: Processor time of a step, all threads.
        first_call_s: The first call, which pays for what no later one pays.
        samples: Steps in the steady state.
        set_aside: Steps that count in no figure, because the machine was disturbed during them.
        peak_memory_bytes: Peak of memory.
        settings: Threads, dtype, device, driver, allocator.
        weights: Real or random.
        record: The stored record.
        structures: How many were evaluated at once.
    """

    model: str
    scenario: Scenario
    atoms: int
    pairs_per_atom: float
    step_time_s: Estimate
    energy_forces_time_s: Estimate
    model_time_s: Estimate | None
    cpu_time_s: Estimate
    first_call_s: float
    samples: int
    set_aside: int
    peak_memory_bytes: Estimate | None
    settings: Settings
    weights: Weights
    record: str
    structures: int = field(default=1)


@strict
@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """What the law says of one size.

    Attributes:
        atoms: Number of atoms.
        step_time_s: One MD step; of the offline scenario, one structure.
        peak_memory_bytes: Peak of memory; None where memory was not measured.
    """

    atoms: int
    step_time_s: Estimate
    peak_memory_bytes: Estimate | None


@strict
@dataclass(frozen=True, kw_only=True)
class CostFit:
    """The law that predictions for one model follow: a fixed cost, and a cost per atom of this kind.

    Attributes:
        model: Id of the card.
        settings: Threads, dtype, device, driver, allocator.
        scenario: Single-stream or offline.
        pairs_per_atom: Neighbours within the cutoff.
        smallest_atoms: Smallest size measured.
        largest_atoms: Largest size measured; beyond it predictions are extrapolated.
        fixed_time_s: Time of a step that does not depend on its size.
        time_per_atom_s: Time of a step per atom.
        fixed_memory_bytes: Memory that does not depend on the size.
        memory_per_atom_bytes: Memory per atom.
        relative_half_width: Half the 90 % interval of a predicted time within the measured sizes, over its
            value.
        curve: What the law says from the smallest size measured to well beyond the largest, by size.
    """

    model: str
    settings: Settings
    scenario: Scenario
    pairs_per_atom: float
    smallest_atoms: int
    largest_atoms: int
    fixed_time_s: float
    time_per_atom_s: float
    fixed_memory_bytes: float | None
    memory_per_atom_bytes: float | None
    relative_half_width: float
    curve: tuple[CurvePoint, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Capacity:
    """The largest system of one model that fits into memory, found by trying.

    Attributes:
        model: Id of the card.
        settings: Threads, dtype, device, driver, allocator.
        largest_fitting_atoms: Largest size that ran; None where none did.
        smallest_failing_atoms: Smallest size that ran out of memory; None where none did.
        with_headroom_atoms: What is left of the largest when the cell may become denser by ``headroom``; None where
            none ran.
        headroom: Growth of the density allowed for, as a share: 0.1 is 10 %.
        memory_bytes: Memory that the sizes were tried in.
    """

    model: str
    settings: Settings
    largest_fitting_atoms: int | None
    smallest_failing_atoms: int | None
    with_headroom_atoms: int | None
    headroom: float
    memory_bytes: int


@strict
@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far one setting's energies and forces are from another's, on the same positions.

    Attributes:
        model: Id of the card.
        settings: The setting compared.
        reference: The plain setting that it is compared with.
        energy_difference_ev_per_atom: Its energy less the reference's, eV per atom.
        force_mae_ev_per_angstrom: Mean absolute difference of the force components, eV/Å.
        force_max_ev_per_angstrom: Largest absolute difference of a force component, eV/Å.
        within_tolerance: Whether all three are within the stated tolerance.
    """

    model: str
    settings: Settings
    reference: Settings
    energy_difference_ev_per_atom: float
    force_mae_ev_per_angstrom: float
    force_max_ev_per_angstrom: float
    within_tolerance: bool


@strict
@dataclass(frozen=True, kw_only=True)
class FastestSettings:
    """The setting to run one model with.

    Attributes:
        model: Id of the card.
        settings: Threads, dtype, device, driver, allocator.
        speed_up: Step time of the first setting that was named over this one's; no unit.
        reason: Why this one, and what speaks against faster ones.
    """

    model: str
    settings: Settings
    speed_up: Estimate
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class RanksCheck:
    """What the law of one MPI rank says of several, beside what was measured.

    Attributes:
        model: Id of the card.
        settings: Those with several ranks.
        atoms: Number of atoms.
        predicted_s: One MD step, from the measurements with one rank alone.
        measured_s: One MD step.
        ratio: Measured over predicted.
    """

    model: str
    settings: Settings
    atoms: int
    predicted_s: Estimate
    measured_s: Estimate
    ratio: float


@strict
@dataclass(frozen=True, kw_only=True)
class AdditionPrice:
    """What an addition to a model costs, from both timed in turn.

    Attributes:
        model: Id of the card.
        settings: With what is added.
        atoms: Number of atoms.
        times_as_long: A step with it over a step of the model alone; no unit.
    """

    model: str
    settings: Settings
    atoms: int
    times_as_long: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class BatchTime:
    """A number of structures that are evaluated at once.

    Attributes:
        structures: The number; 1 is a batch of one, through the same driver.
        structure_time_s: Time of the evaluation over the number of structures.
        speed_up: Time of a structure alone over that; above 1 the batch is faster.
    """

    structures: int
    structure_time_s: Estimate
    speed_up: Estimate


@strict
@dataclass(frozen=True, kw_only=True)
class Batching:
    """What batches of small structures are worth with one model.

    Attributes:
        model: Id of the card.
        settings: Of the batches: the driver is ``torch-sim``.
        weights: Real or random.
        atoms: Of one structure.
        alone_s: Evaluating one structure after the other, each.
        measured: The numbers that were timed.
        predicted: Numbers between and beyond them, by the law of the batch's atoms and pairs.
        best: The smallest number that was timed whose time per structure is close to the least; None where batches are
            not clearly faster.
        largest_structures: How many structures fit into memory; None where memory was not measured or does not grow.
        memory_bytes: Memory that they have to fit into.
        differences: Of results in batches of mixed sizes from those of one structure after the other.
    """

    model: str
    settings: Settings
    weights: Weights
    atoms: int
    alone_s: Estimate
    measured: tuple[BatchTime, ...]
    predicted: tuple[BatchTime, ...]
    best: int | None
    largest_structures: Estimate | None
    memory_bytes: int
    differences: Differences


@strict
@dataclass(frozen=True, kw_only=True)
class BenchData:
    """The answer of ``mlipguide bench``.

    Attributes:
        machine: Where it was measured.
        structure: What was repeated or cut.
        timestep_s: Integration step.
        measurements: One for each model, setting and size.
        fits: One for each model and setting.
        capacity: Largest systems found by trying; empty when not asked for.
        agreements: Results of the settings against the plain one's; empty when only one was run.
        fastest: The setting to run each model with; empty when only one was run.
        ranks: Predictions for several MPI ranks from one; empty where both were not measured.
        additions: What is added to the models costs; empty where nothing is.
        batches: What batches of structures are worth; empty when not asked for.
    """

    machine: Machine
    structure: StructureSummary
    timestep_s: float
    measurements: tuple[SizeResult, ...]
    fits: tuple[CostFit, ...]
    capacity: tuple[Capacity, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    fastest: tuple[FastestSettings, ...] = ()
    ranks: tuple[RanksCheck, ...] = ()
    additions: tuple[AdditionPrice, ...] = ()
    batches: tuple[Batching, ...] = ()
