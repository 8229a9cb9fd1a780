"""Which sources a card names, and the bibliographies of everything that the catalogue is read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mlipguide.catalog.locations import CardFiles, all_files, own_files
from mlipguide.catalog.plugins import plugin_files
from mlipguide.catalog.sources import Source, read_sources
from mlipguide.core.errors import InputError
from mlipguide.core.look import once_a_look
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.models.model_card import ModelCard


def cited_sources(card: ModelCard) -> tuple[str, ...]:
    """Return the keys of all sources that a card names, each once, in the order of its fields."""
    training, licences = card.training, card.licences
    groups = (
        training.sources,
        *(fact.sources for fact in training.domains),
        () if training.cost is None else training.cost.sources,
        licences.code.sources,
        licences.weights.sources,
        () if card.metrics is None else card.metrics.sources,
        () if card.weights.reference is None else card.weights.reference.sources,
        card.cite,
    )
    return tuple(dict.fromkeys(key for sources in groups for key in sources))


def family_sources(card: FamilyCard) -> tuple[str, ...]:
    """Return the keys of all sources that the card of a family names, each once, in the order of its fields."""
    groups = (
        card.sources,
        card.elements.sources,
        *(item.sources for item in card.programs),
        *(item.sources for item in card.trainers),
        *(item.sources for item in (*card.strengths, *card.weaknesses)),
        *(item.sources for item in card.speeds),
        *(item.sources for item in card.trainings),
    )
    return tuple(dict.fromkeys(key for sources in groups for key in sources))


@once_a_look
def read_all_sources(folders: Sequence[Path] = ()) -> dict[str, Source]:
    """Read the built-in bibliography, those of ``folders``, of the plug-ins and of the user's own cards.

    What cannot be read of a plug-in or of the user's own is left out: loading the catalogue gave a notice of it.

    Raises:
        InputError: The bibliography of one of ``folders`` cannot be read.
    """
    sources: dict[str, Source] = {}
    for group in all_files(folders):
        sources |= _sources_of(group)
    for _, found in plugin_files():
        with suppress(InputError):
            sources = {**(_sources_of(found) if isinstance(found, CardFiles) else {}), **sources}
    with suppress(InputError):
        sources = {**_sources_of(own_files()), **sources}
    return sources


def _sources_of(files: CardFiles | None) -> Mapping[str, Source]:
    return {} if files is None or files.sources is None else read_sources(files.sources)
