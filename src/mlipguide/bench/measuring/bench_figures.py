"""From raw samples to the figures that ``bench`` shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlipguide.costmodel.costs import costs_from, step_time_of
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.bench import CostFit, CurvePoint, SizeResult
from mlipguide.records.timing.measurement import Measurement
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.stats.centres import Centre, centre_of

CURVE_REACH = 4
"""How far beyond the largest size measured the fitted curve is drawn, as a factor."""
CURVE_STEPS = 32


def size_result(measurement: Measurement) -> SizeResult:
    """Return the figures of one measurement."""
    peak = measurement.peak_memory_bytes
    network_s = measurement.steady.model_s
    source = f"record {measurement.record}"
    return SizeResult(
        model=measurement.model,
        scenario=measurement.scenario,
        atoms=measurement.atoms,
        pairs_per_atom=measurement.pairs_per_atom,
        step_time_s=step_time_of(measurement),
        energy_forces_time_s=_measured(centre_of(measurement.steady.energy_forces_s), source),
        model_time_s=_measured(centre_of(network_s), source) if network_s else None,
        cpu_time_s=_measured(centre_of(measurement.steady.cpu_s), source),
        first_call_s=measurement.first_call_s,
        samples=len(measurement.steady.wall_s),
        set_aside=len(measurement.set_aside.wall_s),
        peak_memory_bytes=None
        if peak is None
        else Estimate(value=peak, low=None, high=None, basis=Basis.MEASURED, source=source),
        settings=measurement.settings,
        weights=measurement.weights,
        record=measurement.record,
        structures=measurement.structures,
    )


def _measured(centre: Centre, source: str) -> Estimate:
    return Estimate(value=centre.value, low=centre.low, high=centre.high, basis=Basis.MEASURED, source=source)


def cost_fit(model: str, records: Sequence[Measurement]) -> CostFit:
    """Return the law fitted to the measurements of one model and setting."""
    costs = costs_from(records)
    time, memory = costs.step_time, costs.peak_memory
    smallest, largest = min(record.atoms for record in records), max(record.atoms for record in records)
    return CostFit(
        model=model,
        settings=records[0].settings,
        scenario=records[0].scenario,
        pairs_per_atom=costs.pairs_per_atom,
        smallest_atoms=smallest,
        largest_atoms=largest,
        fixed_time_s=time.fixed,
        time_per_atom_s=time.per_pair * costs.pairs_per_atom,
        fixed_memory_bytes=None if memory is None else memory.fixed,
        memory_per_atom_bytes=None if memory is None else memory.per_pair * costs.pairs_per_atom,
        relative_half_width=NORMAL_90 * time.scatter,
        curve=tuple(
            CurvePoint(
                atoms=atoms, step_time_s=costs.step_time_s(atoms), peak_memory_bytes=costs.peak_memory_bytes(atoms)
            )
            for atoms in _curve_sizes(smallest, CURVE_REACH * largest)
        ),
    )


def _curve_sizes(smallest: int, largest: int) -> list[int]:
    """Return whole numbers from one to the other in equal ratios, without repeats."""
    span = math.log(largest / smallest)
    return sorted({round(smallest * math.exp(span * step / CURVE_STEPS)) for step in range(CURVE_STEPS + 1)})
