"""The one estimator: every command that states a time or a memory asks here."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mlipguide.costmodel.scaling import NORMAL_90, PRIOR_POWER, Point, ScalingLaw
from mlipguide.records.estimate import Estimate
from mlipguide.records.measurement import Measurement
from mlipguide.stats.centres import centre_of

SECONDS_PER_DAY = 86400.0
LONE_SAMPLE_ERROR = 0.2
"""Relative standard error of a step that was timed once: its spread is unknown, seen to be of this order."""
HARMLESS_LOAD = 0.05
ERROR_OF_LOAD = 1.5
"""Relative standard error per share of the cores that other processes used, beyond the harmless. Threads wait for each
other many times a step: with one of two cores taken, steps of SevenNet-0 took 2 to 20 times as long."""
GPU_PRIOR_POWER = 1
"""On a GPU, which small systems do not fill, nearly all of a step's time may be fixed."""
MEMORY_ERROR = 0.03
"""Relative standard error of a peak of resident memory: repeated runs of one size differ by that much."""


@dataclass(frozen=True)
class Costs:
    """Time and memory of one model with one set of settings, for one kind of structure.

    Attributes:
        pairs_per_atom: Of the kind of structure.
        step_time: Seconds of an MD step against pairs.
        peak_memory: Bytes against pairs; None where memory was not measured.
        records: The measurements behind it.
    """

    pairs_per_atom: float
    step_time: ScalingLaw
    peak_memory: ScalingLaw | None
    records: tuple[str, ...]

    def step_time_s(self, atoms: int) -> Estimate:
        """Return the time of one MD step of ``atoms`` atoms."""
        return self.step_time.predict(atoms * self.pairs_per_atom)

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory at ``atoms`` atoms."""
        return None if self.peak_memory is None else self.peak_memory.predict(atoms * self.pairs_per_atom)

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        """Return how many atoms fit into ``memory_bytes``.

        None where memory is unknown, where not even one atom fits, and where no growth with size was seen.
        """
        if self.peak_memory is None:
            return None
        return self._atoms(self.peak_memory.invert(float(memory_bytes)))

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms ``steps`` steps take ``budget_s``.

        None where not even one atom's do, and where no growth with size was seen.
        """
        return self._atoms(self.step_time.invert(budget_s / steps))

    def _atoms(self, pairs: Estimate | None) -> Estimate | None:
        if pairs is None or pairs.value < self.pairs_per_atom:
            return None
        scaled = pairs.scaled(1 / self.pairs_per_atom)
        return Estimate(
            value=math.floor(scaled.value),
            low=None if scaled.low is None else math.floor(scaled.low),
            high=None if scaled.high is None else math.ceil(scaled.high),
            basis=scaled.basis,
            source=scaled.source,
        )


def ns_per_day(step_time_s: Estimate, *, timestep_s: float) -> Estimate:
    """Return the simulated nanoseconds per day of wall time."""
    return step_time_s.inverted(SECONDS_PER_DAY * timestep_s * 1e9)


def costs_from(measurements: Sequence[Measurement]) -> Costs:
    """Fit time and memory to the measurements of one model, one set of settings and one kind of structure.

    Of several measurements of one size the most certain counts: the others were taken on a busier machine, or shorter.

    Raises:
        ValueError: No measurement.
    """
    if not measurements:
        raise ValueError("costs need at least one measurement")
    by_size: dict[int, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        by_size[measurement.atoms].append(measurement)
    source = _describe(measurements)
    times: list[Point] = []
    memories: list[Point] = []
    for atoms, records in by_size.items():
        pairs = atoms * sum(record.pairs_per_atom for record in records) / len(records)
        value, error = min((_timing(record) for record in records), key=lambda timing: timing[1])
        times.append(Point(pairs, value, error))
        peaks = [record.peak_memory_bytes for record in records if record.peak_memory_bytes]
        if peaks:
            memories.append(Point(pairs, max(peaks), MEMORY_ERROR))
    largest = max(by_size)
    reference = by_size[largest][0]
    on_cpu = reference.settings.device == "cpu"
    return Costs(
        pairs_per_atom=reference.pairs_per_atom,
        step_time=ScalingLaw(times, source=source, prior_power=PRIOR_POWER if on_cpu else GPU_PRIOR_POWER),
        peak_memory=ScalingLaw(memories, source=source, prior_power=0) if memories else None,
        records=tuple(measurement.record for measurement in measurements),
    )


def _timing(record: Measurement) -> tuple[float, float]:
    """Return the step time of a record and its relative standard error."""
    centre = centre_of(record.steady.wall_s)
    width = centre.relative_half_width
    sampling = LONE_SAMPLE_ERROR if width is None else width / NORMAL_90
    load = record.disturbance.other_load_share or 0.0
    return centre.value, math.hypot(sampling, ERROR_OF_LOAD * max(0.0, load - HARMLESS_LOAD))


def _describe(measurements: Sequence[Measurement]) -> str:
    sizes = sorted({measurement.atoms for measurement in measurements})
    days = sorted({measurement.taken_at[:10] for measurement in measurements})
    listed = ", ".join(map(str, sizes))
    dates = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"this machine, {dates}, at {listed} atoms"
