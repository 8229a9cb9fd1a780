"""Whose timing could still change the decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import HOUR, make_card, make_estimate, make_evidence, make_task
from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.stakes import Contender, settled
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.task.task import Task, TaskKind

BUDGET = 24 * HOUR


def contender(
    name: str,
    hours: float | None,
    *,
    task: Task | None = None,
    spread: float | None = 1.5,
    usable: bool = True,
    sizes: int = 2,
    **facts: Any,
) -> Contender:
    run_time = None if hours is None else make_estimate(hours * HOUR, spread=spread)
    place = place_of(make_evidence(**facts), make_card(name), task or make_task())
    return Contender(model=name, accuracy=place, usable=usable, run_time_s=run_time, sizes=sizes)


def test_a_run_far_beyond_the_budget_is_settled_and_a_close_one_is_not() -> None:
    close = contender("close", 40, kappa_srme=0.2)
    found = settled([contender("far", 100, kappa_srme=0.1), close, contender("fits", 10)], budget_s=BUDGET)
    assert found == {"far"}


def test_one_size_settles_nothing() -> None:
    found = settled([contender("far", 1000, sizes=1), contender("fits", 10, kappa_srme=0.1)], budget_s=BUDGET)
    assert found == set()


def test_what_another_beats_in_accuracy_and_speed_is_settled() -> None:
    best = contender("best", 5, kappa_srme=0.3)
    assert settled([best, contender("beaten", 15, kappa_srme=0.5)], budget_s=BUDGET) == {"beaten"}
    assert settled([best, contender("overlapping", 7, kappa_srme=0.5)], budget_s=BUDGET) == set()
    assert settled([best, contender("better", 15, kappa_srme=0.2)], budget_s=BUDGET) == set()


def test_errors_on_the_user_s_own_labels_decide_before_the_leaderboard() -> None:
    labels = EvidenceKind.USER_LABELS
    good = contender("good", 5, kind=labels, force_mae_ev_per_angstrom=0.02, kappa_srme=0.3)
    bad = contender("bad", 15, kind=labels, force_mae_ev_per_angstrom=0.2, kappa_srme=0.1)
    assert settled([good, bad], budget_s=BUDGET) == {"bad"}


def test_the_figure_that_tells_for_the_task_decides() -> None:
    crystal = make_task(kind=TaskKind.RELAX, simulated_time_s=None)
    good = contender("good", 5, task=crystal, kappa_srme=0.5, f1=0.92)
    bad = contender("bad", 15, task=crystal, kappa_srme=0.3, f1=0.55)
    assert settled([good, bad], budget_s=BUDGET) == {"bad"}


def test_while_better_evidence_is_to_come_only_the_time_settles() -> None:
    """Labels that are read afterwards may favour the model that the leaderboard has last."""
    best = contender("best", 5, kappa_srme=0.3)
    beaten, far = contender("beaten", 15, kappa_srme=0.5), contender("far", 100, kappa_srme=0.9)
    found = [replace(one, accuracy=None) for one in (best, beaten, far)]
    assert settled(found, budget_s=BUDGET) == {"far"}


@pytest.mark.parametrize(
    "rival",
    [
        contender("rival", 1, kappa_srme=0.1, usable=False),
        contender("rival", 1, kappa_srme=None),
        contender("rival", 1, kappa_srme=0.1, kind=EvidenceKind.NONE),
        contender("rival", None, kappa_srme=0.1),
        contender("rival", 1, kappa_srme=0.1, spread=None),
        contender("rival", 20, kappa_srme=0.1, spread=1.4),
    ],
    ids=["no weights", "no figure", "another kind", "not timed", "unknown spread", "may not end in time"],
)
def test_a_rival_that_may_not_serve_settles_nothing(rival: Contender) -> None:
    assert "one" not in settled([rival, contender("one", 40, spread=1.1, kappa_srme=0.5)], budget_s=BUDGET)


def test_what_was_not_timed_is_never_settled() -> None:
    assert settled([contender("best", 1, kappa_srme=0.1), contender("new", None)], budget_s=BUDGET) == set()
