"""Dynamics whose answer is known: energy is kept, a run can be cut anywhere, and what flies apart is said to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms, FixCartesian, FixedLine

from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import Conditions, DynamicsPlan, Trajectory
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


def test_held_atoms_take_no_share_of_the_temperature(copper: Atoms) -> None:
    copper = copper.repeat(2)
    copper.set_constraint([FixAtoms(range(128)), FixCartesian(range(128, 192), (True, True, False))])
    session = in_process_session(EMT())
    trajectory = session.dynamics(copper, plan(steps=20, every=20))
    first, last = trajectory.snapshots
    kelvin = 2 * first.kinetic_ev / (units.kB * (64 + 3 * 64))
    assert kelvin == pytest.approx(KELVIN, rel=0.3)
    moved = last.positions_angstrom - first.positions_angstrom
    assert not moved[:128].any()
    assert not moved[128:192, :2].any()
    assert moved[192:].all()
    assert np.ptp(totals(trajectory)) < 1e-3 * len(copper)
    raw = np.array(session.single_point(copper).forces_ev_per_angstrom)
    assert first.forces_ev_per_angstrom == pytest.approx(raw)
    assert np.abs(raw[:128]).max() > 0.01
    again = session.dynamics(copper, plan(steps=5, every=5), velocities=np.ones((len(copper), 3)))
    assert not again.snapshots[0].velocities_angstrom_per_fs[:128].any()


def test_a_line_in_a_skewed_cell_keeps_the_energy() -> None:
    atoms: Atoms = bulk("Cu").repeat(3)
    atoms.rattle(0.05, seed=2)
    atoms.set_constraint(FixedLine(range(9), atoms.cell[2]))
    trajectory = in_process_session(EMT()).dynamics(atoms, plan(steps=200, every=10))
    assert np.ptp(totals(trajectory)) < 1e-3 * len(atoms)
    moved = trajectory.snapshots[-1].positions_angstrom[:9] - atoms.positions[:9]
    assert np.abs(np.cross(moved, atoms.cell[2])).max() < 1e-9
    assert np.abs(moved).max() > 0.01


def test_nothing_to_move_is_refused(copper: Atoms) -> None:
    copper.set_constraint(FixAtoms(range(len(copper))))
    with pytest.raises(SessionError, match="Every atom is held"):
        in_process_session(EMT()).dynamics(copper, plan())


def test_timing_moves_held_atoms_too(copper: Atoms) -> None:
    copper.set_constraint(FixAtoms(range(len(copper))))
    session = in_process_session(EMT())
    prepared = session.prepare(copper, Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True))
    assert len(session.run(prepared, max_steps=2, max_s=10.0).samples.wall_s) == 2


def test_heavier_atoms_move_slower(copper: Atoms) -> None:
    heavy = copper.copy()
    heavy.set_masses(4 * copper.get_masses())
    session = in_process_session(EMT())
    light, slow = (session.dynamics(one, plan(steps=0)).snapshots[0] for one in (copper, heavy))
    ratio = light.velocities_angstrom_per_fs / slow.velocities_angstrom_per_fs
    assert ratio == pytest.approx(np.full(ratio.shape, 2.0))


class Charged(EMT):
    """Copper whose energy is raised by its charge and its spin; it counts how often it is asked."""

    atoms: Any

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self.calls = 0

    def calculate(self, *arguments: Any, **options: Any) -> None:
        """Evaluate."""
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        self.calls += 1
        self.results["energy"] += 10.0 * self.atoms.info.get("charge", 0) + self.atoms.info.get("spin", 1)


def test_charge_and_spin_reach_the_calculator_at_the_same_positions(copper: Atoms) -> None:
    session = in_process_session(Charged())
    plain = session.single_point(copper).energy_ev
    charged = copper.copy()
    charged.info.update(charge=-1, spin=2, note="not for the calculator")
    assert session.single_point(charged).energy_ev == pytest.approx(plain - 10 + 1)
    assert session.single_point(copper).energy_ev == pytest.approx(plain)
    first = session.dynamics(charged, plan(steps=0)).snapshots[0]
    assert first.energy_ev == pytest.approx(plain - 10 + 1)
    prepared = session.prepare(charged, Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=False))
    assert prepared.atoms == len(copper)


def test_a_piece_that_goes_on_is_not_evaluated_twice(copper: Atoms) -> None:
    calculator = Charged()
    session = in_process_session(calculator)
    copper.info["charge"] = 1
    last = session.dynamics(copper, plan(steps=2, every=2)).snapshots[-1]
    calls = calculator.calls
    copper.positions = last.positions_angstrom
    session.dynamics(copper, plan(steps=0), velocities=last.velocities_angstrom_per_fs)
    assert calculator.calls == calls
