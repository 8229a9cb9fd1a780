"""What a card does not say is in doubt, and neither known nor ruled out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import GIB, make_card, make_evidence, make_findings, make_task
from mlipguide.advice.constraints import card_rejections, is_lacking, provides
from mlipguide.advice.differences import differences_between
from mlipguide.advice.judgement import judge
from mlipguide.advice.selection import reasons_against
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.verdict_reasons import ReasonKind
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.model_listings import Criteria
from mlipguide.records.models.terms import Forces, Need, WeightsOrigin
from mlipguide.report.words.model_words import capabilities, element_count, force_words
from mlipguide.report.words.reason_words import reason_words

LABELLED = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.08, energy_mae_ev_per_atom=0.004)


def own_card(**changes: object) -> ModelCard:
    """Return a card of a calculator that gives stress and no charges, as it says itself."""
    card = make_card()
    return replace(
        card,
        id="own",
        architecture=replace(card.architecture, parameters=None, cutoff_angstrom=None, layers=None, forces=None),
        training=replace(card.training, sets=(), elements=None, level_of_theory=None, domains=()),
        weights=WeightsFact(origin=WeightsOrigin.CALCULATOR, name="make", path="/own.py", sha256="0" * 64),
        metrics=None,
        provides=(Need.STRESS,),
        lacks=(Need.CHARGES,),
        **changes,  # type: ignore[arg-type]  # of fields of many types
    )


def test_elements_that_nobody_stated_are_a_doubt_until_labels_speak() -> None:
    card, task = own_card(), make_task()
    assert card_rejections(card, task) == ()
    silent = judge(make_findings(card=card), task, memory_bytes=16 * GIB)
    assert silent.verdict is Verdict.UNKNOWN
    doubts = {doubt.kind: reason_words(doubt) for doubt in silent.doubts}
    assert doubts[ReasonKind.ELEMENTS_UNKNOWN] == "Nothing says which elements it was trained on."
    labelled = judge(make_findings(card=card, evidence=LABELLED), task, memory_bytes=16 * GIB)
    assert ReasonKind.ELEMENTS_UNKNOWN not in {doubt.kind for doubt in labelled.doubts}
    assert labelled.verdict is Verdict.FEASIBLE


@pytest.mark.parametrize(
    ("need", "given", "lacking", "words"),
    [
        (Need.STRESS, True, False, None),
        (Need.CHARGES, False, True, "It gives no charges."),
        (Need.MAGNETISM, False, False, "Nothing says whether it gives magnetism."),
        (Need.TOTAL_CHARGE, False, False, "Nothing says whether it takes total-charge as input."),
        (
            Need.NVE,
            False,
            False,
            "Nothing says whether its forces are gradients of an energy, which nve needs.",
        ),
        (Need.SURFACES, False, False, "Nothing says that it covers surfaces."),
    ],
)
def test_silence_is_no_answer(need: Need, given: bool, lacking: bool, words: str | None) -> None:  # a row of a table
    card, task = own_card(), make_task(needs=(need,))
    assert provides(card, need) is given
    assert is_lacking(card, need) is lacking
    candidate = judge(make_findings(card=card, evidence=LABELLED), task, memory_bytes=16 * GIB)
    reasons = [reason_words(one) for one in (*candidate.rejections, *candidate.doubts)]
    assert reasons == ([] if words is None else [words])
    assert candidate.verdict is (Verdict.INFEASIBLE if lacking else Verdict.UNKNOWN if words else Verdict.FEASIBLE)


def test_of_the_catalogue_silence_is_a_no() -> None:
    card = make_card()
    assert card.tells_all
    assert is_lacking(replace(card, provides=()), Need.STRESS)
    assert not is_lacking(card, Need.NVE)
    assert is_lacking(replace(card, architecture=replace(card.architecture, forces=Forces.DIRECT)), Need.NVE)


def test_lists_leave_out_what_is_not_known_to_meet_a_criterion() -> None:
    criteria = Criteria(elements=("Cu",), needs=(Need.MAGNETISM,), conservative=True, level_of_theory="PBE")
    messages = [reason.message for reason in reasons_against(own_card(), criteria, {})]
    assert "Nothing says which elements it was trained on." in messages
    assert "Nothing says whether it gives magnetism." in messages
    assert "Nothing says whether its forces are gradients of its energy." in messages
    assert "Its level of theory is not known." in messages


def test_differences_say_what_is_not_known() -> None:
    found = {one.about: one.message for one in differences_between((make_card(), own_card()), ((), ()))}
    assert found["elements"] == "Nothing says which elements own was trained on."
    assert "not known: own" in found["level of theory"]
    assert "capabilities" not in found or "charges" not in found["capabilities"]


def test_pages_show_a_dash_for_what_is_not_known() -> None:
    card = own_card()
    assert (element_count(card), force_words(card)) == ("–", "–")
    assert capabilities(card) == "stress, no charges, more is not known"
