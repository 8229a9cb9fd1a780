"""Models as the commands name them: ids, ``all``, or ``available`` for those that can be started here as things are."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.candidates.preparation import Preparation
from mlipguide.catalog.cards import Catalogue
from mlipguide.records.models.model_card import ModelCard

ALL, AVAILABLE = "all", "available"


def named_cards(catalogue: Catalogue, names: Sequence[str]) -> tuple[ModelCard, ...]:
    """Return the models that are named; all where one of the names stands for several.

    Raises:
        InputError: There is no such model.
    """
    return catalogue.cards if set(names) & {ALL, AVAILABLE} else catalogue.select(tuple(names))


def startable_ones(preparation: Preparation) -> Preparation:
    """Return what can be started; where nothing can, everything, so that it is said what is missing."""
    startable = tuple(item for item in preparation.candidates if item.obstacle is None)
    return Preparation(startable, (), preparation.problems) if startable else preparation
