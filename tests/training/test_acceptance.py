"""What a student is judged by: spoiled ones are refused, the true one passes, and what is not resolved is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.units import kB

from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict
from mlipguide.records.training.distillation import ForceError, PairDistance, Round, RunComparison
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.training.acceptance import drift_check, faults, not_resolved, pair_check, run_checks, student_checks
from mlipguide.training.distil.run_comparison import NOT_SETTLED, pair_distances

DATA = Path(__file__).parents[1] / "data" / "trajectories" / "lifepo4_600K.npz"
"""28 atoms of LiFePO4 at 600 K: twelve frames of SevenNet-0, 10 fs apart, from rest at twice the temperature, and 200
frames, 100 fs apart, of a NEP that was distilled from it (``train distil``)."""
KELVIN = 600.0
TENTH_OF_KT_EV = 0.1 * kB * KELVIN


def trajectory(name: str) -> list[Atoms]:
    with np.load(DATA) as kept:
        positions = kept[f"{name}_milliangstrom"].astype(float) / 1000
        return [Atoms(numbers=kept["numbers"], positions=one, cell=kept["cell"], pbc=True) for one in positions]


SEVENNET, FRAMES = trajectory("teacher"), trajectory("student")[20:]
HALF = len(FRAMES) // 2


def true(frames: list[Atoms]) -> list[Atoms]:
    return frames


def exchanged(frames: list[Atoms]) -> list[Atoms]:
    """Fe and P change places."""
    found = [one.copy() for one in frames]
    for one in found:
        one.symbols = [{"Fe": "P", "P": "Fe"}.get(symbol, symbol) for symbol in one.symbols]
    return found


def noisy(frames: list[Atoms]) -> list[Atoms]:
    """Every component is off by 0.4 Å."""
    random = np.random.default_rng(1)
    found = [one.copy() for one in frames]
    for one in found:
        one.positions = one.positions + random.normal(scale=0.4, size=one.positions.shape)
    return found


def scattered(frames: list[Atoms]) -> list[Atoms]:
    """All Li are at random places, others in each frame."""
    random = np.random.default_rng(2)
    found = [one.copy() for one in frames]
    for one in found:
        lithium = [place for place, symbol in enumerate(one.symbols) if symbol == "Li"]
        positions = one.positions
        positions[lithium] = random.random((len(lithium), 3)) @ one.cell.array
        one.positions = positions
    return found


def verdicts(student: list[Atoms], teacher: list[Atoms], *, settled: bool = True) -> list[CheckResult]:
    share = len(teacher) / len(student)
    return [pair_check(one, settled=settled) for one in pair_distances(student, teacher, share_of_student=share)]


def run(**changes: Any) -> RunComparison:
    known = RunComparison(
        simulated_time_s=2e-11,
        temperature_k=KELVIN,
        stable=True,
        student_temperature_k=603.0,
        student_temperature_error_k=8.0,
        teacher_temperature_k=610.0,
        energy_difference_ev_per_atom=0.001,
        energy_difference_error_ev_per_atom=0.002,
        energy_drift_ev_per_atom=-0.0005,
        energy_drift_error_ev_per_atom=0.001,
        pair_distances=(PairDistance(pair="Fe-O", distance=0.03, chance=0.02, without_structure=0.6),),
        teacher_simulated_time_s=5e-13,
        teacher_settled_after_s=1e-13,
        student_settled_after_s=1e-13,
    )
    return replace(known, **changes)


def drifting(value: float | None, error: float | None = 0.01, **changes: Any) -> DynamicsCheck:
    known = DynamicsCheck(
        frame=None,
        steps=2500,
        timestep_s=2e-15,
        temperature_k=KELVIN,
        energy_change_ev_per_atom=0.0,
        atoms=28,
        drift_mev_per_atom_ps=value,
        drift_error_mev_per_atom_ps=error,
    )
    return replace(known, **changes)


def by_name(checks: tuple[CheckResult, ...]) -> dict[str, CheckVerdict]:
    return {one.test: one.verdict for one in checks}


@pytest.mark.parametrize("spoil", [exchanged, noisy, scattered])
@pytest.mark.parametrize("settled", [True, False])
def test_a_spoiled_student_is_refused(spoil: Callable[[list[Atoms]], list[Atoms]], *, settled: bool) -> None:
    teacher, student = FRAMES[:HALF], FRAMES[HALF:]
    assert faults(verdicts(spoil(student), teacher, settled=settled))
    assert faults(verdicts(spoil(teacher), student, settled=settled))


@pytest.mark.parametrize("spoil", [exchanged, noisy, scattered])
def test_twelve_frames_of_the_teacher_are_enough_to_refuse_it(spoil: Callable[[list[Atoms]], list[Atoms]]) -> None:
    teacher = SEVENNET[len(SEVENNET) // NOT_SETTLED :]
    assert faults(verdicts(spoil(FRAMES), teacher, settled=False))
    assert not faults(verdicts(true(FRAMES), teacher, settled=False))


def test_the_true_student_passes() -> None:
    for teacher, student in ((FRAMES[:HALF], FRAMES[HALF:]), (FRAMES[HALF:], FRAMES[:HALF])):
        found = verdicts(true(student), teacher)
        assert len(found) == 10, "pairs of four elements"
        assert {one.verdict for one in found} == {CheckVerdict.PASSED}


def test_each_spoiled_pair_is_named() -> None:
    found = faults(verdicts(scattered(FRAMES[HALF:]), FRAMES[:HALF]))
    assert all("Li-" in one or "-Li" in one for one in found)
    assert not any(f"distribution {pair} " in one for one in found for pair in ("Fe-P", "Fe-O", "P-O", "O-O"))


def test_a_short_run_of_the_teacher_is_not_resolved_rather_than_passed() -> None:
    found = verdicts(FRAMES[HALF:], FRAMES[:3])
    assert {one.verdict for one in found} == {CheckVerdict.UNCLEAR}
    assert all("too short to tell" in one.why for one in found)


def test_a_student_that_is_as_its_teacher_passes_each_check() -> None:
    found = by_name(run_checks(run()))
    assert set(found.values()) == {CheckVerdict.PASSED}
    assert list(found) == ["long-run", "mean-temperature", "mean-energy", "energy-trend", "pair-distribution-Fe-O"]


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"student_temperature_k": 650.0}, "mean-temperature", CheckVerdict.FAILED),
        ({"student_temperature_k": 635.0}, "mean-temperature", CheckVerdict.UNCLEAR),
        ({"student_temperature_k": 550.0}, "mean-temperature", CheckVerdict.FAILED),
        ({"energy_difference_ev_per_atom": 0.009}, "mean-energy", CheckVerdict.FAILED),
        ({"energy_difference_ev_per_atom": -0.009}, "mean-energy", CheckVerdict.FAILED),
        ({"energy_difference_ev_per_atom": 0.0045}, "mean-energy", CheckVerdict.UNCLEAR),
        ({"energy_difference_error_ev_per_atom": None}, "mean-energy", CheckVerdict.UNCLEAR),
        ({"energy_difference_ev_per_atom": None}, "mean-energy", CheckVerdict.UNCLEAR),
        ({"energy_drift_ev_per_atom": 0.02}, "energy-trend", CheckVerdict.FAILED),
        (
            {"energy_drift_ev_per_atom": 0.02, "energy_drift_error_ev_per_atom": 0.03},
            "energy-trend",
            CheckVerdict.UNCLEAR,
        ),
    ],
)
def test_a_mean_is_judged_by_its_error(changes: dict[str, Any], check: str, verdict: CheckVerdict) -> None:
    checks = run_checks(run(**changes))
    found = by_name(checks)
    assert found.pop(check) is verdict
    assert set(found.values()) == {CheckVerdict.PASSED}
    (one,) = [one for one in checks if one.test == check]
    limit = 0.05 * KELVIN if check == "mean-temperature" else 1e3 * TENTH_OF_KT_EV
    assert one.threshold is None or one.threshold.value == pytest.approx(limit)


def test_what_is_not_resolved_is_bounded_from_above() -> None:
    (one,) = [one for one in run_checks(run(energy_difference_ev_per_atom=0.0045)) if one.test == "mean-energy"]
    assert "below 6.5 meV/atom" in one.why
    assert not_resolved((one,)) == ("Mean energy to teacher's",)
    assert faults((one,)) == ()


@pytest.mark.parametrize(
    ("dynamics", "verdict"),
    [
        (drifting(0.01), CheckVerdict.PASSED),
        (drifting(-0.07), CheckVerdict.FAILED),
        (drifting(0.045), CheckVerdict.UNCLEAR),
        (drifting(50.0), CheckVerdict.FAILED),
        (drifting(0.01, 0.2), CheckVerdict.UNCLEAR),
        (drifting(None, None), CheckVerdict.UNCLEAR),
        (drifting(None, None, broke_after_s=4e-14), CheckVerdict.FAILED),
    ],
)
def test_a_drift_is_held_against_the_limit_of_stability(dynamics: DynamicsCheck, verdict: CheckVerdict) -> None:
    found = drift_check(dynamics)
    assert found.verdict is verdict
    if found.value is not None:
        assert found.threshold is not None
        assert (found.threshold.value, found.unit) == (0.05, "meV/atom/ps")


@pytest.mark.parametrize(
    ("distance", "chance", "settled", "verdict"),
    [
        (0.06, 0.02, True, CheckVerdict.PASSED),
        (0.08, 0.02, True, CheckVerdict.FAILED),
        (0.2, 0.3, True, CheckVerdict.UNCLEAR),
        (0.9, 0.3, True, CheckVerdict.FAILED),
        (0.2, 0.02, False, CheckVerdict.UNCLEAR),
        (0.4, 0.02, False, CheckVerdict.FAILED),
        (0.2, None, True, CheckVerdict.UNCLEAR),
        (0.9, None, False, CheckVerdict.FAILED),
    ],
)
def test_chance_widens_the_limit_and_never_makes_a_pass_that_says_nothing(
    distance: float, chance: float | None, verdict: CheckVerdict, *, settled: bool
) -> None:
    found = pair_check(
        PairDistance(pair="Li-O", distance=distance, chance=chance, without_structure=0.6), settled=settled
    )
    assert found.verdict is verdict


def test_a_limit_that_disorder_would_keep_is_no_pass() -> None:
    liquid = PairDistance(pair="Li-O", distance=0.04, chance=0.1, without_structure=0.2)
    assert pair_check(liquid).verdict is CheckVerdict.UNCLEAR
    assert pair_check(replace(liquid, chance=0.03)).verdict is CheckVerdict.PASSED


def test_forces_and_the_exploring_run_are_checks_too() -> None:
    error = ForceError(
        frames=20,
        force_mae_ev_per_angstrom=0.2,
        force_rmse_ev_per_angstrom=0.3,
        force_rms_ev_per_angstrom=1.0,
        largest_ev_per_angstrom=2.0,
        energy_mae_ev_per_atom=0.001,
    )
    last = Round(
        number=1,
        training_frames=100,
        train_s=1.0,
        held_out=error,
        own_frames=None,
        committee_spread_ev_per_angstrom=None,
        diverged=True,
    )
    found = student_checks(last, run(stable=False, simulated_time_s=3e-12), drifting(0.01))
    assert by_name(found) == {
        "held-out-forces": CheckVerdict.FAILED,
        "exploring-run": CheckVerdict.FAILED,
        "long-run": CheckVerdict.FAILED,
        "nve-drift": CheckVerdict.PASSED,
    }
    assert faults(found)[-1] == "Its run at 600 K flew apart after 3 ps."
