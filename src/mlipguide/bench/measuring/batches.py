"""Batches of small structures, timed in turn with the same structures one after the other.

Batches are timed where they compute what the model computes alone: energies, forces and stresses of rattled structures
of several sizes in one batch are within the limits that ``tune`` has for settings, or nothing of the model is timed
(ACEsuit/mace #1469: a batch whose results depended on what else was in it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.bench.attribution import notices_for
from mlipguide.bench.batch_sizes import BatchSizes, OneByOne
from mlipguide.bench.measuring.measuring import (
    MeasuringContext,
    Opener,
    session_request,
    size_source,
    sweep_subjects,
    worker_memory_bytes,
)
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import Subject
from mlipguide.bench.tuning.checking import beyond, differences_of, results, structures_to_compare
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.costmodel.batches import BatchCosts, batch_costs_from
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.records.timing.bench import Batching, BatchTime
from mlipguide.records.timing.measurement import Measurement, Weights
from mlipguide.records.timing.tuning import Differences
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest

if TYPE_CHECKING:
    from ase import Atoms

PREDICTED = 2
"""Between two numbers that were timed and beyond the last, by this factor."""


def measure_batches(
    ready: Sequence[Prepared],
    measured: MeasuredModels,
    context: MeasuringContext,
    *,
    counts: tuple[int, ...],
) -> tuple[Batching, ...]:
    """Time batches of the structure with each model that can be batched here, and say what they are worth.

    What goes wrong is a problem of ``measured``, and what was timed is among its records.

    Args:
        ready: Models that can be started, each for batches; the budget is shared equally.
        measured: Gets the records.
        context: On what they are timed.
        counts: Numbers of structures.
    """
    found: list[Batching] = []
    for item in ready:
        checked = Checked(item, context)
        begin = len(measured.fresh)
        sweep_subjects(
            _subjects(item, context, checked, counts),
            measured,
            replace(context, budget_s=context.budget_s / len(ready)),
            load_protocol(),
        )
        records = measured.fresh[begin:]
        together = [record for record in records if record.settings.driver == TORCH_SIM]
        alone = [record for record in records if record.settings.driver != TORCH_SIM]
        if together and alone and checked.differences is not None:
            costs = batch_costs_from(together, alone)
            memory_bytes = worker_memory_bytes(context.machine, item.settings)
            found.append(_figures(item, together, costs, memory_bytes, checked.differences))
    measured.notices.extend(notices_for(measured.fresh))
    return tuple(found)


class Checked:
    """Starts a model for batches, and lets it go on where batches compute what it computes alone.

    Args:
        item: The model.
        context: On what it is timed.
    """

    def __init__(self, item: Prepared, context: MeasuringContext) -> None:
        self._request: SessionRequest = session_request(item.in_batches, context.machine)
        self._opener: Opener = context.opener
        sizes = size_source(context, load_protocol())
        own = len(context.atoms)
        self._compared: tuple[Atoms, ...] = structures_to_compare(sizes, (own,), own)
        self.differences: Differences | None = None

    def open(self) -> ModelSession:
        """Start it.

        Raises:
            SessionError: It does not start, or cannot evaluate batches.
            MeasurementFailedError: Results in a batch are not those alone.
        """
        session = self._opener(self._request)
        try:
            # The smallest last and first: whoever is taken for another one has another size.
            mixed = (*self._compared[::-1], *self._compared)
            alone = results(session, self._compared)
            self.differences = differences_of((*alone[::-1], *alone), session.single_points(mixed))
            _require_agreement(self.differences, self._request.card.id)
        except BaseException:
            session.close()
            raise
        return session


def _require_agreement(found: Differences, model: str) -> None:
    if not found.within_limits:
        raise MeasurementFailedError(
            f"In a batch of TorchSim {beyond(found)} from what the model computes of one structure alone.",
            hint="Batches of this model are not used here; evaluate structures one by one.",
            kind="wrong_batches",
            model=model,
        )


def _subjects(
    item: Prepared, context: MeasuringContext, checked: Checked, counts: tuple[int, ...]
) -> tuple[Subject, Subject]:
    return (
        Subject(
            card=item.card,
            settings=item.settings,
            open=partial(context.opener, session_request(item, context.machine)),
            remark="one by one",
            sizes=OneByOne(context.atoms),
        ),
        Subject(
            card=item.card,
            settings=item.in_batches.settings,
            open=checked.open,
            remark="batches",
            sizes=BatchSizes(context.atoms, counts),
        ),
    )


def _figures(
    item: Prepared,
    together: Sequence[Measurement],
    costs: BatchCosts,
    memory_bytes: int,
    differences: Differences,
) -> Batching:
    largest = costs.largest_batch(memory_bytes)
    between = {count * PREDICTED for count in costs.counts} - set(costs.counts)
    return Batching(
        model=item.card.id,
        settings=together[0].settings,
        weights=Weights.SYNTHETIC if item.synthetic else Weights.PRETRAINED,
        atoms=costs.atoms,
        alone_s=costs.alone_s(),
        measured=tuple(_time(costs, count) for count in costs.counts),
        predicted=tuple(_time(costs, count) for count in sorted(between) if largest is None or count <= largest.value),
        best=costs.best(),
        largest_structures=largest,
        memory_bytes=memory_bytes,
        differences=differences,
    )


def _time(costs: BatchCosts, count: int) -> BatchTime:
    return BatchTime(structures=count, structure_time_s=costs.structure_time_s(count), speed_up=costs.gain(count))
