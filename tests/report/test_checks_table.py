"""The table of what a potential was judged by: each check with its value, its limit, its verdict and the reason."""

from __future__ import annotations

from rich.console import Group

from mlipguide.records.accuracy.stability import CheckResult
from mlipguide.records.training.distillation import PairDistance
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.report.console import output_console
from mlipguide.report.tables.checks_table import checks_table
from mlipguide.training.acceptance import drift_check, pair_check


def drift(value: float, error: float) -> CheckResult:
    return drift_check(
        DynamicsCheck(
            frame=None,
            steps=1000,
            timestep_s=2e-15,
            temperature_k=600.0,
            energy_change_ev_per_atom=0.0,
            atoms=28,
            drift_mev_per_atom_ps=value,
            drift_error_mev_per_atom_ps=error,
        )
    )


def pair(name: str, distance: float, chance: float | None) -> CheckResult:
    return pair_check(PairDistance(pair=name, distance=distance, chance=chance, without_structure=0.6))


def shown(*checks: CheckResult) -> str:
    console = output_console()
    console.width = 100
    with console.capture() as captured:
        console.print(Group(*checks_table(checks)))
    return captured.get()


def test_value_limit_and_verdict_stand_in_a_row() -> None:
    (row,) = [line for line in shown(drift(0.01, 0.002)).splitlines() if "Drift" in line]
    assert row.split() == ["Drift,", "constant", "energy", "0.01", "±", "0.002", "≤", "0.05", "meV/atom/ps", "passed"]


def test_what_failed_says_why_and_what_is_not_resolvable_its_bound() -> None:
    text = " ".join(shown(drift(0.2, 0.01), pair("Fe-O", 0.4, 0.02)).split())
    assert "drifted by +0.2 meV/atom/ps in 2 ps" in text
    assert "Fe-O is 0.4 from the teacher's" in text
    text = " ".join(shown(drift(0.04, 0.02)).split())
    assert "not resolvable" in text
    assert "no more is shown than that it is below 0.06 meV/atom/ps" in text


def test_of_pairs_that_passed_the_farthest_stands_for_all_and_failed_ones_for_themselves() -> None:
    text = shown(pair("Li-O", 0.01, 0.02), pair("Fe-O", 0.03, 0.02), pair("P-O", 0.02, 0.02), pair("Fe-P", 0.5, 0.02))
    assert "g(r) Fe-O" in text
    assert "g(r) Fe-P" in text
    assert "3 pairs of elements" in text
    assert "g(r) Li-O" not in text
    assert "g(r) P-O" not in text
