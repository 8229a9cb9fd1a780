"""A run in pieces gives the frames that were asked for; an explosion ends it and is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms

from mlipguide.core.errors import InputError
from mlipguide.sessions import sampling
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.sampling import SamplingPlan, sample
from mlipguide.testing.fake_session import FakeSession
from mlipguide.testing.in_process import in_process_session

COPPER = bulk("Cu", cubic=True).repeat(2)


class Bomb(EMT):
    """Pushes all atoms away from the middle once it was asked often enough."""

    atoms: Any

    def __init__(self, after: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self.left = after

    def calculate(self, *arguments: Any, **options: Any) -> None:
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        self.left -= 1
        if self.left < 0:
            positions = self.atoms.positions
            self.results["forces"] = 1e6 * (positions - positions.mean(axis=0))


def plan(**changes: Any) -> SamplingPlan:
    wanted: dict[str, Any] = {
        "frames": 6,
        "every": 5,
        "timestep_s": 2e-15,
        "temperature_k": 400.0,
        "max_wall_s": 600.0,
    }
    return SamplingPlan(**{**wanted, **changes})


def test_frames_come_at_even_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "PIECE_S", 0.0)  # one frame a piece
    told: list[tuple[float, int]] = []
    run = sample(in_process_session(EMT()), COPPER, plan(), on_progress=lambda *words: told.append(words))
    assert not run.unstable
    assert run.ended_because == "done"
    assert [one.time_s for one in run.frames] == pytest.approx([1e-14 * (place + 1) for place in range(6)])
    assert run.simulated_s == pytest.approx(6e-14)
    assert [count for _, count in told] == [1, 2, 3, 4, 5, 6]
    moved = [np.abs(later.atoms.positions - COPPER.positions).max() for later in run.frames]
    assert all(size > 1e-3 for size in moved)


def test_the_thermostat_holds_the_temperature() -> None:
    run = sample(in_process_session(EMT()), COPPER, plan(frames=40, every=10))
    late = [one.temperature_k for one in run.frames[10:]]
    assert np.mean(late) == pytest.approx(400, rel=0.2)


def test_pieces_go_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "PIECE_S", 0.0)
    run = sample(in_process_session(EMT()), COPPER, plan(every=1, friction_per_s=1e3))
    steps = np.diff([one.atoms.positions for one in run.frames], axis=0)
    change = np.abs(np.diff(steps, axis=0)).max()
    assert change < 0.3 * np.abs(steps).max()  # velocities of new pieces drawn anew would change by their own size


def test_the_end_of_the_time_ends_the_run() -> None:
    run = sample(in_process_session(EMT()), COPPER, plan(frames=10_000, max_wall_s=0.0))
    assert run.ended_because == "time"
    assert len(run.frames) == 1


def test_an_explosion_is_a_result() -> None:
    run = sample(in_process_session(Bomb(after=12)), COPPER, plan(every=2, frames=50))
    assert run.unstable
    assert 0 < len(run.frames) <= 6
    assert all(np.isfinite(one.atoms.positions).all() for one in run.frames)


def test_an_explosion_before_the_first_frame_leaves_none() -> None:
    run = sample(in_process_session(Bomb(after=1)), COPPER, plan())
    assert run.unstable
    assert run.frames == ()


def test_what_is_far_too_hot_is_no_frame() -> None:
    hot = sample(in_process_session(EMT()), COPPER, plan(temperature_k=1.0, friction_per_s=1e3))
    assert not hot.unstable
    flash = COPPER.copy()
    flash.positions[0] += 1.2  # nearly onto its neighbour: energy enough for thousands of K
    run = sample(in_process_session(EMT()), flash, plan(temperature_k=1.0, timestep_s=1e-15, every=20))
    assert run.unstable


def test_other_failures_are_raised() -> None:
    with pytest.raises(SessionError, match="does not know"):
        sample(FakeSession(elements=(1,)), COPPER, plan())
    with pytest.raises(InputError, match="0 frames"):
        sample(FakeSession(), Atoms("H"), plan(frames=0))


def test_held_atoms_stay_and_frames_are_free_for_labels() -> None:
    slab = COPPER.copy()
    slab.info["charge"] = 1
    slab.set_constraint(FixAtoms(range(16)))
    run = sample(in_process_session(EMT()), slab, plan(frames=10, every=10))
    for frame in run.frames:
        assert not (frame.atoms.positions - slab.positions)[:16].any()
        assert not frame.atoms.constraints
        assert frame.atoms.info == {"charge": 1}
    late = np.mean([one.temperature_k for one in run.frames[3:]])
    assert late == pytest.approx(400, rel=0.5), "of the atoms that move, and not of all"
