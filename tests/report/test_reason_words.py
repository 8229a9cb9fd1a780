"""What stands against a model is a value with fields; the words are made of it, and of it alone."""

from __future__ import annotations

import dataclasses

import pytest

from factories import make_card, make_estimate, make_summary, make_task
from mlipguide.advice.constraints import against_limit, card_rejections
from mlipguide.advice.judgement import against_errors
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.verdict_reasons import Constraint, Doubt, Reason, ReasonKind, Rejection
from mlipguide.records.models.terms import Need
from mlipguide.report.exports.plain_words import to_worded
from mlipguide.report.words.reason_words import reason_words

GIB = 2**30
FIELDS = {
    ReasonKind.ELEMENTS_UNSEEN: {"names": ("Pu",), "among": ("MPtrj",)},
    ReasonKind.NEEDS_LACKING: {"names": ("stress",)},
    ReasonKind.ADDITION_HELD: {"names": ("d3",), "detail": "PBE-D3 (MP)", "among": ("a", "b")},
    ReasonKind.ADDITION_UNFIT: {"names": ("d4",), "detail": "PBEsol", "among": ("a",)},
    ReasonKind.COMMERCIAL_USE: {"names": ("MIT", "CC-BY"), "detail": "no"},
    ReasonKind.PEAK_MEMORY: {"value": make_estimate(10.0 * GIB), "limit": 8.0 * GIB},
    ReasonKind.OUT_OF_MEMORY: {"value": 28.0},
    ReasonKind.EXPECTED_TOO_LONG: {"value": make_estimate(7200.0), "names": ("model-b",)},
    ReasonKind.EXPECTED_BEATEN: {"value": make_estimate(7200.0), "names": ("model-b",)},
    ReasonKind.RUN_TIME: {"value": make_estimate(7200.0), "limit": 3600.0},
    ReasonKind.NO_GRADIENT: {"names": ("nve",), "tested_on": "2026-11-25"},
    ReasonKind.NO_STABLE_STEP: {"value": 600.0, "tested_on": "2026-11-25"},
    ReasonKind.FORCE_ERROR: {"value": make_estimate(0.2), "limit": 0.1},
    ReasonKind.ENERGY_ERROR: {"value": make_estimate(0.02), "limit": 0.01},
    ReasonKind.DENSITY: {"value": 2.0, "least": 3.0, "limit": 4.0},
    ReasonKind.TEMPERATURE: {"value": 600.0, "limit": 360.0},
}


@pytest.mark.parametrize("kind", ReasonKind)
@pytest.mark.parametrize("certain", [True, False])
def test_every_kind_has_a_constraint_and_a_sentence_with_its_numbers(kind: ReasonKind, *, certain: bool) -> None:
    detail = {"detail": "As it says itself."}
    make = Rejection if certain else Doubt
    reason: Reason = make(kind=kind, model="model-a", **FIELDS.get(kind, detail))  # type: ignore[arg-type]  # by kind
    words = reason_words(reason)
    assert words.endswith(".")
    assert "None" not in words
    plain = to_worded(reason)
    assert (plain["kind"], plain["model"]) == (kind.value, "model-a")
    assert (plain["constraint"], plain["message"]) == (kind.constraint.value, words)
    assert (plain["unit"] is not None) == (reason.value is not None or kind is ReasonKind.SEES_NOTHING)


def test_certain_and_doubtful_have_the_same_fields_and_other_words() -> None:
    (late,) = against_limit(ReasonKind.RUN_TIME, make_estimate(7200.0, spread=1.1), 3600.0)
    (perhaps,) = against_limit(ReasonKind.RUN_TIME, make_estimate(3700.0, spread=1.5), 3600.0)
    assert isinstance(late, Rejection)
    assert isinstance(perhaps, Doubt)
    assert (late.constraint, late.limit, perhaps.kind, perhaps.limit) == (Constraint.TIME, 3600.0, late.kind, 3600.0)
    assert reason_words(late) == "The run takes 2 h (fitted), 2 times the budget of 60 min."
    assert reason_words(perhaps).startswith("It may not end in time:")
    (full,) = against_limit(ReasonKind.PEAK_MEMORY, make_estimate(10.0 * GIB, spread=1.1), 8.0 * GIB)
    (tight,) = against_limit(ReasonKind.PEAK_MEMORY, make_estimate(8.0 * GIB, spread=1.5), 8.0 * GIB)
    assert isinstance(full, Rejection)
    assert isinstance(tight, Doubt)
    assert full.kind is tight.kind is ReasonKind.PEAK_MEMORY
    assert "8 GiB are usable" in reason_words(full)
    assert reason_words(tight).startswith("It may not fit:")


def test_fields_hold_what_the_sentence_says() -> None:
    card = make_card("model-a")
    task = make_task(structure=make_summary(elements=("Pu", "Am")), needs=(Need.CHARGES,))
    unseen, lacking = card_rejections(card, task)
    assert (unseen.kind, unseen.model, unseen.names) == (ReasonKind.ELEMENTS_UNSEEN, "model-a", ("Pu", "Am"))
    assert unseen.among == card.training.sets
    assert (lacking.kind, lacking.names) == (ReasonKind.NEEDS_LACKING, ("charges",))
    evidence = Evidence(
        kind=EvidenceKind.USER_LABELS,
        force_mae_ev_per_angstrom=make_estimate(0.2, spread=1.1),
        energy_mae_ev_per_atom=None,
        cps=None,
        f1=None,
        kappa_srme=None,
        source="labels",
    )
    asked = dataclasses.replace(make_task(), force_mae_ev_per_angstrom=0.1, energy_mae_ev_per_atom=0.01)
    broken, open_question = against_errors(evidence, asked)
    assert (broken.kind, broken.value, broken.limit) == (
        ReasonKind.FORCE_ERROR,
        evidence.force_mae_ev_per_angstrom,
        0.1,
    )
    assert (open_question.kind, open_question.value, open_question.limit) == (ReasonKind.ENERGY_ERROR, None, 0.01)
    assert reason_words(broken) == "Its force MAE is 200 meV/Å (90 %: 182 to 220); 100 meV/Å asked."
    assert reason_words(open_question) == "Its energy error on a system like this is not known (10 meV/atom asked)."


def test_what_cannot_be_added_is_said_with_the_level_of_theory_and_its_source() -> None:
    held, unfit = (
        Rejection(kind=kind, **FIELDS[kind])  # type: ignore[arg-type]  # by kind
        for kind in (ReasonKind.ADDITION_HELD, ReasonKind.ADDITION_UNFIT)
    )
    assert reason_words(held) == (
        "D3(BJ) is not added: it has dispersion already by its level of theory, PBE-D3 (MP) (a, b)."
    )
    assert reason_words(unfit) == "D4 is not added: there are no parameters for its level of theory, PBEsol (a)."
    assert held.constraint is unfit.constraint is Constraint.ADDITION
