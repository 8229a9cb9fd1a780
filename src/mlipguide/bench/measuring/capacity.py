"""The largest systems that fit into memory, found by trying (``bench --max-atoms probe``)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mlipguide.bench.capacity import ProbeEnd, probe_capacity
from mlipguide.bench.measuring.measuring import MeasuringContext, session_request, size_source, worker_memory_bytes
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.bench.protocol import load_protocol
from mlipguide.candidates.preparation import Prepared
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.notice import Notice
from mlipguide.records.timing.bench import Capacity

SHORTENED = {
    ProbeEnd.BUDGET: "the budget ended before the largest size was found; --budget sets it",
    ProbeEnd.LARGEST: "no larger size of this structure is built",
}


def find_capacity(
    ready: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext
) -> tuple[Capacity, ...]:
    """Find the largest size of each model that was timed; each takes up to the whole budget once more.

    A probe that ended for another reason than memory is a problem.
    """
    protocol = load_protocol()
    found: list[Capacity] = []
    for item in ready:
        records = [
            record for record in measured.fresh if (record.model, record.settings) == (item.card.id, item.settings)
        ]
        if not records:
            continue
        memory_bytes = worker_memory_bytes(context.machine, item.settings)
        predicted = costs_from(records).largest_system_atoms(memory_bytes)
        result = probe_capacity(
            partial(context.opener, session_request(item, context.machine)),
            size_source(context, protocol),
            conditions=context.conditions,
            predicted_atoms=None if predicted is None else int(predicted.value),
            smallest=max(record.atoms for record in records),
            growth=protocol.growth**0.5,
            budget_s=context.budget_s,
            on_progress=context.on_progress,
        )
        if result.problem is not None:
            measured.problems.append(result.problem)
        if result.end in SHORTENED:
            measured.notices.append(Notice("capacity", f"{item.card.id}: {SHORTENED[result.end]}."))
        found.append(
            Capacity(
                model=item.card.id,
                settings=item.settings,
                largest_fitting_atoms=result.largest_fitting_atoms,
                smallest_failing_atoms=result.smallest_failing_atoms,
                with_headroom_atoms=result.with_headroom_atoms,
                headroom=result.headroom,
                memory_bytes=memory_bytes,
            )
        )
    return tuple(found)
