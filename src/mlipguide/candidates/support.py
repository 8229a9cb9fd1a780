"""How far a model or a backend is known to work here, for whoever shows it."""

from __future__ import annotations

from mlipguide.environments.recipes import load_recipes
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.support import BackendSupport, ModelSupport, Support
from mlipguide.store import supports


def support_of_backend(backend: str) -> BackendSupport | None:
    """Return what ``env verify`` found of a backend; None where there is a recipe and nobody looked.

    A backend without a recipe has cards only.
    """
    if backend not in load_recipes():
        return BackendSupport(
            backend=backend, support=Support.CARD_ONLY, checked_at=None, python_version=None, versions={}
        )
    return supports.find(backend)


def support_of(card: ModelCard) -> ModelSupport | None:
    """Return what ``env verify`` found of a model; None where there is a recipe and nobody looked.

    One that was not tried with the others of its backend has what its backend's imports show.
    """
    found = support_of_backend(card.backend)
    if found is None:
        return None
    named = next((one for one in found.models if one.model == card.id), None)
    if named is not None:
        return named
    support = Support.CARD_ONLY if found.support is Support.CARD_ONLY else None
    if support is None:
        return None
    return ModelSupport(
        model=card.id, support=support, checked_at=found.checked_at, versions=found.versions, problem=found.problem
    )
