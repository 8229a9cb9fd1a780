"""The fake says what it was told to say: other tests build on it."""

from __future__ import annotations

import statistics

import pytest

from factories import make_atoms
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.testing.fake_session import FakeSession, flat_then_linear, knee, linear

CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)


def times(session: FakeSession, *, atoms: int = 10, steps: int = 100) -> list[float]:
    prepared = session.prepare(make_atoms(atoms), CONDITIONS)
    return list(session.run(prepared, max_steps=steps, max_s=1e9).samples.wall_s)


def test_it_is_a_session() -> None:
    session: ModelSession = FakeSession()
    assert session.facts.synthetic is False


def test_without_noise_the_law_is_reported_exactly() -> None:
    session = FakeSession(time_law=linear(0.001, fixed=0.02), memory_law=linear(1000), pairs_per_atom=42)
    prepared = session.prepare(make_atoms(10), CONDITIONS)
    burst = session.run(prepared, max_steps=4, max_s=100)
    assert prepared.first_call_s == pytest.approx(0.09)
    assert prepared.pairs_per_atom == 42
    assert burst.samples.wall_s == pytest.approx((0.03,) * 4)
    assert burst.samples.energy_forces_s == pytest.approx((0.027,) * 4)
    assert burst.peak_memory_bytes == 10_000
    assert session.elapsed_s == pytest.approx(0.21)


def test_limits_are_held_in_reported_time() -> None:
    session = FakeSession(time_law=linear(0.1))
    prepared = session.prepare(make_atoms(10), CONDITIONS)
    assert len(session.run(prepared, max_steps=100, max_s=3.5).samples.wall_s) == 4
    assert len(session.run(prepared, max_steps=2, max_s=3.5).samples.wall_s) == 2
    assert len(session.run(prepared, max_steps=1, max_s=0.1).samples.wall_s) == 1


def test_noise_is_seeded_and_has_the_law_as_median() -> None:
    first, again, other = (times(FakeSession(noise=0.1, seed=seed), steps=2000) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert statistics.median(first) == pytest.approx(0.01, rel=0.02)
    assert statistics.stdev(first) == pytest.approx(0.001, rel=0.1)


def test_warm_up_is_slow_on_each_structure() -> None:
    session = FakeSession(warm_up_steps=2, warm_up_factor=3.0)
    for _ in range(2):
        assert times(session, steps=4) == pytest.approx([0.03, 0.03, 0.01, 0.01])


def test_drift_and_outliers() -> None:
    assert times(FakeSession(drift=1.0, first_call_steps=0), steps=2) == pytest.approx([0.01, 0.0101])
    outlying = sum(time > 0.05 for time in times(FakeSession(outliers=(0.1, 10.0)), steps=1000))
    assert 70 < outlying < 130


def test_memory_of_larger_structures_stays_in_later_peaks() -> None:
    session = FakeSession(memory_law=linear(1000))
    small = session.prepare(make_atoms(10), CONDITIONS)
    session.prepare(make_atoms(20), CONDITIONS)
    assert small.peak_memory_bytes == 10_000
    assert session.run(small, max_steps=1, max_s=1).peak_memory_bytes == 20_000


def test_memory_limit_and_failures_end_the_session() -> None:
    session = FakeSession(memory_law=linear(1000), memory_limit_bytes=15_000)
    session.prepare(make_atoms(15), CONDITIONS)
    with pytest.raises(SessionError, match="out of memory at 16 atoms") as caught:
        session.prepare(make_atoms(16), CONDITIONS)
    assert caught.value.failure is FailureKind.OUT_OF_MEMORY
    with pytest.raises(SessionError, match="after its end"):
        session.release_memory()


@pytest.mark.parametrize("failure", [FailureKind.CRASHED, FailureKind.TIMEOUT, FailureKind.UNSTABLE])
def test_it_fails_from_the_given_size_on(failure: FailureKind) -> None:
    session = FakeSession(fails_at={20: failure})
    session.prepare(make_atoms(19), CONDITIONS)
    with pytest.raises(SessionError) as caught:
        session.prepare(make_atoms(21), CONDITIONS)
    assert caught.value.failure is failure
    assert session.closed is (failure is not FailureKind.UNSTABLE)


def test_single_point_has_the_shapes_of_an_answer() -> None:
    session = FakeSession(elements=(29,))
    point = session.single_point(make_atoms(5))
    assert point.energy_ev == -5
    assert len(point.forces_ev_per_angstrom) == 5
    atoms = make_atoms(5)
    atoms.symbols[0] = "H"
    with pytest.raises(SessionError) as caught:
        session.single_point(atoms)
    assert caught.value.failure is FailureKind.UNSUPPORTED_ELEMENT


def test_calls_are_kept_and_can_be_watched() -> None:
    def interrupt(operation: str, atoms: int) -> None:
        if (operation, atoms) == ("run", 10):
            raise KeyboardInterrupt

    session = FakeSession(on_call=interrupt)
    with pytest.raises(KeyboardInterrupt):
        times(session, atoms=10)
    assert session.calls == [("prepare", 10), ("run", 10)]


def test_laws() -> None:
    assert linear(2.0, fixed=1.0)(3) == 7.0
    assert [flat_then_linear(1.0, 0.1)(atoms) for atoms in (1, 10, 20)] == [1.0, 1.0, 2.0]
    cost = knee(1.0, rise=1.7, begin=100, end=500)
    assert [cost(atoms) / atoms for atoms in (50, 100, 500, 5000)] == pytest.approx([1, 1, 1.7, 1.7])
    assert 1 < cost(200) / 200 < 1.7
