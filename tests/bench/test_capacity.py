"""The largest system that fits, against a memory whose law and limit are known."""

from __future__ import annotations

from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from factories import make_atoms, make_protocol
from mlipguide.bench.capacity import CapacityFound, ProbeEnd, probe_capacity
from mlipguide.bench.possible_sizes import BRACKET
from mlipguide.bench.subject import SizeSource
from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.structures.summaries import summarise
from mlipguide.testing.fake_session import FakeSession, linear

CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)
LOAD_S = 2.0
CRYSTAL = bulk("Cu", "fcc", a=3.6, cubic=True)


class Machine:
    """Starts models whose memory is 0.5 GB and 1 MB per atom, on a clock that only they move."""

    def __init__(self, *, fits: int, **options: Any) -> None:
        self.memory_limit_bytes = round(5e8 + 1e6 * fits)
        self.options = options
        self.now_s = 0.0
        self.sessions: list[FakeSession] = []
        self.progress: list[tuple[str, float]] = []

    def open(self) -> ModelSession:
        self.now_s += LOAD_S
        self.sessions.append(
            FakeSession(
                memory_law=linear(1e6, fixed=5e8),
                memory_limit_bytes=self.memory_limit_bytes,
                on_call=self.tick,
                **self.options,
            )
        )
        return self.sessions[-1]

    def tick(self, operation: str, atoms: int) -> None:
        self.now_s += {"prepare": 3e-3, "run": 1e-3}.get(operation, 0.0) * atoms

    def probe(self, atoms: Atoms = CRYSTAL, **changes: Any) -> CapacityFound:
        options: dict[str, Any] = {
            "conditions": CONDITIONS,
            "predicted_atoms": None,
            "smallest": 24,
            "growth": 2.0,
            "budget_s": 1e6,
            "on_progress": lambda message, share: self.progress.append((message, share)),
            "clock": lambda: self.now_s,
        }
        sizes = SizeSource(atoms, summarise(atoms, source="test"), make_protocol())
        return probe_capacity(self.open, sizes, **{**options, **changes})


def assert_bracketed(found: CapacityFound, fits: int) -> None:
    assert found.end is ProbeEnd.FOUND
    assert found.largest_fitting_atoms is not None
    assert found.smallest_failing_atoms is not None
    assert found.largest_fitting_atoms <= fits < found.smallest_failing_atoms
    assert found.smallest_failing_atoms <= found.largest_fitting_atoms * (1 + BRACKET)


@pytest.mark.parametrize("fits", [150, 777, 8000])
@pytest.mark.parametrize("error", [None, 0.3, 1.0, 5.0])
def test_the_largest_size_is_found_from_any_prediction(fits: int, error: float | None) -> None:
    found = Machine(fits=fits).probe(predicted_atoms=None if error is None else round(error * fits))
    assert found.largest_fitting_atoms is not None
    assert found.smallest_failing_atoms is not None
    assert found.largest_fitting_atoms <= fits < found.smallest_failing_atoms
    if fits > 500:  # small supercells are far apart
        assert_bracketed(found, fits)
    assert found.problem is None
    assert found.attempts[0].atoms == pytest.approx(0.8 * error * fits if error else 24, rel=0.35)


def test_a_good_prediction_needs_few_attempts() -> None:
    found = Machine(fits=2000).probe(predicted_atoms=2000, growth=1.5)
    assert_bracketed(found, 2000)
    assert len(found.attempts) <= 5


def test_every_attempt_is_a_process_of_its_own_that_ends() -> None:
    machine = Machine(fits=500)
    found = machine.probe()
    assert len(machine.sessions) == len(found.attempts)
    assert all(session.closed for session in machine.sessions)
    for session, attempt in zip(machine.sessions, found.attempts, strict=True):
        expected = ["prepare", "run"] if attempt.fitted else ["prepare"]
        assert session.calls == [(operation, attempt.atoms) for operation in expected]


def test_attempts_say_what_they_took() -> None:
    found = Machine(fits=500).probe()
    for attempt in found.attempts:
        assert attempt.fitted == (attempt.atoms <= 500)
        if attempt.fitted:
            assert attempt.peak_memory_bytes == 5e8 + 1e6 * attempt.atoms
            assert attempt.elapsed_s == pytest.approx(LOAD_S + 4e-3 * attempt.atoms)
        else:
            assert attempt.peak_memory_bytes is None
    fitted = [attempt.atoms for attempt in found.attempts if attempt.fitted]
    assert fitted == sorted(fitted)


