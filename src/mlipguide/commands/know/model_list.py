"""``mlipguide models list`` and ``families``. Nothing here needs numpy: a list is shown at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlipguide.advice.model_criteria import ListRequest, build_criteria
from mlipguide.advice.selection import doubtful_licences, select_cards, tallies
from mlipguide.candidates.support import supports_of
from mlipguide.catalog.card_sources import family_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import is_missing
from mlipguide.catalog.families import find_family, load_families
from mlipguide.catalog.sources import read_sources
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.models.family_listings import FamilyList
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import Criteria, ModelList, Standing
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.notice import Notice, Result

if TYPE_CHECKING:
    from mlipguide.advice.model_criteria import ListRequest


def list_models(request: ListRequest | None = None) -> Result[ModelList]:
    """Return the models that meet the criteria, and why the others do not.

    Raises:
        InputError: A criterion cannot be understood, a folder cannot be read, or ``why`` names no model.
    """
    from mlipguide.advice.model_criteria import ListRequest

    request = request or ListRequest()
    catalogue = load_catalogue(request.folders)
    criteria = build_criteria(request, catalogue.cards)
    asked = None if request.why is None else catalogue.find(request.why)
    selection = select_cards(catalogue.cards, criteria, _unavailable(catalogue.cards) if criteria.available else None)
    why = None
    if asked is not None:
        reasons = {item.model: item.reasons for item in selection.left_out}.get(asked.id, ())
        why = Standing(asked.id, listed=not reasons, reasons=reasons)
    data = ModelList(
        criteria=criteria,
        models=selection.chosen,
        left_out=selection.left_out,
        tallies=tallies(selection.left_out),
        doubtful_licences=doubtful_licences(selection.left_out),
        why=why,
        supports=supports_of(selection.chosen),
    )
    return Result(
        data, notices=(*catalogue.notices, *missing_files(selection.chosen), *_set_aside(criteria, catalogue.cards))
    )


def list_families() -> Result[FamilyList]:
    """Return all families."""
    return Result(FamilyList(load_families()))


def show_family(name: str) -> Result[FamilyList]:
    """Return one family with its sources spelt out.

    Raises:
        InputError: There is no such family.
    """
    card = find_family(name)
    known = read_sources()
    sources = tuple(SourceFact(key, known[key].title, known[key].link) for key in family_sources(card) if key in known)
    return Result(FamilyList((card,), sources))


def missing_files(cards: Sequence[ModelCard]) -> tuple[Notice, ...]:
    """Return a notice for each registered checkpoint whose file is not there."""
    return tuple(
        Notice("checkpoint_missing", f"{card.id}: its checkpoint file {card.weights.path} is missing.")
        for card in cards
        if is_missing(card)
    )


def _set_aside(criteria: Criteria, cards: Sequence[ModelCard]) -> tuple[Notice, ...]:
    from mlipguide.environments.resolution import set_aside_files

    return set_aside_files(dict.fromkeys(card.backend for card in cards)) if criteria.available else ()


def _unavailable(cards: Sequence[ModelCard]) -> dict[str, str]:
    """Return why a backend cannot be used here, for each that cannot."""
    from mlipguide.environments.recipes import load_recipes
    from mlipguide.environments.resolution import find_environment

    recipes = load_recipes()
    reasons: dict[str, str] = {}
    for backend in {card.backend for card in cards}:
        if backend not in recipes:
            reasons[backend] = f"mlipguide has no recipe for {backend} and cannot run it."
            continue
        state = find_environment(recipes[backend]).state
        if state is not EnvironmentState.READY:
            reasons[backend] = f"The environment of {backend} is {state.value} (mlipguide env build {backend})."
    return reasons
