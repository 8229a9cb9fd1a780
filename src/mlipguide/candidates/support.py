"""How far models and backends are known to work here, for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable

from mlipguide.environments.recipes import load_recipes
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.support import BackendSupport, ModelSupport, Support
from mlipguide.store import supports


def support_of_backend(backend: str) -> BackendSupport | None:
    """Return what ``env verify`` found of a backend; None where there is a recipe and nobody looked.

    A backend without a recipe has cards only.
    """
    if backend in load_recipes():
        return supports.find(backend)
    return BackendSupport(backend=backend, support=Support.CARD_ONLY, checked_at=None, python_version=None, versions={})


def supports_of(cards: Iterable[ModelCard]) -> tuple[ModelSupport, ...]:
    """Return what ``env verify`` found of models, in their order; those that nobody tried are left out."""
    known: dict[str, BackendSupport | None] = {}
    found = []
    for card in cards:
        if card.backend not in known:
            known[card.backend] = support_of_backend(card.backend)
        one = _within(known[card.backend], card)
        if one is not None:
            found.append(one)
    return tuple(found)


def support_of(card: ModelCard) -> ModelSupport | None:
    """Return what ``env verify`` found of a model; None where nobody tried it."""
    return next(iter(supports_of([card])), None)


def _within(backend: BackendSupport | None, card: ModelCard) -> ModelSupport | None:
    if backend is None:
        return None
    if backend.support is Support.CARD_ONLY:
        return ModelSupport(
            model=card.id,
            support=Support.CARD_ONLY,
            checked_at=backend.checked_at,
            versions=backend.versions,
            problem=backend.problem or f"mlipguide has no recipe for {backend.backend} and cannot run it.",
        )
    return next((one for one in backend.models if one.model == card.id), None)