def test_headroom_is_left_and_rounded_down_to_a_supercell() -> None:
    found = Machine(fits=5000).probe(predicted_atoms=5000)
    assert found.largest_fitting_atoms is not None
    assert found.with_headroom_atoms is not None
    assert found.headroom == pytest.approx(0.1)
    assert found.with_headroom_atoms % len(CRYSTAL) == 0
    assert 0.9 < found.with_headroom_atoms / (found.largest_fitting_atoms / 1.1) <= 1
    none = Machine(fits=5000).probe(predicted_atoms=5000, headroom=0.0)
    assert none.with_headroom_atoms == none.largest_fitting_atoms


def test_the_budget_ends_the_probe_and_keeps_what_is_known() -> None:
    machine = Machine(fits=10**6)
    found = machine.probe(budget_s=30.0)
    assert found.end is ProbeEnd.BUDGET
    assert machine.now_s <= 30.0
    assert found.smallest_failing_atoms is None
    assert found.largest_fitting_atoms == max(attempt.atoms for attempt in found.attempts)
    assert found.largest_fitting_atoms > 500
    shares = [share for _, share in machine.progress]
    assert shares == sorted(shares)
    assert 0 == shares[0] < shares[-1] < 1


def test_the_first_attempt_is_made_whatever_it_takes() -> None:
    found = Machine(fits=10**6).probe(predicted_atoms=10000, budget_s=1.0)
    assert len(found.attempts) == 1
    assert found.end is ProbeEnd.BUDGET


def test_no_size_beyond_the_largest_is_tried() -> None:
    machine = Machine(fits=10**6)
    found = machine.probe(largest=2000)
    assert found.end is ProbeEnd.LARGEST
    assert found.smallest_failing_atoms is None
    assert found.largest_fitting_atoms is not None
    assert 1900 < found.largest_fitting_atoms <= 2000
    far = Machine(fits=10**6).probe(largest=2000, predicted_atoms=10**5)
    assert far.largest_fitting_atoms == found.largest_fitting_atoms
    assert_bracketed(Machine(fits=1500).probe(largest=2000, predicted_atoms=10**5), 1500)


def test_a_structure_that_does_not_fit_at_all() -> None:
    found = Machine(fits=2).probe()
    assert found.end is ProbeEnd.FOUND
    assert found.largest_fitting_atoms is None
    assert found.with_headroom_atoms is None
    assert found.smallest_failing_atoms == len(CRYSTAL)


def test_a_structure_that_fits_once_has_no_headroom() -> None:
    found = Machine(fits=30).probe(make_atoms(27))
    assert found.largest_fitting_atoms == 27
    assert found.smallest_failing_atoms == 54
    assert found.with_headroom_atoms is None


@pytest.mark.parametrize("fits", [5, 9])
def test_a_molecule_has_one_size_and_needs_no_headroom(fits: int) -> None:
    found = Machine(fits=fits).probe(molecule("CH3CH2OH"), predicted_atoms=10**4)
    assert len(found.attempts) == 1
    assert found.headroom == 0
    expected = (9, None, 9) if fits == 9 else (None, 9, None)
    assert (found.largest_fitting_atoms, found.smallest_failing_atoms, found.with_headroom_atoms) == expected


def test_a_large_cell_that_does_not_fit_is_cut_and_never_propagated() -> None:
    asked: list[tuple[int, bool]] = []

    class Watched(FakeSession):
        def prepare(self, atoms: Atoms, conditions: Conditions) -> Any:
            asked.append((len(atoms), conditions.propagate))
            return super().prepare(atoms, conditions)

    crystal = CRYSTAL.repeat(6)
    sizes = SizeSource(crystal, summarise(crystal, source="test"), make_protocol())
    found = probe_capacity(
        lambda: Watched(memory_law=linear(1.0), memory_limit_bytes=500),
        sizes,
        conditions=CONDITIONS,
        predicted_atoms=1500,
        smallest=24,
        growth=2.0,
        budget_s=60.0,
    )
    assert found.largest_fitting_atoms is not None
    assert 450 < found.largest_fitting_atoms <= 500
    assert asked
    assert all(propagate == (atoms >= len(crystal)) for atoms, propagate in asked)
    assert any(not propagate for _, propagate in asked)


