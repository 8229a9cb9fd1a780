"""The one estimator: every command that states a time or a memory asks here.

Costs are for one kind of structure. Where it was measured at two sizes or more, its own measurements alone say what it
costs; otherwise measurements of other structures join, which tell how the cost grows, while their level may differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mlipguide.core.formulas import have_same_composition
from mlipguide.costmodel.points import OWN, Labelled, Point, memory_points, time_points
from mlipguide.costmodel.scaling import ScalingLaw, is_same_density, transfer_error
from mlipguide.costmodel.shapes import MEMORY, TIME_ON_CPU, TIME_ON_CPU_RETAINING, TIME_ON_GPU, ShapePrior
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Allocator, Measurement, Settings
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.structures.summaries import is_same_kind

SECONDS_PER_DAY = 86400.0
FEWEST_OWN_SIZES = 2
"""With fewer sizes of its own, the law of a kind of structure takes its shape from others."""


@dataclass(frozen=True)
class Costs:
    """Time and memory of one model with one set of settings, for one kind of structure.

    Attributes:
        pairs_per_atom: Of the kind of structure.
        step_time: Seconds of an MD step against atoms and pairs.
        peak_memory: Bytes against atoms and pairs; None where memory was not measured.
        records: The measurements behind it.
    """

    pairs_per_atom: float
    step_time: ScalingLaw
    peak_memory: ScalingLaw | None
    records: tuple[str, ...]

    def step_time_s(self, atoms: int) -> Estimate:
        """Return the time of one MD step of ``atoms`` atoms."""
        return self.step_time.predict(atoms, atoms * self.pairs_per_atom)

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory at ``atoms`` atoms."""
        return None if self.peak_memory is None else self.peak_memory.predict(atoms, atoms * self.pairs_per_atom)

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        """Return how many atoms fit into ``memory_bytes``.

        None where memory is unknown, where not even one atom fits, and where no growth with size was seen.
        """
        if self.peak_memory is None:
            return None
        return _whole(self.peak_memory.invert(float(memory_bytes)))

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms ``steps`` steps take ``budget_s``.

        None where not even one atom's do, and where no growth with size was seen.
        """
        return _whole(self.step_time.invert(budget_s / steps))


def _whole(atoms: Estimate | None) -> Estimate | None:
    if atoms is None or atoms.value < 1:
        return None
    return Estimate(
        value=math.floor(atoms.value),
        low=None if atoms.low is None else math.floor(atoms.low),
        high=None if atoms.high is None else math.ceil(atoms.high),
        basis=atoms.basis,
        source=atoms.source,
    )


def ns_per_day(step_time_s: Estimate, *, timestep_s: float) -> Estimate:
    """Return the simulated nanoseconds per day of wall time."""
    return step_time_s.inverted(SECONDS_PER_DAY * timestep_s * 1e9)


def step_time_of(measurement: Measurement) -> Estimate:
    """Return the step time of one measurement; of a single step the interval is not known."""
    (point,) = time_points([(OWN, measurement)])
    known = len(measurement.steady.wall_s) > 1
    reach = math.exp(NORMAL_90 * point.error)
    return Estimate(
        value=point.value,
        low=point.value / reach if known else None,
        high=point.value * reach if known else None,
        basis=Basis.MEASURED,
        source=f"record {measurement.record}",
    )


def costs_from(
    measurements: Sequence[Measurement],
    *,
    structure: StructureSummary | None = None,
    pairs_per_atom: float | None = None,
    place: str = "this machine",
) -> Costs:
    """Fit time and memory to the measurements of one time law with one set of settings, of any structures.

    Args:
        measurements: At least one.
        structure: What the costs are wanted for; by default the structure of the largest measurement.
        pairs_per_atom: Of that structure. By default that of its largest measurement; without one, that of the largest
            measurement of another structure times the ratio of the number densities where both are known.
        place: Where they were measured, for the sources.

    Raises:
        ValueError: No measurement in which atoms have neighbours.
    """
    measurements = [record for record in measurements if record.pairs_per_atom > 0]
    if not measurements:
        raise ValueError("costs need at least one measurement of atoms that have neighbours")
    largest = max(measurements, key=lambda record: record.atoms)
    wanted = structure or largest.structure
    density = pairs_per_atom or _expected_pairs_per_atom(measurements, wanted)
    labelled = _labelled(measurements, wanted, density)
    own = [(kind, record) for kind, record in labelled if kind == OWN]
    if len({record.atoms for _, record in own}) >= FEWEST_OWN_SIZES:
        labelled = own
    records = [record for _, record in labelled]
    source = _describe(records, place)
    level_errors = {
        kind: transfer_error(
            record.pairs_per_atom / density,
            same_composition=have_same_composition(record.structure.reduced_formula, wanted.reduced_formula),
        )
        for kind, record in labelled
        if kind != OWN
    }

    def law(points: list[Point], prior: ShapePrior) -> ScalingLaw:
        return ScalingLaw(points, source=source, prior=prior, pairs_per_atom=density, level_errors=level_errors)

    memories = memory_points(labelled)
    return Costs(
        pairs_per_atom=density,
        step_time=law(time_points(labelled), time_prior(largest.settings)),
        peak_memory=law(memories, MEMORY) if memories else None,
        records=tuple(record.record for record in records),
    )


def time_prior(settings: Settings) -> ShapePrior:
    """Return which shapes the time of a step is expected to have with these settings."""
    if settings.device != "cpu":
        return TIME_ON_GPU
    return TIME_ON_CPU_RETAINING if settings.allocator is Allocator.RETAIN else TIME_ON_CPU


def _expected_pairs_per_atom(measurements: Sequence[Measurement], wanted: StructureSummary) -> float:
    """Return the pairs per atom of a structure: measured, or in proportion to the density."""
    own = [record for record in measurements if is_same_kind(record.structure, wanted)]
    nearest = max(own or measurements, key=lambda record: record.atoms)
    density, known = wanted.number_density_per_angstrom3, nearest.structure.number_density_per_angstrom3
    if own or density is None or known is None:
        return nearest.pairs_per_atom
    return nearest.pairs_per_atom * density / known


def _labelled(measurements: Sequence[Measurement], wanted: StructureSummary, density: float) -> list[Labelled]:
    """Return the measurements with a label for each kind of structure."""
    kinds: list[Measurement] = []
    labelled: list[Labelled] = []
    for record in measurements:
        if is_same_kind(record.structure, wanted) and is_same_density(record.pairs_per_atom, density):
            labelled.append((OWN, record))
            continue
        known = (index for index, kind in enumerate(kinds) if is_same_kind(kind.structure, record.structure))
        index = next(known, len(kinds))
        if index == len(kinds):
            kinds.append(record)
        labelled.append((f"{record.structure.reduced_formula} {index}", record))
    return labelled


def _describe(measurements: Sequence[Measurement], place: str) -> str:
    sizes = sorted({measurement.atoms for measurement in measurements})
    days = sorted({measurement.taken_at[:10] for measurement in measurements})
    listed = ", ".join(map(str, sizes))
    dates = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{place}, {dates}, at {listed} atoms"
