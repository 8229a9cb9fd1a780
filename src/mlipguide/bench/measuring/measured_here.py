"""What was measured on this machine of a model, or of another one of the same architecture."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.bench.measuring.bench_figures import size_result
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import MeasuredHere
from mlipguide.records.timing.measurement import Measurement, Weights


def measured_here(card: ModelCard, measurements: Sequence[Measurement]) -> tuple[MeasuredHere, ...]:
    """Return the figures that hold for ``card``: of each structure, size and setting the latest.

    The model's own measurements come before those of another checkpoint that shares its time law, and real weights
    before random ones.

    Args:
        card: The model.
        measurements: All of this machine, oldest first.
    """
    latest: dict[object, Measurement] = {}
    for record in measurements:
        if record.backend != card.backend or record.time_law != card.architecture.time_law:
            continue
        key = (record.structure.reduced_formula, record.atoms, record.settings, record.scenario)
        if key not in latest or _standing(record, card) >= _standing(latest[key], card):
            latest[key] = record
    found = sorted(latest.values(), key=lambda record: (record.structure.reduced_formula, record.atoms))
    return tuple(
        MeasuredHere(
            structure=record.structure.reduced_formula,
            taken_at=record.taken_at,
            of_this_model=record.model == card.id,
            result=size_result(record),
        )
        for record in found
    )


def _standing(record: Measurement, card: ModelCard) -> tuple[bool, bool]:
    return (record.model == card.id, record.weights is Weights.PRETRAINED)