def test_a_slab_is_not_cut() -> None:
    slab = fcc111("Cu", (7, 7, 4), a=3.6, vacuum=10)
    found = Machine(fits=150).probe(slab)
    assert [attempt.atoms for attempt in found.attempts] == [len(slab)]


@pytest.mark.parametrize(
    "failure", [FailureKind.CRASHED, FailureKind.TIMEOUT, FailureKind.UNSTABLE, FailureKind.BACKEND]
)
def test_other_failures_end_the_probe_with_a_problem(failure: FailureKind) -> None:
    machine = Machine(fits=10**6, fails_at={300: failure})
    found = machine.probe()
    assert found.end is ProbeEnd.PROBLEM
    assert found.problem is not None
    assert found.problem.kind == failure.value
    assert "atoms" in found.problem.message
    assert found.smallest_failing_atoms is None
    assert found.largest_fitting_atoms is not None
    assert found.largest_fitting_atoms < 300
    assert all(attempt.fitted for attempt in found.attempts)
    assert machine.sessions[-1].closed


def test_memory_that_ends_during_the_step_counts_too() -> None:
    def fail(operation: str, atoms: int) -> None:
        if operation == "run" and atoms > 400:
            raise SessionError(FailureKind.OUT_OF_MEMORY, "The worker was killed.")

    sizes = SizeSource(CRYSTAL, summarise(CRYSTAL, source="test"), make_protocol())
    found = probe_capacity(
        lambda: FakeSession(on_call=fail),
        sizes,
        conditions=CONDITIONS,
        predicted_atoms=300,
        smallest=24,
        growth=2.0,
        budget_s=60.0,
    )
    assert found.largest_fitting_atoms is not None
    assert found.smallest_failing_atoms is not None
    assert found.largest_fitting_atoms <= 400 < found.smallest_failing_atoms


@pytest.mark.parametrize(
    "error",
    [SessionError(FailureKind.OUT_OF_MEMORY, "The weights do not fit."), EnvironmentFailedError("It is not built.")],
)
def test_a_model_that_does_not_start_is_a_problem(error: Exception) -> None:
    machine = Machine(fits=100)

    def fail() -> ModelSession:
        raise error

    machine.open = fail  # type: ignore[method-assign]  # in place of a model that starts
    found = machine.probe()
    assert found.end is ProbeEnd.PROBLEM
    assert found.attempts == ()
    assert found.largest_fitting_atoms is None
    assert found.problem is not None
    assert found.problem.message == str(error)


def test_an_interruption_ends_the_model() -> None:
    def interrupt(operation: str, atoms: int) -> None:
        del atoms
        if operation == "prepare":
            raise KeyboardInterrupt

    session = FakeSession(on_call=interrupt)
    sizes = SizeSource(CRYSTAL, summarise(CRYSTAL, source="test"), make_protocol())
    with pytest.raises(KeyboardInterrupt):
        probe_capacity(
            lambda: session,
            sizes,
            conditions=CONDITIONS,
            predicted_atoms=None,
            smallest=24,
            growth=2.0,
            budget_s=1.0,
        )
    assert session.closed


def test_random_weights_never_move_atoms() -> None:
    asked: list[bool] = []

    class Watched(FakeSession):
        def prepare(self, atoms: Atoms, conditions: Conditions) -> Any:
            asked.append(conditions.propagate)
            return super().prepare(atoms, conditions)

    sizes = SizeSource(CRYSTAL, summarise(CRYSTAL, source="test"), make_protocol())
    probe_capacity(
        lambda: Watched(synthetic=True),
        sizes,
        conditions=CONDITIONS,
        predicted_atoms=None,
        smallest=24,
        growth=2.0,
        budget_s=60.0,
        largest=100,
    )
    assert asked
    assert not any(asked)


@pytest.mark.parametrize("changes", [{"growth": 1.0}, {"headroom": -0.1}])
def test_a_probe_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot grow"):
        Machine(fits=100).probe(**changes)
