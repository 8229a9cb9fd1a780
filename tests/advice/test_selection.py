"""Which cards meet criteria, why the others do not, and in which order they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import make_card, make_summary, make_task
from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.selection import doubtful_licences, select_cards, sort_cards, tallies
from mlipguide.records.models.model_card import DomainFact, Metrics, ModelCard
from mlipguide.records.models.model_listings import Criteria, Filter, SortKey
from mlipguide.records.models.terms import CommercialUse, Domain, Forces, LifeCycle, Need


def card_of(name: str, **changes: Any) -> ModelCard:
    """Return a card with changes anywhere: those of parts have the part's name before them."""
    card = make_card(name)
    for key, value in changes.items():
        part, _, field = key.partition("__")
        card = replace(card, **{part: replace(getattr(card, part), **{field: value}) if field else value})
    return card


def metrics_of(**changes: Any) -> Metrics:
    metrics = Metrics(
        f1=None,
        kappa_srme=None,
        rmsd=None,
        cps=None,
        md_force_rmse_ev_per_angstrom=None,
        sources=("a",),
        read_on="2026-11-22",
    )
    return replace(metrics, **changes)


def licensed(name: str, code: CommercialUse, weights: CommercialUse) -> ModelCard:
    card = make_card(name)
    facts = card.licences
    return replace(
        card,
        licences=replace(
            facts,
            code=replace(facts.code, commercial=code),
            weights=replace(facts.weights, commercial=weights),
        ),
    )


LIQUIDS = DomainFact(domain=Domain.LIQUIDS, evidence="Water.", sources=("a",))
PLAIN = card_of("plain")
OTHERS = {
    "elements": (card_of("other", training__elements=("Li", "O", "P")), Criteria(elements=("Li", "Fe")), "Fe not in"),
    "needs": (PLAIN, Criteria(needs=(Need.STRESS, Need.CONSERVATIVE)), "It gives no stress."),
    "conservative need": (
        card_of("direct", architecture__forces=Forces.DIRECT),
        Criteria(needs=(Need.CONSERVATIVE,)),
        "Its forces are predicted directly and are no gradients of an energy.",
    ),
    "conservative": (
        card_of("direct", architecture__forces=Forces.DIRECT),
        Criteria(conservative=True),
        "predicted directly",
    ),
    "domain": (PLAIN, Criteria(domains=(Domain.LIQUIDS,)), "cover liquids"),
    "backend": (PLAIN, Criteria(backends=("sevenn", "chgnet")), "backend is fake"),
    "family": (PLAIN, Criteria(families=("MACE",)), "family is Fake"),
    "level of theory": (PLAIN, Criteria(level_of_theory="r2SCAN"), "theory is PBE+U"),
    "training set": (PLAIN, Criteria(training_sets=("MPtrj", "OMat24")), "not on OMat24"),
    "life cycle": (
        card_of("old", life_cycle=LifeCycle.SUPERSEDED, superseded_by="new"),
        Criteria(),
        "It is superseded by new.",
    ),
    "licence": (
        licensed("academic", CommercialUse.YES, CommercialUse.NO),
        Criteria(commercial=True),
        "weights no (MIT)",
    ),
}


def names(cards: tuple[ModelCard, ...]) -> list[str]:
    return [card.id for card in cards]


@pytest.mark.parametrize(("card", "criteria", "says"), OTHERS.values(), ids=OTHERS)
def test_each_criterion_leaves_out_what_does_not_meet_it(card: ModelCard, criteria: Criteria, says: str) -> None:
    selection = select_cards([card], criteria)
    assert selection.chosen == ()
    (left_out,) = selection.left_out
    (reason,) = left_out.reasons
    assert says in reason.message


def test_what_meets_every_criterion_is_chosen() -> None:
    card = card_of("all", provides=(Need.STRESS,), training__domains=(LIQUIDS,))
    criteria = Criteria(
        elements=("Li", "Fe", "P", "O"),
        needs=(Need.STRESS, Need.CONSERVATIVE),
        commercial=True,
        conservative=True,
        domains=(Domain.LIQUIDS,),
        backends=("other", "fake"),
        families=("Fake",),
        level_of_theory="pbe u",
        training_sets=("MPtrj",),
        available=True,
    )
    assert names(select_cards([card], criteria, {"other": "It is not there."}).chosen) == ["all"]


def test_past_models_are_shown_when_asked_for() -> None:
    old = card_of("old", life_cycle=LifeCycle.DEPRECATED)
    assert names(select_cards([PLAIN, old], Criteria()).chosen) == ["plain"]
    assert names(select_cards([PLAIN, old], Criteria(every_life_cycle=True)).chosen) == ["old", "plain"]


