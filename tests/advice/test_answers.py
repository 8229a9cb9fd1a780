"""The answer in words carries the numbers that decided, and commands that would help."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import GIB, HOUR, make_candidate, make_estimate, make_evidence, make_summary, make_task
from mlipguide.advice.decision import decide
from mlipguide.advice.explanation import (
    HardwareReach,
    feasible_atoms,
    feasible_time_s,
    nearest_way,
    reasons_for_choice,
    reasons_for_none,
    smaller_tasks,
)
from mlipguide.advice.plans import next_commands, plan_for
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import strategy_table
from mlipguide.catalog.families import load_families
from mlipguide.records.advice.advice import Candidate, Strategy
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.report.words.reason_words import reason_words

TASK = make_task()
HERE = HardwareReach(memory_bytes=8 * GIB, most_speed_up=4000.0)
FINE = make_candidate("fine", evidence=make_evidence(kappa_srme=0.3), step_time_s=make_estimate(0.2))
FAST = make_candidate("fast", evidence=make_evidence(kappa_srme=1.0), step_time_s=make_estimate(0.02))


def slow(name: str = "slow", **changes: Any) -> Candidate:
    """Return a candidate that takes 100 h for the task."""
    findings: dict[str, Any] = {
        "step_time_s": make_estimate(100 * HOUR / TASK.steps),
        "affordable_atoms": make_estimate(480),
    }
    return make_candidate(name, **(findings | changes))


ALIEN = make_candidate("alien", task=make_task(structure=make_summary(elements=("Pu",))))
UNBUILT = make_candidate(
    "unbuilt",
    environment=None,
    settings=None,
    weights=None,
    step_time_s=None,
    peak_memory_bytes=None,
    max_atoms=None,
    affordable_atoms=None,
    unmeasured_because=Doubt(kind=ReasonKind.ENVIRONMENT_UNREADY, detail="No environment."),
)
STARTABLE = replace(UNBUILT, environment="managed")


@pytest.mark.parametrize(
    ("choice", "candidates", "strategy"),
    [
        (FINE, [FINE, FAST], Strategy.PRETRAINED),
        (None, [slow()], Strategy.DISTIL),
        (None, [ALIEN], Strategy.TRAIN_FROM_SCRATCH),
        (None, [ALIEN, STARTABLE], Strategy.NONE),  # one that can be timed comes first
        (None, [ALIEN, UNBUILT], Strategy.TRAIN_FROM_SCRATCH),  # of one that cannot run here nothing can be had
    ],
)
def test_strategies(choice: Candidate | None, candidates: list[Candidate], strategy: Strategy) -> None:
    assert decide(choice, candidates, table_of(candidates), TASK) is strategy


def table_of(candidates: list[Candidate]) -> StrategyTable:
    return strategy_table(candidates, TASK, PricingInputs(hardware=StrategyHardware(cores=2), families=load_families()))


def test_a_choice_is_explained_with_its_numbers() -> None:
    words = " ".join(reasons_for_choice(FINE, [FINE, FAST], TASK, reason_words))
    for number in ("5.56 h (fitted)", "24 h", "2 GiB", "0.3", "FAST would be 10 times faster"):
        assert number in words


def test_a_doubtful_choice_says_its_doubts() -> None:
    doubtful = make_candidate(step_time_s=make_estimate(25 * HOUR / TASK.steps))
    words = " ".join(reasons_for_choice(doubtful, [doubtful], TASK, reason_words))
    assert "within the budget" not in words
    assert reason_words(doubtful.doubts[0]) in words


def test_nothing_feasible_says_what_would_be() -> None:
    words = " ".join(reasons_for_none([slow()], TASK, reason_words, HERE))
    assert "100,000 steps of 2,000 atoms" in words
    assert "the budget is 24 h" in words
    assert "430 atoms for the whole time" in words  # 480 / 1.1, rounded down
    assert "21 ps with all atoms" in words  # 24 h of 110 h, rounded down
    assert "4.17 times faster" in words


def test_a_machine_that_is_faster_than_any_of_the_list_is_not_offered() -> None:
    # 1,000 times the budget where the list ends at 999 times as fast.
    hopeless = slow(step_time_s=make_estimate(24_000 * HOUR / TASK.steps), affordable_atoms=make_estimate(0.5))
    listed, beyond = (replace(HERE, most_speed_up=most) for most in (1000.0, 999.0))
    assert "a machine 1,000 times faster" in reasons_for_none([hopeless], TASK, reason_words, listed)[1]
    way = reasons_for_none([hopeless], TASK, reason_words, beyond)[1]
    assert "a machine" not in way.replace("no machine", "")
    assert way.endswith("feasible with 90 fs with all atoms; no machine of the list is 1,000 times faster.")
    short = replace(TASK, simulated_time_s=TASK.timestep_s)
    nothing = replace(hopeless, step_time_s=None)
    assert nearest_way([nothing], short, beyond) is None
    assert nearest_way([nothing, slow()], TASK, beyond) == reasons_for_none([slow()], TASK, reason_words, beyond)[1]


def test_nothing_smaller_than_a_cell_or_a_molecule_or_shorter_than_a_step_is_offered() -> None:
    few = slow(affordable_atoms=make_estimate(20))  # of cells of 28
    assert smaller_tasks(few, TASK)[0] is None
    assert smaller_tasks(slow(), TASK)[0] == 430
    molecule = make_summary(formula="C2H6O", atoms=9, periodic=(False, False, False))
    assert smaller_tasks(slow(), make_task(structure=molecule))[0] is None
    endless = slow(step_time_s=make_estimate(25 * HOUR))
    assert smaller_tasks(endless, TASK)[2] is None


def test_memory_alone_is_not_told_as_time() -> None:
    large = make_candidate("large", peak_memory_bytes=make_estimate(20.0 * GIB), max_atoms=make_estimate(700))
    first, way = reasons_for_none([large], TASK, reason_words, HERE)
    assert "would end in time" in first
    assert "20 GiB" in first
    assert "630 atoms" in way
    assert "20 GiB of memory instead of 8 GiB" in way


def test_no_timed_model_says_so() -> None:
    assert "No model that was timed" in reasons_for_none([ALIEN], TASK, reason_words, HERE)[0]


def test_what_is_surely_feasible_is_rounded_down() -> None:
    assert feasible_atoms(slow()) == 430
    assert feasible_time_s(slow(), TASK) == pytest.approx(21e-12)
    assert feasible_atoms(slow(affordable_atoms=None)) is None
    assert feasible_atoms(slow(max_atoms=make_estimate(111))) == 100
    too_large = slow(peak_memory_bytes=make_estimate(50.0 * GIB), max_atoms=None)
    assert feasible_time_s(too_large, TASK) is None
    assert feasible_atoms(too_large) is None


def test_what_is_said_to_be_feasible_is_judged_feasible() -> None:
    time_s = feasible_time_s(slow(), TASK)
    assert time_s is not None
    shorter = make_task(simulated_time_s=time_s)
    again = make_candidate("slow", task=shorter, step_time_s=make_estimate(100 * HOUR / TASK.steps))
    assert again.verdict.value == "feasible"


def test_plans_have_costs_and_settings() -> None:
    plan = plan_for(TASK, None, FINE, None)
    assert plan[-1].wall_time_s == FINE.run_time_s
    assert "100,000 steps of 1 fs" in plan[-1].action
    assert "OMP_NUM_THREADS=1" in plan[-1].action
    assert plan_for(TASK, None, None, None) == ()


def test_plans_of_trained_potentials_have_a_price_at_each_step() -> None:
    distil = table_of([slow()]).price(Strategy.DISTIL)
    label, train, run = plan_for(TASK, distil, None, None)
    assert "slow" in label.action
    assert "nep" in train.action
    assert all(step.wall_time_s is not None for step in (label, train, run))
    scratch = table_of([ALIEN]).price(Strategy.TRAIN_FROM_SCRATCH)
    assert "reference calculations" in plan_for(TASK, scratch, None, None)[0].action


def test_next_commands_would_be_feasible() -> None:
    commands = next_commands(TASK, None, [slow(), UNBUILT], subject="a.cif --budget 24h", buildable={UNBUILT.backend})
    assert "mlipguide recommend a.cif --budget 24h --atoms 430 --time 100ps" in commands
    assert "mlipguide recommend a.cif --budget 24h --atoms 2000 --time 21ps" in commands
    assert "mlipguide env build fake" in commands
    assert next_commands(TASK, FINE, [FINE], subject="a.cif") == ("mlipguide models show fine",)
