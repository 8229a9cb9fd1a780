"""The step of each model: the task's, or a shorter one where tests of its stability say so and bear on the task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import make_estimate, make_summary, make_task
from mlipguide.advice.candidate_step import at_step, conservation_rejection, run_by, step_for
from mlipguide.advice.facts import ModelFacts
from mlipguide.advice.judgement import judge
from mlipguide.advice.plans import plan_for
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.evidence.stability.earlier_tests import bears_on
from mlipguide.records.accuracy.stability import CheckVerdict, ModelStability
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.report.words.reason_words import reason_words
from world import card_of

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
GIB = 2**30


def found_earlier(**changes: Any) -> ModelStability:
    found = ModelStability(
        record="one",
        taken_at="2026-11-25T01:00:00+00:00",
        model="sevennet-0",
        name="SevenNet-0",
        settings=SETTINGS,
        versions={"sevenn": "0.13.0"},
        structure=make_summary(),
        atoms=28,
        temperature_k=600.0,
        timestep_s=1e-15,
        verdict=CheckVerdict.PASSED,
        tests=(),
        conservative=True,
        drift_cause=None,
        stable_timestep_s=4e-15,
        unstable_timestep_s=6e-15,
        recommended_timestep_s=0.5e-15,
        drifts=(),
        equation_of_state=None,
        bond_scan=None,
        wall_time_s=60.0,
    )
    return replace(found, **changes)


def judged(stability: ModelStability | None, **task: Any) -> Any:
    card = card_of("sevennet-0")
    findings = ModelFacts(
        card=card,
        evidence=evidence_of(card),
        settings=SETTINGS,
        step_time_s=make_estimate(0.5),
        peak_memory_bytes=make_estimate(1e9),
        stability=stability,
    )
    return judge(findings, make_task(**task), memory_bytes=8 * GIB)


def test_a_shorter_step_takes_more_steps_and_says_why() -> None:
    slow, fast = judged(found_earlier()), judged(None)
    assert slow.timestep_s == pytest.approx(0.5e-15)
    assert fast.timestep_s == pytest.approx(1e-15)
    assert slow.run_time_s.value == pytest.approx(2 * fast.run_time_s.value)
    assert "0.5 fs instead of 1 fs" in slow.remarks[0]
    assert "2 times as many steps" in slow.remarks[0]
    assert fast.remarks == ()
    (step,) = plan_for(make_task(), None, slow, None)
    assert "200,000 steps of 0.5 fs" in step.action


def test_the_time_limit_is_held_against_its_own_steps() -> None:
    assert judged(None, budget_s=70_000.0).verdict is Verdict.FEASIBLE
    late = judged(found_earlier(), budget_s=70_000.0)
    assert [one.constraint for one in late.rejections] == ["time"]


def test_a_longer_step_than_the_tasks_changes_nothing() -> None:
    task = make_task()
    assert step_for(task, found_earlier(recommended_timestep_s=2e-15)).seconds == task.timestep_s
    assert step_for(task, None).reason is None
    assert at_step(task, task.timestep_s) is task
    assert run_by(None, task) is task


def test_a_recommendation_that_ends_where_the_tests_do_says_nothing_of_longer_steps() -> None:
    longest_tried = found_earlier(recommended_timestep_s=2e-15, stable_timestep_s=6e-15)
    assert step_for(make_task(timestep_s=4e-15), longest_tried).reason is None
    assert step_for(make_task(timestep_s=8e-15), longest_tried).seconds == pytest.approx(2e-15)


def test_a_model_without_any_good_step_is_in_doubt() -> None:
    found = judged(found_earlier(recommended_timestep_s=None))
    assert found.verdict is Verdict.UNKNOWN
    assert "no time step" in reason_words(found.doubts[0])


def test_other_kinds_of_task_have_no_step_of_their_own() -> None:
    assert judged(found_earlier(), kind=TaskKind.RELAX).timestep_s is None


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"temperature_k": 500.0}, False),
        ({"temperature_k": 900.0}, True),
        ({"structure": make_summary(reduced_formula="Si")}, False),
        ({"settings": replace(SETTINGS, dtype="float64")}, False),
        ({"versions": {"sevenn": "0.12.0"}}, False),
        ({"versions": {"torch": "2.0"}}, True),
    ],
)
def test_tests_hold_for_the_same_code_structure_and_no_higher_temperature(
    changes: dict[str, Any], *, holds: bool
) -> None:
    assert bears_on(found_earlier(**changes), make_task(), dtype="float32", versions={"sevenn": "0.13.0"}) is holds


def test_forces_without_an_energy_rule_out_what_needs_a_gradient() -> None:
    curled = found_earlier(conservative=False)
    assert conservation_rejection(make_task(), curled) is None
    assert conservation_rejection(make_task(needs=(Need.NVE,)), found_earlier()) is None
    assert conservation_rejection(make_task(needs=(Need.NVE,)), found_earlier(conservative=None)) is None
    refused = conservation_rejection(make_task(kind=TaskKind.PHONONS), curled)
    assert refused is not None
    assert "phonons" in reason_words(refused)
