"""When atoms have flown apart: by the temperature that was asked, and by what a step can follow."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk

from mlipguide.sessions.interface import DynamicsPlan
from mlipguide.testing.calculators import Springs
from mlipguide.testing.in_process import in_process_session
from mlipguide.worker.explosions import has_exploded, hottest_kelvin


def hot(kelvin: float) -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True).repeat(3)
    size = np.sqrt(3 * units.kB * kelvin / atoms.get_masses()[0])
    atoms.set_velocities(size * np.array([1, -1] * 54)[:, None] * np.eye(3)[0])
    return atoms


@pytest.mark.parametrize(("kelvin", "exploded"), [(300.0, False), (5900.0, False), (6200.0, True), (9e4, True)])
def test_the_temperature_is_measured_by_what_was_asked(kelvin: float, *, exploded: bool) -> None:
    assert hottest_kelvin(300.0) == pytest.approx(6000)
    assert has_exploded(hot(kelvin), asked_kelvin=300.0, timestep_fs=1.0) is exploded
    assert not has_exploded(hot(kelvin), asked_kelvin=9000.0, timestep_fs=1.0)


def test_an_atom_that_a_step_moves_by_a_bond_is_not_followed() -> None:
    calm = hot(300.0)
    one = np.zeros((len(calm), 3))
    one[0, 0] = 5.0
    assert not has_exploded(calm, asked_kelvin=300.0, timestep_fs=1.0, forces=one)
    assert has_exploded(calm, asked_kelvin=300.0, timestep_fs=1.0, forces=2000 * one)
    assert not has_exploded(calm, asked_kelvin=300.0, timestep_fs=0.1, forces=2000 * one)
    assert has_exploded(calm, asked_kelvin=3e4, timestep_fs=400.0)


def test_positions_that_are_no_numbers_have_exploded() -> None:
    broken = hot(300.0)
    broken.positions[0] = np.nan
    assert has_exploded(broken, asked_kelvin=300.0, timestep_fs=1.0)


def test_a_step_beyond_stability_ends_a_run_long_before_a_hundred_thousand_kelvin() -> None:
    copper = bulk("Cu", cubic=True)
    session = in_process_session(Springs(copper.positions, 0.05))
    plan = DynamicsPlan(steps=500, every=1, timestep_s=45e-15, temperature_k=300.0)  # beyond 2 / 0.05 fs
    found = session.dynamics(copper, plan)
    assert found.stopped_because == "unstable"
    hottest = max(one.kinetic_ev for one in found.snapshots) / (1.5 * units.kB * len(copper))
    assert hottest < 6000
