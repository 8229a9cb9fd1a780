"""The time of a step over many sizes, by the same costs that the answer stands on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlipguide.advice.facts import Facts
from mlipguide.costmodel.costs import step_time_of
from mlipguide.costmodel.model_costs import NOT_RUN_HERE
from mlipguide.records.advice.scaling import ModelScaling, SizedTime
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Measurement
from mlipguide.structures.summaries import is_same_kind

REACH = 4.0
"""How far beyond what was measured and what is asked sizes are shown, as a factor."""
SIZES = 32


def scaling_of(model: str, facts: Facts, task: Task, measurements: Sequence[Measurement]) -> ModelScaling:
    """Return how the time of a step of one model grows.

    Args:
        model: Id of the card.
        facts: What is known of the models on one piece of hardware.
        task: What is wanted.
        measurements: Of this machine.
    """
    known = facts.costs.get(model, NOT_RUN_HERE)
    records = [
        one for one in measurements if one.record in set(known.measured) and is_same_kind(one.structure, task.structure)
    ]
    measured = [SizedTime(atoms=one.atoms, step_time_s=step_time_of(one)) for one in records]
    sizes = [task.structure.atoms, task.atoms, *(one.atoms for one in measured)]
    low, high = min(sizes), REACH * max(sizes)
    expected = []
    for step in range(SIZES + 1):
        atoms = round(low * math.exp(math.log(high / low) * step / SIZES))
        time = None if known.costs is None else known.costs.step_time_s(atoms)
        if time is not None:
            expected.append(SizedTime(atoms=atoms, step_time_s=time))
    return ModelScaling(
        model=model, measured=tuple(sorted(measured, key=lambda one: one.atoms)), expected=tuple(expected)
    )
