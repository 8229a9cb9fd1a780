"""A curl of known strength is measured, and nothing is seen where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from mlipguide.evidence.stability import conservation
from mlipguide.testing.calculators import WithCurl
from mlipguide.testing.in_process import in_process_session

RADIUS = 0.2
STRENGTH = 0.3


@pytest.fixture
def crystal() -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=2)
    return atoms


def forces_at(calculator: Any, atoms: Atoms, shift: Any) -> Any:
    moved = atoms.copy()
    moved.positions = atoms.positions + shift
    return np.array(in_process_session(calculator).single_point(moved).forces_ev_per_angstrom)


def work(calculator: Any, atoms: Atoms, first: Any, second: Any) -> conservation.LoopWork:
    shifts, tangents = conservation.loop_points(first, second, RADIUS, 12)
    return conservation.loop_work(np.stack([forces_at(calculator, atoms, shift) for shift in shifts]), tangents)


def test_the_work_around_a_loop_is_the_flux_of_the_curl(crystal: Atoms) -> None:
    first, second = conservation.directions(len(crystal), 2, seed=1)
    expected = 2 * np.pi * RADIUS**2 * STRENGTH * float((np.cross((0, 0, 1.0), first) * second).sum())
    curled = work(WithCurl(EMT(), STRENGTH, crystal.positions), crystal, first, second)
    plain = work(EMT(), crystal, first, second)
    assert abs(expected) > 1e-3
    assert curled.work_ev - plain.work_ev == pytest.approx(expected, rel=1e-9)
    assert curled.work_ev == pytest.approx(expected, rel=1e-3)
    assert abs(plain.work_ev) < 1e-5 * plain.moved_ev


def test_directions_are_orthonormal_and_shift_nothing() -> None:
    axes = conservation.directions(5, 4, seed=0).reshape(4, -1)
    assert axes @ axes.T == pytest.approx(np.eye(4), abs=1e-12)
    assert axes.reshape(4, 5, 3).sum(axis=1) == pytest.approx(np.zeros((4, 3)), abs=1e-12)
    assert len(conservation.directions(2, 9, seed=0)) == 3


def test_the_slope_of_rounded_energies_has_an_interval_that_holds() -> None:
    places = np.linspace(-0.1, 0.1, 8)
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        energies = 3 * places + 5 * places**2 - places**3 + generator.normal(0, 1e-5, 8)
        slope = conservation.line_slope(places, energies, -3.0)
        inside += abs(slope.mismatch) <= slope.half_width
    assert 75 <= inside <= 99


def test_mismatch_is_in_percent_of_the_force() -> None:
    found = conservation.gradient_mismatch([conservation.LineSlope(-1.0, 0.001, 1.02)], rms_force=2.0)
    assert found is not None
    assert found.percent == pytest.approx(1.0)
    assert conservation.gradient_mismatch([], rms_force=1.0) is None
    assert conservation.loop_share([conservation.LoopWork(0.0, 0.0, 0.0)]) is None
