"""Dynamics whose answer is known: energy is kept, a run can be cut anywhere, and what flies apart is said to."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT

from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import DynamicsPlan, Trajectory
from mlipguide.testing.in_process import in_process_session

KELVIN = 600.0


def plan(**changes: float | None) -> DynamicsPlan:
    known: dict[str, float | int | None] = {
        "steps": 40,
        "every": 10,
        "timestep_s": 2e-15,
        "temperature_k": KELVIN,
        **changes,
    }
    return DynamicsPlan(**known)  # type: ignore[arg-type]  # each value has its own type


@pytest.fixture
def copper() -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True).repeat(2)
    atoms.rattle(0.05, seed=1)
    return atoms


def totals(trajectory: Trajectory) -> list[float]:
    return [snapshot.energy_ev + snapshot.kinetic_ev for snapshot in trajectory.snapshots]


def test_a_run_at_constant_energy_keeps_it(copper: Atoms) -> None:
    trajectory = in_process_session(EMT()).dynamics(copper, plan())
    assert [snapshot.step for snapshot in trajectory.snapshots] == [0, 10, 20, 30, 40]
    assert np.ptp(totals(trajectory)) < 1e-3 * len(copper)
    assert trajectory.stopped_because is None


def test_the_first_velocities_have_the_temperature_and_no_drift(copper: Atoms) -> None:
    first = in_process_session(EMT()).dynamics(copper.repeat(3), plan(steps=0)).snapshots[0]
    kelvin = first.kinetic_ev / (1.5 * units.kB * len(first.positions_angstrom))
    assert kelvin == pytest.approx(KELVIN, rel=0.1)
    assert np.abs(first.velocities_angstrom_per_fs.mean(axis=0)).max() < 1e-12


@pytest.mark.parametrize("every", [10, 7])
def test_a_run_can_be_cut_and_taken_up_again(copper: Atoms, every: int) -> None:
    session = in_process_session(EMT())
    whole = session.dynamics(copper, plan(every=every)).snapshots[-1]
    middle = session.dynamics(copper, plan(every=every, steps=20)).snapshots[-1]
    taken_up = copper.copy()
    taken_up.positions = middle.positions_angstrom
    rest = session.dynamics(taken_up, plan(steps=20), velocities=middle.velocities_angstrom_per_fs).snapshots[-1]
    assert whole.positions_angstrom == pytest.approx(rest.positions_angstrom, abs=1e-9)
    assert whole.velocities_angstrom_per_fs == pytest.approx(rest.velocities_angstrom_per_fs, abs=1e-9)


def test_a_thermostat_heats_what_is_cold(copper: Atoms) -> None:
    cold = np.zeros((len(copper), 3))
    trajectory = in_process_session(EMT()).dynamics(copper, plan(steps=200, friction_per_s=2e13), velocities=cold)
    assert trajectory.snapshots[0].kinetic_ev == 0
    assert trajectory.snapshots[-1].kinetic_ev > 0.5 * 1.5 * units.kB * KELVIN * len(copper)


def test_atoms_that_fly_apart_end_the_run_and_keep_what_was_seen(copper: Atoms) -> None:
    trajectory = in_process_session(EMT()).dynamics(copper, plan(timestep_s=1e-13))
    assert trajectory.stopped_because == "unstable"
    assert trajectory.snapshots[0].step == 0


def test_random_weights_never_move_atoms(copper: Atoms) -> None:
    with pytest.raises(SessionError, match="Random weights"):
        in_process_session(EMT(), synthetic=True).dynamics(copper, plan())
