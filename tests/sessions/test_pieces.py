"""A run in pieces: where each begins, its seed, and how it ends."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import DynamicsPlan, Trajectory
from mlipguide.sessions.pieces import Leg, carried_out, end_of, in_pieces
from mlipguide.testing.calculators import Springs
from mlipguide.testing.fake_session import FakeSession
from mlipguide.testing.in_process import in_process_session

COPPER = bulk("Cu", cubic=True)
PLAN = DynamicsPlan(steps=50, every=5, timestep_s=1e-15, temperature_k=300.0, seed=3)


def test_a_run_at_constant_energy_is_the_same_in_pieces() -> None:
    session = in_process_session(Springs(COPPER.positions, 0.02))
    velocities = np.random.default_rng(0).normal(scale=0.003, size=(4, 3))
    whole = session.dynamics(COPPER, PLAN, velocities=velocities)
    legs = list(
        in_pieces(
            lambda leg: carried_out(session, leg),
            COPPER,
            PLAN,
            piece_steps=lambda: 20,
            end_of=end_of,
            velocities=velocities,
        )
    )
    assert [(leg.before, leg.plan.steps) for leg, _ in legs] == [(0, 20), (20, 20), (40, 10)]
    assert len({leg.plan.seed for leg, _ in legs}) == 3
    last = legs[-1][1].snapshots[-1]
    assert last.positions_angstrom == pytest.approx(whole.snapshots[-1].positions_angstrom)


def test_runs_of_neighbouring_seeds_share_no_piece() -> None:
    def seeds(seed: int) -> set[int]:
        plan = DynamicsPlan(steps=200, every=1, timestep_s=1e-15, temperature_k=300.0, seed=seed)
        session = FakeSession()
        return {
            leg.plan.seed
            for leg, _ in in_pieces(
                lambda leg: carried_out(session, leg), COPPER, plan, piece_steps=lambda: 1, end_of=end_of
            )
        }

    assert not seeds(3) & seeds(4)


def test_atoms_that_fly_apart_end_it() -> None:
    done: list[int] = []

    def run(leg: Leg) -> Trajectory:
        done.append(leg.number)
        whole = carried_out(FakeSession(), leg)
        return whole if leg.number < 1 else Trajectory(snapshots=whole.snapshots[:1], stopped_because="unstable")

    found = list(in_pieces(run, COPPER, PLAN, piece_steps=lambda: 5, end_of=end_of))
    assert done == [0, 1]
    assert found[-1][1].stopped_because == "unstable"


def test_atoms_that_fly_apart_at_once_are_a_result_and_other_failures_are_not() -> None:
    leg = Leg(number=0, before=0, atoms=COPPER, velocities=None, plan=PLAN)
    broken = carried_out(FakeSession(fails_at={1: FailureKind.UNSTABLE}), leg)
    assert (broken.snapshots, broken.stopped_because) == ((), "unstable")
    assert end_of(broken).stopped
    with pytest.raises(SessionError, match="memory"):
        carried_out(FakeSession(memory_limit_bytes=1), leg)