def test_what_is_unavailable_counts_only_when_asked_for() -> None:
    assert names(select_cards([PLAIN], Criteria(), {"fake": "Not built."}).chosen) == ["plain"]
    (left_out,) = select_cards([PLAIN], Criteria(available=True), {"fake": "Not built."}).left_out
    assert [(reason.filter, reason.message) for reason in left_out.reasons] == [(Filter.AVAILABLE, "Not built.")]


def test_every_reason_is_given_and_each_filter_counted() -> None:
    direct = card_of("direct", architecture__forces=Forces.DIRECT)
    both = card_of("both", architecture__forces=Forces.DIRECT, training__elements=("H",))
    left_out = select_cards([PLAIN, direct, both], Criteria(conservative=True, elements=("Li",))).left_out
    assert {item.model: [reason.filter for reason in item.reasons] for item in left_out} == {
        "both": [Filter.ELEMENTS, Filter.CONSERVATIVE],
        "direct": [Filter.CONSERVATIVE],
    }
    assert {tally.filter: (tally.models, tally.alone) for tally in tallies(left_out)} == {
        Filter.ELEMENTS: (1, ()),
        Filter.CONSERVATIVE: (2, ("direct",)),
    }


def test_what_both_licences_allow_is_commercial_if_need_be_under_conditions() -> None:
    cards = [licensed(f"{a.value}-{b.value}", a, b) for a in CommercialUse for b in CommercialUse]
    selection = select_cards(cards, Criteria(commercial=True))
    assert names(selection.chosen) == ["conditions-conditions", "conditions-yes", "yes-conditions", "yes-yes"]
    doubts = {doubt.commercial: doubt.models for doubt in doubtful_licences(selection.left_out)}
    assert set(doubts) == {CommercialUse.CONFLICT, CommercialUse.UNKNOWN}
    assert doubts[CommercialUse.CONFLICT] == (
        "conditions-conflict",
        "conflict-conditions",
        "conflict-conflict",
        "conflict-unknown",
        "conflict-yes",
        "unknown-conflict",
        "yes-conflict",
    )
    assert not any("no" in name.split("-") for models in doubts.values() for name in models)
    assert sum(map(len, doubts.values())) == len(cards) - 4 - 9  # four that allow it, nine with a no


def test_a_list_and_a_recommendation_let_the_same_licences_through() -> None:
    task = make_task(commercial=True, structure=make_summary(elements=("Si",)))
    cards = [licensed(f"{a.value}-{b.value}", a, b) for a in CommercialUse for b in CommercialUse]
    cards = [replace(card, training=replace(card.training, elements=("Si",))) for card in cards]
    listed = set(names(select_cards(cards, Criteria(commercial=True)).chosen))
    assert listed == {card.id for card in cards if not card_rejections(card, task)}


def test_a_doubtful_licence_counts_only_where_all_else_fits() -> None:
    card = replace(
        licensed("both", CommercialUse.CONFLICT, CommercialUse.YES),
        life_cycle=LifeCycle.SUPERSEDED,
    )
    assert doubtful_licences(select_cards([card], Criteria(commercial=True)).left_out) == ()


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (SortKey.NAME, ["a", "b", "c", "d"]),
        (SortKey.CPS, ["b", "a", "c", "d"]),
        (SortKey.F1, ["a", "b", "c", "d"]),
        (SortKey.KAPPA, ["b", "a", "c", "d"]),
        (SortKey.MD_FORCE_RMSE, ["a", "b", "c", "d"]),
        (SortKey.RUN_TIME, ["b", "a", "c", "d"]),
        (SortKey.CUTOFF, ["c", "a", "b", "d"]),
        (SortKey.PARAMETERS, ["b", "c", "d", "a"]),
    ],
)
def test_the_best_comes_first_and_the_unknown_last(key: SortKey, order: list[str]) -> None:
    a = metrics_of(cps=0.7, f1=0.9, kappa_srme=0.6, md_force_rmse_ev_per_angstrom=0.1, md_run_time_s=200.0)
    b = metrics_of(cps=0.8, f1=0.8, kappa_srme=0.5, md_force_rmse_ev_per_angstrom=0.2, md_run_time_s=100.0)
    cards = [
        card_of("d", architecture__cutoff_angstrom=None),
        card_of("c", metrics=metrics_of(), architecture__cutoff_angstrom=4.0, architecture__parameters=500),
        card_of("b", metrics=b, architecture__cutoff_angstrom=6.0, architecture__parameters=10),
        card_of("a", metrics=a, architecture__parameters=None),
    ]
    assert names(sort_cards(cards, key)) == order
    known = [card.id for card in cards if card.id in order[: len(order) - _unknown(key)]]
    backwards = names(sort_cards(cards, key, reverse=True))
    assert backwards[: len(known)] == order[: len(known)][::-1]
    assert backwards[len(known) :] == order[len(known) :]


def _unknown(key: SortKey) -> int:
    return {SortKey.NAME: 0, SortKey.CUTOFF: 1, SortKey.PARAMETERS: 1}.get(key, 2)
