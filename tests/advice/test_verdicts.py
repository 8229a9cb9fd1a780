"""Verdicts: what is broken for certain, what is in doubt, what is fine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import (
    GIB,
    HOUR,
    make_candidate,
    make_card,
    make_estimate,
    make_evidence,
    make_findings,
    make_summary,
    make_task,
)
from mlipguide.advice.constraints import card_rejections, licence_of
from mlipguide.advice.judgement import judge
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.models.terms import CommercialUse, Forces, Need
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.words.reason_words import reason_words

LABELLED = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.08, energy_mae_ev_per_atom=0.004)
UNKNOWN_ACCURACY = make_evidence(kind=EvidenceKind.NONE, cps=None, f1=None, kappa_srme=None, source=None)


def test_what_meets_everything_is_feasible() -> None:
    candidate = make_candidate()
    assert candidate.verdict is Verdict.FEASIBLE
    assert candidate.rejections == ()
    assert candidate.doubts == ()
    assert candidate.run_time_s is not None
    assert candidate.run_time_s.value == pytest.approx(100_000 * 0.1)


def test_elements_that_were_never_seen_rule_a_model_out() -> None:
    task = make_task(structure=make_summary(elements=("O", "Pu", "Fe", "Am")))
    rejections = card_rejections(make_card(), task)
    assert [rejection.constraint for rejection in rejections] == ["elements"]
    assert "Pu, Am" in reason_words(rejections[0])


def test_needs() -> None:
    card = make_card(provides=(Need.STRESS,))
    assert card_rejections(card, make_task(needs=(Need.STRESS, Need.CONSERVATIVE))) == ()
    (rejection,) = card_rejections(card, make_task(needs=(Need.MAGNETISM, Need.STRESS)))
    assert rejection.constraint == "needs"
    assert "magnetism" in reason_words(rejection)
    assert "stress" not in reason_words(rejection)
    direct = make_card(architecture=replace(card.architecture, forces=Forces.DIRECT))
    assert card_rejections(direct, make_task(needs=(Need.CONSERVATIVE,)))


@pytest.mark.parametrize("use", list(CommercialUse))
def test_the_stricter_licence_decides_on_commercial_use(use: CommercialUse) -> None:
    card = make_card(commercial=use)
    assert licence_of(card).commercial is use
    assert card_rejections(card, make_task(commercial=False)) == ()
    allowed = use in {CommercialUse.YES, CommercialUse.CONDITIONS}
    assert (card_rejections(card, make_task(commercial=True)) == ()) is allowed


@pytest.mark.parametrize(
    ("peak_gib", "spread", "verdict"),
    [
        (7.0, 1.1, Verdict.FEASIBLE),
        (7.5, 1.1, Verdict.UNKNOWN),
        (8.5, 1.1, Verdict.UNKNOWN),
        (9.0, 1.1, Verdict.INFEASIBLE),
        (7.9, None, Verdict.FEASIBLE),
        (8.1, None, Verdict.INFEASIBLE),
    ],
)
def test_memory(peak_gib: float, spread: float | None, verdict: Verdict) -> None:
    candidate = make_candidate(peak_memory_bytes=make_estimate(peak_gib * GIB, spread=spread))
    assert candidate.verdict is verdict
    words = list(map(reason_words, (*candidate.rejections, *candidate.doubts)))
    assert all("8 GiB" in sentence for sentence in words)
    assert all(rejection.constraint == "memory" for rejection in candidate.rejections)


@pytest.mark.parametrize(
    ("hours", "spread", "verdict"),
    [
        (20.0, 1.1, Verdict.FEASIBLE),
        (23.0, 1.1, Verdict.UNKNOWN),
        (25.0, 1.1, Verdict.UNKNOWN),
        (27.0, 1.1, Verdict.INFEASIBLE),
        (23.0, None, Verdict.FEASIBLE),
        (25.0, None, Verdict.INFEASIBLE),
    ],
)
def test_time(hours: float, spread: float | None, verdict: Verdict) -> None:
    candidate = make_candidate(step_time_s=make_estimate(hours * HOUR / 100_000, spread=spread))
    assert candidate.verdict is verdict
    words = list(map(reason_words, (*candidate.rejections, *candidate.doubts)))
    assert all("24 h" in sentence and "fitted" in sentence for sentence in words)


def test_an_interval_that_reaches_down_to_zero_breaks_nothing_for_certain() -> None:
    step_time = replace(make_estimate(10.0), low=0.0)
    assert make_candidate(step_time_s=step_time).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("limits", "verdict", "constraint"),
    [
        ({"force_mae_ev_per_angstrom": 0.1}, Verdict.FEASIBLE, None),
        ({"force_mae_ev_per_angstrom": 0.05}, Verdict.INFEASIBLE, "accuracy"),
        ({"energy_mae_ev_per_atom": 0.005}, Verdict.FEASIBLE, None),
        ({"energy_mae_ev_per_atom": 0.003}, Verdict.INFEASIBLE, "accuracy"),
    ],
)
def test_accuracy_on_the_users_labels(limits: dict[str, float], verdict: Verdict, constraint: str | None) -> None:
    candidate = make_candidate(task=make_task(**limits), evidence=LABELLED)
    assert candidate.verdict is verdict
    assert [rejection.constraint for rejection in candidate.rejections] == ([constraint] if constraint else [])


def test_a_leaderboard_says_nothing_of_the_error_that_was_asked() -> None:
    candidate = make_candidate(task=make_task(force_mae_ev_per_angstrom=0.1))
    assert candidate.verdict is Verdict.UNKNOWN
    assert "100 meV/Å asked" in reason_words(candidate.doubts[0])


def test_what_is_not_known_is_never_feasible() -> None:
    assert make_candidate(evidence=UNKNOWN_ACCURACY).verdict is Verdict.UNKNOWN
    assert make_candidate(weights=Weights.SYNTHETIC).verdict is Verdict.UNKNOWN
    assert make_candidate(step_time_s=None, peak_memory_bytes=None).verdict is Verdict.UNKNOWN
    assert make_candidate(peak_memory_bytes=None).verdict is Verdict.UNKNOWN
    bare: dict[str, Any] = {"step_time_s": None, "peak_memory_bytes": None}
    left_out = make_candidate(
        **bare, unmeasured_because=Doubt(kind=ReasonKind.ENVIRONMENT_UNREADY, detail="No environment.")
    )
    assert left_out.verdict is Verdict.UNKNOWN
    assert [one.detail for one in left_out.doubts] == ["No environment."]
    full = make_candidate(**bare, unmeasured_because=Rejection(kind=ReasonKind.OUT_OF_MEMORY, value=28.0))
    assert full.verdict is Verdict.INFEASIBLE


def test_every_broken_constraint_is_told() -> None:
    task = make_task(structure=make_summary(elements=("Pu",)), needs=(Need.CHARGES,), commercial=True)
    findings = make_findings(
        card=make_card(commercial=CommercialUse.NO),
        step_time_s=make_estimate(100.0),
        peak_memory_bytes=make_estimate(100.0 * GIB),
    )
    candidate = judge(findings, task, memory_bytes=8 * GIB)
    assert [rejection.constraint for rejection in candidate.rejections] == [
        "elements",
        "needs",
        "licence",
        "memory",
        "time",
    ]


RANK = {Verdict.INFEASIBLE: 0, Verdict.UNKNOWN: 1, Verdict.FEASIBLE: 2}
positive = st.floats(1e-3, 1e3)


@settings(deadline=None)
@given(step_s=positive, spread=st.floats(1.0, 5.0), budget_s=st.floats(1, 1e8), more=st.floats(1, 1e3))
def test_a_larger_budget_never_makes_a_verdict_worse(
    step_s: float, spread: float, budget_s: float, more: float
) -> None:
    findings = make_findings(step_time_s=make_estimate(step_s, spread=spread))
    small, large = (
        judge(findings, make_task(budget_s=budget), memory_bytes=8 * GIB).verdict
        for budget in (budget_s, budget_s * more)
    )
    assert RANK[small] <= RANK[large]


@settings(deadline=None)
@given(peak_gib=positive, spread=st.floats(1.0, 5.0), memory=st.integers(1, 2**45), more=st.integers(0, 2**45))
def test_more_memory_never_makes_a_verdict_worse(peak_gib: float, spread: float, memory: int, more: int) -> None:
    findings = make_findings(peak_memory_bytes=make_estimate(peak_gib * GIB, spread=spread))
    small, large = (judge(findings, make_task(), memory_bytes=size).verdict for size in (memory, memory + more))
    assert RANK[small] <= RANK[large]


@settings(deadline=None)
@given(
    error=st.none() | st.floats(0, 1),
    kind=st.sampled_from(list(EvidenceKind)),
    limit=st.floats(1e-4, 1),
    stricter=st.floats(0.01, 1),
)
def test_a_stricter_error_never_adds_a_feasible_model(
    error: float | None, kind: EvidenceKind, limit: float, stricter: float
) -> None:
    findings = make_findings(evidence=make_evidence(kind=kind, force_mae_ev_per_angstrom=error))
    verdicts = [
        judge(findings, make_task(force_mae_ev_per_angstrom=asked), memory_bytes=8 * GIB).verdict
        for asked in (limit * stricter, limit, None)
    ]
    if verdicts[0] is Verdict.FEASIBLE:
        assert verdicts[1] is Verdict.FEASIBLE
    if verdicts[1] is Verdict.FEASIBLE and kind is not EvidenceKind.NONE:
        assert verdicts[2] is Verdict.FEASIBLE
