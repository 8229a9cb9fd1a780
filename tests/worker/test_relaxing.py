"""Relaxations in the worker, with a calculator whose forces are known; batches need TorchSim and are tried for real."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.optimize import FIRE

from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, RelaxationPlan
from mlipguide.testing.in_process import in_process_session
from mlipguide.worker.torchsim import DRIVER

PLAN = RelaxationPlan(largest_force_ev_per_angstrom=0.02, steps=100)


def rattled(seed: int) -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=seed)
    return atoms


def test_one_by_one_takes_the_steps_of_fire_in_ase() -> None:
    structures = [rattled(1), rattled(2)]
    found = in_process_session(EMT()).relax(structures, PLAN)
    for atoms, one in zip(structures, found.structures, strict=True):
        expected = atoms.copy()
        expected.calc = EMT()
        optimizer = FIRE(expected, logfile=None)
        optimizer.run(fmax=0.02)
        assert one.steps == optimizer.nsteps > 0
        assert one.energy_ev == pytest.approx(expected.get_potential_energy())
        np.testing.assert_allclose(one.positions_angstrom, expected.positions, atol=1e-10)
        assert one.converged
        assert one.largest_force_ev_per_angstrom <= PLAN.largest_force_ev_per_angstrom
    assert found.calls == sum(one.steps + 1 for one in found.structures)
    assert found.wall_s > 0


def test_too_few_steps_are_told() -> None:
    plan = RelaxationPlan(largest_force_ev_per_angstrom=0.02, steps=2)
    (one,) = in_process_session(EMT()).relax([rattled(1)], plan).structures
    assert (one.steps, one.converged) == (2, False)
    assert one.largest_force_ev_per_angstrom > plan.largest_force_ev_per_angstrom


def test_held_atoms_stay() -> None:
    atoms = rattled(1)
    atoms.set_constraint(FixAtoms([0]))
    (one,) = in_process_session(EMT()).relax([atoms], PLAN).structures
    np.testing.assert_allclose(one.positions_angstrom[0], atoms.positions[0], atol=1e-12)
    assert not np.allclose(one.positions_angstrom[1], atoms.positions[1])


def test_a_model_that_cannot_be_batched_says_so() -> None:
    session = in_process_session(EMT())
    conditions = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=False)
    for ask in (
        lambda: session.relax([rattled(1)], RelaxationPlan(largest_force_ev_per_angstrom=0.1, steps=1, batch=2)),
        lambda: session.single_points([rattled(1)]),
        lambda: session.prepare_batch([rattled(1)], conditions),
    ):
        with pytest.raises(SessionError, match="one by one only") as caught:
            ask()
        assert caught.value.failure is FailureKind.UNSUPPORTED_SETTING


def test_host_and_worker_have_one_name_for_the_driver() -> None:
    assert DRIVER == TORCH_SIM
