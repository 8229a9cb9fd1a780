"""Prices follow trainings that were done here, in the direction that one expects, and no further than they hold."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import HOUR, make_candidate, make_card, make_estimate, make_evidence, make_task
from known_trainings import FOLDER, SILICON, make_distilled, make_labels, make_tried
from mlipguide.advice.decision import decide
from mlipguide.advice.plans import plan_for
from mlipguide.advice.prices.changes import A_GPU
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import strategy_table
from mlipguide.advice.prices.trainings import TriedModel
from mlipguide.advice.ranking import choose
from mlipguide.catalog.families import load_families
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyHardware, StrategyPrice, TrainingKind
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.estimate import Basis
from mlipguide.records.task.task import StatedReference, Task
from mlipguide.records.training.training import Engine
from mlipguide.report.words.reason_words import reason_words

FAMILIES = load_families()
SCRATCH = Strategy.TRAIN_FROM_SCRATCH


def silicon(**changes: Any) -> Task:
    """Return 100 ps of 2,000 atoms of silicon within a day, 70 meV/Å asked."""
    return make_task(**{"structure": SILICON, "force_mae_ev_per_angstrom": 0.07, **changes})


def known(*tried: TriedModel, **changes: Any) -> PricingInputs:
    return replace(PricingInputs(hardware=StrategyHardware(cores=2.0), families=FAMILIES, tried=tried), **changes)


def universal(task: Task, ms_per_atom: float = 20.0, **changes: Any) -> Candidate:
    card = replace(make_card("sevennet-0").training, elements=("Si",))
    return make_candidate(
        "sevennet-0",
        task,
        step_time_s=make_estimate(ms_per_atom * 1e-3 * task.atoms),
        card=make_card("sevennet-0", training=card),
        **changes,
    )


def price(
    strategy: Strategy, task: Task, about: PricingInputs, candidates: Sequence[Candidate] | None = None
) -> StrategyPrice:
    found = strategy_table(candidates or [universal(task)], task, about).price(strategy)
    assert found is not None
    return found


def scratch(task: Task, *tried: TriedModel, **changes: Any) -> StrategyPrice:
    return price(SCRATCH, task, known(*tried, **changes))


def test_a_pilot_that_reached_the_target_stands_in_the_place_of_published_figures() -> None:
    task = silicon()
    before, after = scratch(task), scratch(task, make_tried())
    assert before.before is None
    assert after.before is not None
    assert (after.before.kind, after.before.folder) == (TrainingKind.PILOT, FOLDER)
    assert after.verdict is Verdict.FEASIBLE
    assert after.training_time_s is not None
    assert after.training_time_s.value == pytest.approx(60)
    assert after.training_time_s.basis is Basis.MEASURED
    assert after.production_time_s is not None
    assert after.production_time_s.value == pytest.approx(200e-6 * 2000 * task.steps)
    assert after.force_mae_ev_per_angstrom is not None
    assert after.force_mae_ev_per_angstrom.basis is Basis.MEASURED
    assert any(FOLDER in words for words in after.reasons)


def test_frames_that_are_labelled_cost_nothing_and_others_do() -> None:
    task = silicon()
    there, gone = scratch(task, make_tried()), scratch(task, make_tried(at_hand=0))
    assert there.labels is not None
    assert there.labels.wall_time_s.is_nothing
    assert gone.labels is not None
    assert gone.labels.frames.value == 200
    assert gone.labels.atoms == 64
    more = scratch(silicon(force_mae_ev_per_angstrom=0.0545), make_tried())
    assert more.labels is not None
    assert more.total_wall_time_s is not None
    assert 0 < more.labels.frames.value < 600
    assert more.before is not None
    assert more.before.command is None, "labels come first"


def test_of_the_models_that_meet_the_target_the_soonest_done_is_taken_not_the_most_accurate() -> None:
    task = silicon()
    accurate = make_tried(size="large", floor=0.04, us_per_atom=300.0)
    quick = make_tried(size="medium", floor=0.055, us_per_atom=100.0)
    hopeless = make_tried(size="small", floor=0.09, us_per_atom=50.0)
    found = scratch(task, accurate, quick, hopeless)
    assert found.before is not None
    assert found.before.size == "medium"
    strict = scratch(silicon(force_mae_ev_per_angstrom=0.05), accurate, quick, hopeless)
    assert strict.before is not None
    assert strict.before.size == "large"
    # Without a target the most accurate that ends within the budget, as among models.
    open_ended = scratch(silicon(force_mae_ev_per_angstrom=None), accurate, quick, hopeless)
    assert open_ended.before is not None
    assert open_ended.before.size == "large"
    hurried = scratch(silicon(force_mae_ev_per_angstrom=None, budget_s=8 * HOUR), accurate, quick, hopeless)
    assert hurried.before is not None
    assert hurried.before.size == "medium"


def test_engines_are_weighed_against_each_other() -> None:
    pod = make_tried(Engine.POD, "large", train_s=60.0, us_per_atom=250.0)
    nep = make_tried(Engine.NEP, "small", train_s=600.0, us_per_atom=70.0)
    long_run, short_run = silicon(), silicon(simulated_time_s=1e-13)
    assert scratch(long_run, pod, nep).model == "nep"
    assert scratch(short_run, pod, nep).model == "pod"


def test_times_of_another_machine_are_not_used_and_its_errors_are() -> None:
    task = silicon()
    published, elsewhere = scratch(task), scratch(task, make_tried(here=False, train_s=1e5, us_per_atom=1e5))
    assert elsewhere.production_time_s == published.production_time_s
    assert elsewhere.training_time_s is not None
    assert elsewhere.training_time_s.basis is Basis.TRIAL
    assert elsewhere.force_mae_ev_per_angstrom is not None
    assert elsewhere.force_mae_ev_per_angstrom.value == pytest.approx(0.0573, rel=0.01)
    assert elsewhere.before is not None
    assert not elsewhere.before.same_machine
    assert "other hardware" in elsewhere.before.words


def test_times_taken_here_say_nothing_of_a_gpu() -> None:
    task = silicon()
    on_gpu = known(make_tried(us_per_atom=1e6)).on(A_GPU)
    plain = known().on(A_GPU)
    assert price(SCRATCH, task, on_gpu).production_time_s == price(SCRATCH, task, plain).production_time_s


def test_published_speeds_are_those_of_one_gpu_and_count_its_hours_alone() -> None:
    four = StrategyHardware(cores=8.0, gpu="NVIDIA A100", gpus=4)
    found = scratch(silicon(), make_tried(Engine.NEP, "small", here=False), hardware=four)
    assert found.before is not None
    assert found.hours is not None
    assert found.total_wall_time_s is not None
    assert found.hours.value == pytest.approx(found.total_wall_time_s.value / 3600)


def test_a_target_that_all_engines_missed_is_ruled_out_and_one_engine_alone_is_a_doubt() -> None:
    task = silicon(force_mae_ev_per_angstrom=0.06)
    pod = make_tried(Engine.POD, floor=0.09, exponent=1.2)
    nep = make_tried(Engine.NEP, floor=0.1, exponent=1.2)
    one = scratch(task, pod)
    assert one.verdict is Verdict.UNKNOWN
    assert one.model == "nep"
    assert "will not reach 60 meV/Å" in reason_words(one.doubts[0])
    assert one.before is not None
    assert one.before.command is not None
    words = shlex.split(one.before.command)
    assert words[:4] == ["mlipguide", "train", "pilot", "/home/me/Si train.extxyz"]
    assert words[words.index("--engines") + 1] == "nep"
    assert words[words.index("--target-force-mae") + 1] == "60meV/A"
    both = scratch(task, pod, nep)
    assert both.verdict is Verdict.INFEASIBLE
    assert "will not reach 60 meV/Å" in reason_words(both.rejections[0])
    assert both.total_wall_time_s is None, "the frames are not known"


def test_a_target_that_is_not_expected_has_no_total_and_leads_nowhere() -> None:
    task = silicon(force_mae_ev_per_angstrom=0.0511)
    pilots = make_tried(Engine.POD), make_tried(Engine.NEP, "small")
    found = scratch(task, *pilots)
    assert found.verdict is Verdict.UNKNOWN
    assert found.total_wall_time_s is None
    assert any("not expected" in reason_words(doubt) for doubt in found.doubts)


def test_a_potential_that_is_too_slow_here_is_ruled_out_by_what_was_measured() -> None:
    found = scratch(silicon(budget_s=HOUR, simulated_time_s=1e-9), make_tried())
    assert found.verdict is Verdict.INFEASIBLE
    assert found.before is not None
    assert found.before.engine is Engine.POD


def test_the_command_fits_on_the_frames_and_in_the_folder_of_the_pilot() -> None:
    labels = make_labels(seed=3, forces_key="REF_forces")
    found = scratch(silicon(), make_tried(labels=labels)).before
    assert found is not None
    assert found.command is not None
    assert shlex.split(found.command) == [
        *("mlipguide", "train", "fit", "/home/me/Si train.extxyz", "--engine", "pod", "--size", "large"),
        *("--test", "/home/me/test.extxyz", "--folder", FOLDER, "--seed", "3", "--forces-key", "REF_forces"),
    ]


def test_frames_of_another_compound_of_the_elements_are_a_doubt() -> None:
    found = scratch(silicon(), make_tried(labels=make_labels(formulas=("Si2", "Si3"))))
    assert found.verdict is Verdict.UNKNOWN
    assert "none of Si" in reason_words(found.doubts[0])


def test_a_pilot_of_tuning_prices_tuning_and_that_alone() -> None:
    task = silicon(atoms=32)
    tuned = make_tried(Engine.FINE_TUNE, "full", train_s=300.0, time_exponent=0.0, base_model="sevennet-0")
    about = known(tuned)
    found = price(Strategy.FINE_TUNE, task, about)
    assert found.training_time_s is not None
    assert found.training_time_s.value == pytest.approx(300)
    assert found.verdict is Verdict.FEASIBLE
    base = universal(task)
    assert found.production_time_s == base.run_time_s, "it runs as fast as before"
    assert found.before is not None
    assert found.before.command is not None
    assert "--engine fine-tune --size full --base sevennet-0" in found.before.command
    assert price(SCRATCH, task, about).before is None
    # Of a base that was not tried a pilot of another says nothing but a doubt.
    hopeless = make_tried(Engine.FINE_TUNE, "full", floor=0.2, base_model="sevennet-0")
    other = replace(base, model="mace-mp-0-medium", name="MACE")
    doubtful = price(Strategy.FINE_TUNE, task, known(hopeless), [base, other])
    assert doubtful.base == "mace-mp-0-medium"
    assert "will not reach" in reason_words(doubtful.doubts[0])
    alone = price(Strategy.FINE_TUNE, task, known(hopeless), [base])
    assert alone.verdict is Verdict.INFEASIBLE


def test_a_distillation_done_before_prices_the_next() -> None:
    task = silicon(force_mae_ev_per_angstrom=None)
    found = price(Strategy.DISTIL, task, known(distilled=(make_distilled(),)))
    assert found.labels is not None
    assert (found.labels.frames.value, found.labels.wall_time_s.value) == (150, 300)
    assert found.training_time_s is not None
    assert found.training_time_s.value == 200
    assert found.production_time_s is not None
    assert found.production_time_s.value == pytest.approx(6e-5 * 2000 * task.steps)
    assert found.before is not None
    assert found.before.kind is TrainingKind.DISTILLATION
    assert found.before.model == "si-student"
    for unlike in (make_distilled(teacher="chgnet-0.3.0"), make_distilled(elements=("C",), teacher="other")):
        assert price(Strategy.DISTIL, task, known(distilled=(unlike,))).before is None


def test_a_distillation_on_another_machine_tells_no_times() -> None:
    task = silicon(force_mae_ev_per_angstrom=None)
    published = price(Strategy.DISTIL, task, known())
    found = price(Strategy.DISTIL, task, known(distilled=(make_distilled(here=False),)))
    assert found.production_time_s == published.production_time_s
    assert found.labels is not None
    assert found.labels.wall_time_s.value != 300


def test_the_teachers_error_comes_on_top_and_a_refused_student_is_a_doubt() -> None:
    task = silicon(force_mae_ev_per_angstrom=0.1)
    evidence = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.05)
    teacher = universal(task, evidence=evidence)
    found = price(Strategy.DISTIL, task, known(distilled=(make_distilled(),)), [teacher])
    assert found.force_mae_ev_per_angstrom is not None
    assert found.force_mae_ev_per_angstrom.value == pytest.approx(0.08)
    assert found.verdict is Verdict.FEASIBLE
    refused = make_distilled(model=None, refusal="Its run flew apart.")
    doubtful = price(Strategy.DISTIL, task, known(distilled=(refused,)), [teacher])
    assert doubtful.verdict is Verdict.UNKNOWN
    assert any("not handed over: Its run flew apart." in reason_words(doubt) for doubt in doubtful.doubts)


def test_a_student_of_an_engine_that_a_pilot_timed_runs_as_that_one() -> None:
    task = silicon(force_mae_ev_per_angstrom=None)
    slow, fast = make_tried(size="large", us_per_atom=300.0), make_tried(size="small", us_per_atom=80.0)
    found = price(Strategy.DISTIL, task, known(slow, fast))
    assert found.production_time_s is not None
    assert found.production_time_s.value == pytest.approx(80e-6 * 2000 * task.steps)
    assert found.force_mae_ev_per_angstrom is None, "errors on labels say nothing of those on a teacher"


def test_labels_by_a_model_take_what_its_step_takes_in_their_cell() -> None:
    task = silicon(force_mae_ev_per_angstrom=None)
    slow, quick = (
        price(Strategy.DISTIL, task, known(label_step_s={"sevennet-0": make_estimate(step)})) for step in (1.0, 0.1)
    )
    assert slow.labels is not None
    assert quick.labels is not None
    assert slow.labels.wall_time_s.value == pytest.approx(10 * quick.labels.wall_time_s.value)


def test_what_exists_and_is_good_enough_is_run_and_not_trained_again() -> None:
    task = silicon()
    about = replace(known(make_tried(us_per_atom=20.0), distilled=(make_distilled(),)), memory_bytes=2**40)
    evidence = make_evidence(kind=EvidenceKind.SIMILAR_SYSTEMS, force_mae_ev_per_angstrom=0.0575)
    own = replace(
        universal(task, 0.2, evidence=evidence), model="my-pod", backend="lammps", verdict=Verdict.FEASIBLE, doubts=()
    )
    candidates = [own, universal(task)]
    choice = choose(candidates, task, memory_bytes=2**40)
    assert choice is not None
    assert choice.model == "my-pod"
    table = strategy_table(candidates, task, about)
    assert decide(choice, candidates, table, task) is Strategy.PRETRAINED
    without = [universal(task)]
    assert decide(None, without, strategy_table(without, task, about), task) is SCRATCH


def test_the_plan_labels_nothing_that_is_labelled() -> None:
    task = silicon()
    found = scratch(task, make_tried())
    actions = [step.action for step in plan_for(task, found, None, None)]
    assert len(actions) == 2
    assert actions[0].startswith("Train a potential (pod large) on the frames that are labelled")


@settings(max_examples=40, deadline=None)
@given(
    atoms=st.integers(64, 100_000),
    us_per_atom=st.floats(20.0, 500.0),
    train_s=st.floats(1.0, 5000.0),
    limit=st.one_of(st.none(), st.floats(0.06, 0.3)),
)
def test_what_was_measured_is_narrower_than_what_was_published(
    atoms: int, us_per_atom: float, train_s: float, limit: float | None
) -> None:
    reference = StatedReference(wall_time_s=600, cores=16)
    task = silicon(atoms=atoms, force_mae_ev_per_angstrom=limit, reference=reference, budget_s=1e9)
    before, after = scratch(task), scratch(task, make_tried(us_per_atom=us_per_atom, train_s=train_s))
    for name in ("training_time_s", "production_time_s", "force_mae_ev_per_angstrom"):
        published, measured = getattr(before, name), getattr(after, name)
        assert measured.relative_spread < published.relative_spread
        assert measured.basis.rank < published.basis.rank
    assert after.total_wall_time_s is not None
    assert after.total_wall_time_s.low is not None


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1.1, 20.0))
def test_a_slower_pilot_makes_a_dearer_price(factor: float) -> None:
    task = silicon(budget_s=1e9)
    base = scratch(task, make_tried())
    slower = scratch(task, make_tried(train_s=60 * factor, us_per_atom=200 * factor))
    assert base.training_time_s is not None
    assert slower.training_time_s is not None
    assert base.production_time_s is not None
    assert slower.production_time_s is not None
    assert slower.training_time_s.value == pytest.approx(factor * base.training_time_s.value)
    assert slower.production_time_s.value == pytest.approx(factor * base.production_time_s.value)
