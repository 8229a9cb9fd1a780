"""Which strategy leads, why, and from when it pays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import HOUR, make_candidate, make_card, make_estimate, make_evidence, make_summary, make_task
from mlipguide.advice.field_rules import direct_forces, family_of_materials, messages_on_many_devices
from mlipguide.advice.prices.break_even import break_even, total_s
from mlipguide.advice.prices.changes import rejudged, with_sensitivities
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.labels import label_atoms
from mlipguide.advice.prices.strategies import cheapest_test, strategy_table
from mlipguide.catalog.families import load_families
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import HoursOf, StrategyHardware, StrategyPrice, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.models.terms import Forces, Need
from mlipguide.records.task.task import StatedReference, Task

FAMILIES = load_families()
SILICON = make_summary(formula="Si8", reduced_formula="Si", elements=("Si",), atoms=8)


def known(cores: float = 2.0, **changes: Any) -> PricingInputs:
    return replace(PricingInputs(hardware=StrategyHardware(cores=cores), families=FAMILIES), **changes)


def model(task: Task, ms_per_atom: float = 20.0, **changes: Any) -> Candidate:
    """Return a universal model whose step takes so long for each atom."""
    return make_candidate("sevennet-0", task, step_time_s=make_estimate(ms_per_atom * 1e-3 * task.atoms), **changes)


def priced(table: StrategyTable, strategy: Strategy) -> StrategyPrice:
    found = table.price(strategy)
    assert found is not None
    return found


def total(price: StrategyPrice) -> float:
    assert price.total_wall_time_s is not None
    return price.total_wall_time_s.value


def test_a_cathode_that_is_too_slow_is_distilled() -> None:
    # 2,000 atoms x 20 ms x 100,000 steps are 46 days; NEP at 108 µs on two cores takes hours.
    task = make_task()
    table = strategy_table([model(task)], task, known())
    distil = priced(table, Strategy.DISTIL)
    assert table.leading is Strategy.DISTIL
    assert (distil.model, distil.base, distil.verdict) == ("nep", "sevennet-0", Verdict.FEASIBLE)
    assert distil.labels is not None
    # The trial took ten minutes of labels and five of training.
    assert distil.labels.wall_time_s.low is not None
    assert distil.labels.wall_time_s.high is not None
    assert distil.labels.wall_time_s.low < 600 < distil.labels.wall_time_s.high
    assert distil.training_time_s is not None
    assert distil.training_time_s.value == pytest.approx(282)
    assert total(priced(table, Strategy.PRETRAINED)) > 100 * total(distil)
    assert priced(table, Strategy.PRETRAINED).verdict is Verdict.INFEASIBLE


def test_a_potential_that_was_fitted_to_the_system_is_run_and_neither_tuned_nor_a_teacher() -> None:
    task = make_task()
    fitted = replace(model(task, 0.05), model="my-nep", backend="nep")
    table = strategy_table([fitted, model(task)], task, replace(known(), memory_bytes=2**40))
    assert priced(table, Strategy.PRETRAINED).model == "my-nep"
    assert priced(table, Strategy.FINE_TUNE).base == priced(table, Strategy.DISTIL).base == "sevennet-0"


def test_a_model_that_was_not_timed_has_no_price_and_stands_back() -> None:
    task = make_task()
    untimed = make_candidate("better", task, step_time_s=None, evidence=make_evidence(kappa_srme=0.1))
    table = strategy_table([untimed, model(task)], task, known())
    assert priced(table, Strategy.PRETRAINED).model == "sevennet-0"
    assert priced(strategy_table([untimed], task, known()), Strategy.PRETRAINED).total_wall_time_s is None


def test_large_and_long_on_many_cores_is_a_fast_potential_with_a_break_even() -> None:
    task = make_task(atoms=100_000, simulated_time_s=1e-8, budget_s=90 * 24 * HOUR)
    table = strategy_table([model(task, 0.4)], task, known(cores=64))
    assert table.leading is Strategy.DISTIL
    against = {(one.strategy, one.against): one for one in table.break_evens}
    found = against[Strategy.DISTIL, Strategy.PRETRAINED]
    assert found.simulated_time_s.value < 1e-8 / 1000
    assert found.reason.startswith("Distilling costs ")
    assert " first, then saves " in found.reason
    assert " for each ns: it pays for any run longer than " in found.reason
    other = against[Strategy.TRAIN_FROM_SCRATCH, Strategy.PRETRAINED]
    assert other.reason.startswith("Training from scratch costs ")


def test_the_run_of_a_model_with_a_step_of_its_own_counts_its_own_steps() -> None:
    # 100,000 steps of 1 fs are 200,000 of half a femtosecond: 2 h of 36 ms each.
    task = make_task(atoms=50, budget_s=90 * 24 * HOUR)
    own = replace(model(task, 0.72), timestep_s=task.timestep_s / 2)
    found = priced(strategy_table([own], task, known()), Strategy.PRETRAINED)
    assert found.production_time_s is not None
    assert found.production_time_s.value == pytest.approx(2 * HOUR)
    assert found.reasons[0] == "Run: SEVENNET-0 does 200,000 steps of 36 ms in 120 min."


def test_a_short_run_of_few_atoms_takes_the_pretrained_model() -> None:
    # 50 atoms and 200 steps, as a relaxation has: 200 s; labels and training alone take longer.
    task = make_task(atoms=50, simulated_time_s=2e-13)
    table = strategy_table([model(task)], task, known())
    assert table.leading is Strategy.PRETRAINED
    assert priced(table, Strategy.PRETRAINED).verdict is Verdict.FEASIBLE


@pytest.mark.parametrize("gpu", [None, "NVIDIA A100"])
def test_silicon_takes_pod_on_cores_and_nep_on_a_gpu(gpu: str | None) -> None:
    task = make_task(structure=SILICON)
    hardware = StrategyHardware(cores=2.0, gpu=gpu, gpus=0 if gpu is None else 1)
    trained = replace(make_card().training, elements=("Si",))
    table = strategy_table([model(task, card=make_card(training=trained))], task, known(hardware=hardware))
    assert priced(table, Strategy.DISTIL).model == ("pod" if gpu is None else "nep")
    assert priced(table, Strategy.DISTIL).hours_of is (HoursOf.CORES if gpu is None else HoursOf.DEVICES)


def test_labels_that_show_too_large_an_error_are_a_reason_to_tune() -> None:
    # 250 meV/Å against 100 asked, on a run that the model does in time: tuning left 64 % of the error once.
    task = make_task(atoms=100, force_mae_ev_per_angstrom=0.1)
    evidence = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.25)
    stated = replace(task, reference=StatedReference(wall_time_s=600, cores=64))
    table = strategy_table([model(stated, 5.0, evidence=evidence)], stated, known())
    tuned = priced(table, Strategy.FINE_TUNE)
    assert priced(table, Strategy.PRETRAINED).verdict is Verdict.INFEASIBLE
    assert priced(table, Strategy.DISTIL).verdict is Verdict.INFEASIBLE
    assert tuned.verdict is Verdict.UNKNOWN
    assert tuned.force_mae_ev_per_angstrom is not None
    assert tuned.force_mae_ev_per_angstrom.value == pytest.approx(0.25 * 85 / 133, abs=1e-3)


def test_with_nothing_known_of_the_system_the_verdict_is_unknown_and_a_test_comes_first() -> None:
    task = make_task(atoms=100, simulated_time_s=1e-12, force_mae_ev_per_angstrom=0.05)
    table = strategy_table([model(task)], task, known())
    assert priced(table, Strategy.PRETRAINED).verdict is Verdict.UNKNOWN
    step = cheapest_test(task, known())
    assert "20 reference calculations" in step.action
    assert step.wall_time_s is not None


def test_elements_that_no_model_knows_leave_only_training_from_scratch() -> None:
    task = make_task(structure=make_summary(elements=("Li", "O", "P", "Og"), formula="Li4O16P4Og4"))
    table = strategy_table([make_candidate("sevennet-0", task)], task, known())
    able = {one.strategy for one in table.prices if one.verdict is not Verdict.INFEASIBLE}
    assert able == {Strategy.TRAIN_FROM_SCRATCH}
    assert table.leading is Strategy.TRAIN_FROM_SCRATCH
    assert [rule.rule for rule in table.rules] == ["elements outside the training data"]


def test_moments_are_nothing_that_a_fast_potential_gives() -> None:
    task = make_task(needs=(Need.MAGNETISM,))
    table = strategy_table([model(task, card=make_card(provides=(Need.MAGNETISM,)))], task, known())
    for strategy in (Strategy.DISTIL, Strategy.TRAIN_FROM_SCRATCH):
        assert [one.detail for one in priced(table, strategy).rejections] == ["No fast potential here gives magnetism."]
        assert priced(table, strategy).total_wall_time_s is None


def test_nothing_considered_has_no_price_but_from_scratch() -> None:
    table = strategy_table([], make_task(), known())
    assert [one.total_wall_time_s is None for one in table.prices] == [True, True, True, False]


def test_rules_of_the_field() -> None:
    card = make_card()
    small, large = make_task(atoms=2000), make_task(atoms=10**7)
    found = messages_on_many_devices(small, card, 8)
    assert found is not None
    assert "park2024sevennet" in found.sources
    assert messages_on_many_devices(large, card, 8) is None  # few ghosts for an atom of one's own
    assert messages_on_many_devices(small, card, 1) is None
    direct = make_card(architecture=replace(card.architecture, forces=Forces.DIRECT))
    assert direct_forces(make_task(needs=(Need.CONSERVATIVE,)), direct) is not None
    assert direct_forces(make_task(), direct) is None
    assert direct_forces(make_task(needs=(Need.CONSERVATIVE,)), card) is None
    assert family_of_materials(make_task(structure=make_summary(elements=("Cr", "Mn", "Fe", "Co", "Ni")))) is not None
    assert family_of_materials(make_task()) is None


def test_a_larger_budget_and_what_it_changes() -> None:
    # 30 h of run in a budget of 20 h, one element, costly labels only for those who train.
    task = make_task(atoms=50, simulated_time_s=1.08e-10, budget_s=20 * HOUR, needs=(Need.MAGNETISM,))
    card = make_card("sevennet-0", provides=(Need.MAGNETISM,))
    candidate = make_candidate("sevennet-0", task, card=card, step_time_s=make_estimate(1.0, spread=1.02))
    table = strategy_table([candidate], task, known())
    assert table.leading is Strategy.NONE
    found = with_sensitivities([candidate], task, known(), table)
    assert found.would_do == found.sensitivities[0]
    assert found.sensitivities[0].startswith("With 3× the budget (2.5 days), pretrained would lead: feasible")


def test_judging_anew_for_the_same_task_changes_nothing() -> None:
    task = make_task(force_mae_ev_per_angstrom=0.1)
    evidence = make_evidence(kind=EvidenceKind.USER_LABELS, force_mae_ev_per_angstrom=0.25)
    for candidate in (model(task), model(task, 0.4), model(task, 0.1, evidence=evidence)):
        assert rejudged(candidate, task, task) == candidate


def test_cells_that_are_labelled_are_small() -> None:
    assert label_atoms(make_task()) == 28
    assert label_atoms(make_task(structure=SILICON)) == 24
    assert label_atoms(make_task(structure=make_summary(atoms=5000))) == 200
    assert label_atoms(make_task(reference=StatedReference(wall_time_s=1, cores=1, atoms=64))) == 64


@settings(max_examples=60, deadline=None)
@given(
    atoms=st.integers(28, 10**6),
    time_s=st.floats(1e-13, 1e-6),
    ms_per_atom=st.floats(0.01, 50),
    cores=st.integers(1, 256),
    factor=st.floats(1.0, 100.0),
)
def test_totals_are_sums_longer_runs_cost_more_and_break_evens_are_where_totals_cross(
    atoms: int, time_s: float, ms_per_atom: float, cores: int, factor: float
) -> None:
    task = make_task(atoms=atoms, simulated_time_s=time_s)
    longer = replace(task, simulated_time_s=time_s * factor)
    tables = [strategy_table([model(one, ms_per_atom)], one, known(cores)) for one in (task, longer)]
    for price, later in zip(tables[0].prices, tables[1].prices, strict=True):
        assert price.labels is not None
        assert price.training_time_s is not None
        assert price.production_time_s is not None
        parts = (price.labels.wall_time_s, price.training_time_s, price.production_time_s)
        # The median of a sum of widely uncertain parts, which may share factors, is about the sum of their medians.
        # It is below the sum of their ends.
        assert total(price) >= 0.95 * sum(one.value for one in parts)
        assert total(price) <= sum(one.at_most for one in parts)
        assert total(later) >= total(price) * (1 - 1e-9)
        assert price.total_wall_time_s is not None
        assert price.total_wall_time_s.basis.rank == max(one.basis.rank for one in parts)
        assert price.total_wall_time_s.source
        low, high = price.total_wall_time_s.low, price.total_wall_time_s.high
        assert low is not None
        assert high is not None
        assert 0 < low <= total(price) <= high
    for found in tables[0].break_evens:
        at = found.simulated_time_s.value
        one, other = (priced(tables[0], strategy) for strategy in (found.strategy, found.against))
        assert (found.simulated_time_s.low or 0) <= at <= (found.simulated_time_s.high or float("inf"))
        ends = [total_s(price, time_s, at) for price in (one, other)]
        assert ends[0] is not None
        assert ends[1] is not None
        if at > 0:
            assert ends[0].value == pytest.approx(ends[1].value, rel=1e-5)
        assert break_even(other, one, time_s) is None  # the slower never pays against the faster
