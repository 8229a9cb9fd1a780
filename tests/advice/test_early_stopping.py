"""Whose timing could still change the decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import HOUR, make_card, make_estimate, make_evidence, make_task
from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.early_stopping import CandidateTiming, can_stop
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.task.task import Task, TaskKind

BUDGET = 24 * HOUR


def timing(
    name: str,
    hours: float | None,
    *,
    task: Task | None = None,
    spread: float | None = 1.5,
    usable: bool = True,
    sizes: int = 2,
    **facts: Any,
) -> CandidateTiming:
    run_time = None if hours is None else make_estimate(hours * HOUR, spread=spread)
    place = place_of(make_evidence(**facts), make_card(name), task or make_task())
    return CandidateTiming(model=name, accuracy=place, usable=usable, run_time_s=run_time, sizes=sizes)


def test_a_run_far_beyond_the_budget_is_settled_and_a_close_one_is_not() -> None:
    close = timing("close", 40, kappa_srme=0.2)
    found = can_stop([timing("far", 100, kappa_srme=0.1), close, timing("fits", 10)], budget_s=BUDGET)
    assert found == {"far"}


def test_one_size_settles_nothing() -> None:
    found = can_stop([timing("far", 1000, sizes=1), timing("fits", 10, kappa_srme=0.1)], budget_s=BUDGET)
    assert found == set()


def test_what_another_beats_in_accuracy_and_speed_is_settled() -> None:
    best = timing("best", 5, kappa_srme=0.3)
    assert can_stop([best, timing("beaten", 15, kappa_srme=0.5)], budget_s=BUDGET) == {"beaten"}
    assert can_stop([best, timing("overlapping", 7, kappa_srme=0.5)], budget_s=BUDGET) == set()
    assert can_stop([best, timing("better", 15, kappa_srme=0.2)], budget_s=BUDGET) == set()


def test_errors_on_the_user_s_own_labels_decide_before_the_leaderboard() -> None:
    labels = EvidenceKind.USER_LABELS
    good = timing("good", 5, kind=labels, force_mae_ev_per_angstrom=0.02, kappa_srme=0.3)
    bad = timing("bad", 15, kind=labels, force_mae_ev_per_angstrom=0.2, kappa_srme=0.1)
    assert can_stop([good, bad], budget_s=BUDGET) == {"bad"}


def test_the_figure_that_tells_for_the_task_decides() -> None:
    crystal = make_task(kind=TaskKind.RELAX, simulated_time_s=None)
    good = timing("good", 5, task=crystal, kappa_srme=0.5, f1=0.92)
    bad = timing("bad", 15, task=crystal, kappa_srme=0.3, f1=0.55)
    assert can_stop([good, bad], budget_s=BUDGET) == {"bad"}


def test_while_better_evidence_is_to_come_only_the_time_settles() -> None:
    """Labels that are read afterwards may favour the model that the leaderboard has last."""
    best = timing("best", 5, kappa_srme=0.3)
    beaten, far = timing("beaten", 15, kappa_srme=0.5), timing("far", 100, kappa_srme=0.9)
    found = [replace(one, accuracy=None) for one in (best, beaten, far)]
    assert can_stop(found, budget_s=BUDGET) == {"far"}


@pytest.mark.parametrize(
    "rival",
    [
        timing("rival", 1, kappa_srme=0.1, usable=False),
        timing("rival", 1, kappa_srme=None),
        timing("rival", 1, kappa_srme=0.1, kind=EvidenceKind.NONE),
        timing("rival", None, kappa_srme=0.1),
        timing("rival", 1, kappa_srme=0.1, spread=None),
        timing("rival", 20, kappa_srme=0.1, spread=1.4),
    ],
    ids=["no weights", "no figure", "another kind", "not timed", "unknown spread", "may not end in time"],
)
def test_a_rival_that_may_not_serve_settles_nothing(rival: CandidateTiming) -> None:
    assert "one" not in can_stop([rival, timing("one", 40, spread=1.1, kappa_srme=0.5)], budget_s=BUDGET)


def test_what_was_not_timed_is_never_settled() -> None:
    assert can_stop([timing("best", 1, kappa_srme=0.1), timing("new", None)], budget_s=BUDGET) == set()
