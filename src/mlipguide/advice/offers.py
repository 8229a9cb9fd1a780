"""Which models are asked: those to time first, and the environments to build whose models could change the answer.

With many backends not every model is timed. What is known of the models before, their training data and what was
published of their errors, says which of them could be the answer; how fast they are is what timing is for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlipguide.advice.accuracy_axis import domain_of, order_of_place, place_of
from mlipguide.advice.constraints import card_rejections
from mlipguide.bench.measuring.stored_measurements import sharing
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.readable import duration
from mlipguide.environments.recipes import load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.accuracy_axis import AxisFigure, AxisPlace, DomainFit
from mlipguide.records.hardware.environment import EnvironmentState, Recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import LifeCycle, WeightsOrigin
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task

MOST_BUILDS = 3
MOST_TIMED = 8
"""Groups of models that share a time law; loading one takes seconds, of a budget of little more than a minute."""
MOST_OF_A_BACKEND = 2
"""Of these, before other backends have had their turn."""
WITHIN_REACH = frozenset({WeightsOrigin.PACKAGE, WeightsOrigin.DOWNLOAD})
"""Where weights come from that nobody has to be asked for."""
FIGURES = {AxisFigure.F1: "F1", AxisFigure.KAPPA_SRME: "κ_SRME"}


@dataclass(frozen=True)
class BuildOffer:
    """An environment that could change the answer, by the best of its models.

    Attributes:
        recipe: Of the environment.
        card: The model that is more accurate, by what is known, than all that can be started here.
        place: Where it stands.
    """

    recipe: Recipe
    card: ModelCard
    place: AxisPlace


def build_offers(cards: Iterable[ModelCard], task: Task) -> tuple[BuildOffer, ...]:
    """Return the environments worth building, the best first, at most three.

    Args:
        cards: Models that may be considered.
        task: What is wanted.
    """
    recipes = load_recipes()
    fit = [card for card in cards if card.backend in recipes and not card_rejections(card, task)]
    ready = _ready({card.backend: recipes[card.backend] for card in fit})
    best_here = min((_worth(card, task) for card in fit if card.backend in ready and _is_open(card)), default=None)
    best: dict[str, ModelCard] = {}
    for card in sorted(fit, key=lambda one: (_worth(one, task), one.id)):
        if card.backend not in ready and _is_open(card) and card.life_cycle is LifeCycle.ACTIVE:
            best.setdefault(card.backend, card)
    better = [card for card in best.values() if best_here is None or _worth(card, task) < best_here]
    return tuple(BuildOffer(recipes[card.backend], card, _place(card, task)) for card in better[:MOST_BUILDS])


def offer_notice(offers: Sequence[BuildOffer], task: Task) -> tuple[Notice, ...]:
    """Return what could change the answer, with what it takes; nothing without offers."""
    if not offers:
        return ()
    listed = "; ".join(
        f"{one.card.id} ({_known_words(one.place, task)}): mlipguide env build {one.recipe.backend}"
        f"{_effort_words(one.recipe)}"
        for one in offers
    )
    return (Notice("worth_building", f"Could change the answer, and cannot be started here yet: {listed}."),)


def reach_notice(cards: Iterable[ModelCard], task: Task) -> tuple[Notice, ...]:
    """Return the model that would be the best by what is known of it, where it cannot be had by a build, and its step.

    Args:
        cards: Models that may be considered.
        task: What is wanted.
    """
    recipes = load_recipes()
    fit = [card for card in cards if card.life_cycle is LifeCycle.ACTIVE and not card_rejections(card, task)]
    if not fit:
        return ()
    best = min(fit, key=lambda card: (_worth(card, task), card.id))
    place = _place(best, task)
    if place.value is None and place.domain is not DomainFit.COVERED:
        return ()
    if best.backend not in recipes:
        step = f"nothing here runs {best.backend}: give its calculator with --calculator FILE"
    elif best.weights.origin is WeightsOrigin.GATED:
        step = f"get its weights ({best.weights.url or best.weights.name}), then --weights {best.id}=FILE"
    else:
        return ()
    words = f"By what is known the best for this is {best.id} ({_known_words(place, task)}): {step}."
    return (Notice("out_of_reach", words),)


def asked_first(prepared: Sequence[Prepared], task: Task) -> tuple[Prepared, ...]:
    """Return the candidates to time: those with weights of their own first, by what is known of their accuracy.

    Backends take turns, so that what is said of one package does not hide the others. Candidates that share a time law
    are timed as one, and stay together.

    Args:
        prepared: What can be started here, or not.
        task: What is wanted.
    """
    startable = [item for item in prepared if item.obstacle is None]
    groups = sorted(sharing(startable, each=False), key=lambda group: min(_rank(item, task) for item in group))
    chosen: list[int] = []
    turns: Counter[str] = Counter()
    for most in (MOST_OF_A_BACKEND, len(groups)):
        for position, group in enumerate(groups):
            backend = group[0].card.backend
            if len(chosen) < MOST_TIMED and position not in chosen and turns[backend] < most:
                chosen.append(position)
                turns[backend] += 1
    return tuple(item for position in sorted(chosen) for item in groups[position])


def _rank(item: Prepared, task: Task) -> tuple[bool, tuple[float, ...], str]:
    return item.synthetic, _worth(item.card, task), item.card.id


def _worth(card: ModelCard, task: Task) -> tuple[float, ...]:
    return order_of_place(_place(card, task))


def _place(card: ModelCard, task: Task) -> AxisPlace:
    return place_of(evidence_of(card), card, task)


def _is_open(card: ModelCard) -> bool:
    return card.weights.origin in WITHIN_REACH or card.weights.origin.is_own_file


def _ready(recipes: Mapping[str, Recipe]) -> frozenset[str]:
    return frozenset(
        backend for backend, recipe in recipes.items() if find_environment(recipe).state is EnvironmentState.READY
    )


def _known_words(place: AxisPlace, task: Task) -> str:
    domain = domain_of(task)
    parts = [] if place.value is None or place.figure is None else [f"{FIGURES[place.figure]} {place.value:.2g}"]
    if domain is not None and place.domain is not None and place.domain is not DomainFit.NOT_COVERED:
        parts.insert(0, f"trained on {domain.value}")
    return ", ".join(parts) or "nothing published for this"


def _effort_words(recipe: Recipe) -> str:
    parts = [] if recipe.disk_gigabytes is None else [f"{recipe.disk_gigabytes:.1g} GB"]
    parts += [] if recipe.build_s is None else [f"about {duration(recipe.build_s)}"]
    return f" ({', '.join(parts)})" if parts else ""
