"""Which models the short table of ``recommend`` names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import make_candidate, make_estimate, make_task
from fake_models import make_machine
from mlipguide.advice.accuracy_axis import axis_of
from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import ReasonKind, Rejection
from mlipguide.records.task.task import TaskKind
from mlipguide.report.tables.choice_rows import (
    choice_rows,
    grouped,
    left_out,
    real_choices,
    structures_per_hour,
)

TASK = make_task()


def model(name: str, step_s: float | None = 0.1, **changes: Any) -> Candidate:
    estimate = None if step_s is None else make_estimate(step_s)
    found = make_candidate(name, TASK, step_time_s=estimate)
    return replace(found, **{"on_pareto_front": False, **changes})


def answer_of(*candidates: Candidate, choice: str | None = None) -> Recommendation:
    return Recommendation(
        machine=make_machine(),
        task=TASK,
        candidates=candidates,
        strategy=Strategy.NONE if choice is None else Strategy.PRETRAINED,
        choice=choice,
        plan=(),
        reasons=(),
        caveats=(),
        next_commands=(),
        accuracy_axis=axis_of(TASK, [one.accuracy for one in candidates]),
        can_be_done=choice is not None,
    )


def test_checkpoints_that_cost_the_same_share_a_row_behind_the_choice() -> None:
    same = [model(name) for name in ("first", "second", "third")]
    other = model("other", 0.3)
    answer = answer_of(*same, other, choice="second")
    rows = choice_rows(answer)
    assert [(row.candidate.model, row.alike, row.is_choice) for row in rows] == [
        ("second", 2, True),
        ("other", 0, False),
    ]
    assert left_out(answer, rows) == 0
    untimed = [model("a", None), model("b", None)]
    assert [len(group) for group in grouped(untimed)] == [1, 1], "what is not known is not the same"


def test_the_choice_the_fastest_and_the_front_find_room_first_and_the_rest_is_counted() -> None:
    many = [model(f"slow-{number:02}", 1.0 + number) for number in range(20)]
    fast, front, chosen = model("fast", 0.01), model("front", 50.0, on_pareto_front=True), model("chosen", 40.0)
    answer = answer_of(*many, fast, front, chosen, choice="chosen")
    rows = choice_rows(answer, 5)
    assert [row.candidate.model for row in rows] == ["chosen", "slow-00", "slow-01", "fast", "front"]
    assert left_out(answer, rows) == 18
    assert len(choice_rows(answer)) == 8


def test_models_that_no_machine_would_help_are_no_choice() -> None:
    closed = model(
        "closed", rejections=(Rejection(kind=ReasonKind.COMMERCIAL_USE, model="closed"),), verdict=Verdict.INFEASIBLE
    )
    late = model("late", rejections=(Rejection(kind=ReasonKind.RUN_TIME, model="late"),), verdict=Verdict.INFEASIBLE)
    untimed = model("untimed", None)
    assert [one.model for one in real_choices([untimed, late, closed])] == ["late"]
    assert [one.model for one in real_choices([untimed, closed])] == ["untimed"]
    assert [one.model for one in real_choices([closed])] == ["closed"]


def test_structures_per_hour_are_those_of_a_screening() -> None:
    screening = make_task(kind=TaskKind.SCREEN, structures=500, atoms=28)
    candidate = replace(model("a"), run_time_s=make_estimate(7_200.0))
    found = structures_per_hour(candidate, screening)
    assert found is not None
    assert found.value == pytest.approx(250.0)
    assert structures_per_hour(candidate, TASK) is None
    assert structures_per_hour(replace(candidate, run_time_s=None), screening) is None
