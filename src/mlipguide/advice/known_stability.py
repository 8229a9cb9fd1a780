"""What earlier tests of stability say of the models for a task."""

from __future__ import annotations

from collections.abc import Mapping

from mlipguide.advice.candidate_step import bears_on
from mlipguide.candidates.preparation import Prepared
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.task.task import Task
from mlipguide.store import stability as store


def known_stability(
    model: str, task: Task, *, dtype: str | None = None, versions: Mapping[str, str] | None = None
) -> ModelStability | None:
    """Return the latest tests of a model that bear on a task; None where there are none."""
    fitting = [one for one in store.find(model).records if bears_on(one, task, dtype=dtype, versions=versions or {})]
    return fitting[-1] if fitting else None


def stability_of(item: Prepared, task: Task) -> ModelStability | None:
    """Return the latest tests of a model with the settings and the code that it would be run with here."""
    return known_stability(item.card.id, task, dtype=item.settings.dtype, versions=item.environment.versions)
