"""What earlier tests of stability say of the models for a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.checkpoints import own_version
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task
from mlipguide.store import stability as store
from mlipguide.structures.summaries import is_same_kind


def bears_on(tested: ModelStability, task: Task, *, dtype: str | None, versions: Mapping[str, str]) -> bool:
    """Tell whether what was found holds for a task: the same kind of structure, no higher temperature, the same code.

    What was added to the model must be what is added in the task.

    Args:
        tested: What was found.
        task: What is wanted.
        dtype: The model would be run with; None where that is not known.
        versions: Of packages in the model's environment; those that are not known say nothing.
    """
    same_code = all(tested.versions.get(name, version) == version for name, version in versions.items())
    return (
        same_code
        and tuple(one.kind for one in tested.settings.additions) == task.additions
        and dtype in (None, tested.settings.dtype)
        and task.temperature_k <= tested.temperature_k
        and is_same_kind(tested.structure, task.structure)
    )


def latest_tests(
    model: str, task: Task, *, dtype: str | None = None, versions: Mapping[str, str] | None = None
) -> ModelStability | None:
    """Return the latest tests of a model that bear on a task; None where there are none."""
    fitting = [one for one in store.find(model).records if bears_on(one, task, dtype=dtype, versions=versions or {})]
    return fitting[-1] if fitting else None


def tests_here(candidates: Iterable[Prepared], task: Task) -> dict[str, ModelStability]:
    """Return the latest tests of models with the settings and the code that they would be run with here, by model."""
    return _known(
        (item.card.id, latest_tests(item.card.id, task, dtype=item.settings.dtype, versions=item.environment.versions))
        for item in candidates
    )


def tests_anywhere(cards: Iterable[ModelCard], task: Task) -> dict[str, ModelStability]:
    """Return the latest tests of models with whatever settings and packages, by model."""
    return _known((card.id, latest_tests(card.id, task, versions=own_version(card))) for card in cards)


def _known(found: Iterable[tuple[str, ModelStability | None]]) -> dict[str, ModelStability]:
    return {model: tests for model, tests in found if tests is not None}
