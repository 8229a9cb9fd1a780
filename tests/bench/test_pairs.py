"""Two sessions in turn: order, looks, budget, failures; false alarms and detection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from factories import GIB, SETTINGS, make_atoms, make_card, make_protocol
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.pairs import LOOKS, PairedRun, PairedSize, PairRules
from mlipguide.bench.subject import Size, Subject
from mlipguide.hardware.noise import read_counters
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.comparison import ChangeVerdict
from mlipguide.sessions.errors import FailureKind
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.gate import shared_confidence, verdict_on
from mlipguide.testing.fake_session import FakeSession, linear

CONFIDENCE = shared_confidence(1, looks=len(LOOKS))
RULES = PairRules(confidence=CONFIDENCE, max_slowdown=0.1, target_half_width=0.01, budget_s=60.0)
CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)
COUNTERS = read_counters()
SIZES = {count: Size(make_atoms(count), propagate=True) for count in (27, 64)}


@pytest.fixture(autouse=True)
def no_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the machine's counters would be most of the time of a simulated comparison."""
    monkeypatch.setattr("mlipguide.bench.size_run.read_counters", lambda **_options: COUNTERS)


def side_of(session: FakeSession) -> CandidateRun:
    subject = Subject(card=make_card(), settings=SETTINGS, open=lambda: session)
    return CandidateRun(subject, (), session=session, facts=session.facts)


def runner_of(sides: tuple[CandidateRun, CandidateRun], *, rules: PairRules = RULES, **protocol: float) -> PairedRun:
    return PairedRun(
        sides,
        conditions=CONDITIONS,
        protocol=make_protocol(**protocol),
        rules=rules,
        usable_cores=1.0,
        memory_bytes=8 * GIB,
    )


def measure(
    first: FakeSession, second: FakeSession, *sizes: int, rules: PairRules = RULES, burst_s: float = 0.2
) -> dict[int, PairedSize]:
    runner = runner_of((side_of(first), side_of(second)), rules=rules, burst_s=burst_s, most_steps=8)
    return runner.measure([SIZES[count] for count in sizes or (27,)])


def verdict(pair: PairedSize) -> ChangeVerdict:
    ratio = pair.ratio(CONFIDENCE)
    estimate = Estimate(value=ratio.value, low=ratio.low, high=ratio.high, basis=Basis.MEASURED, source="test")
    return verdict_on(estimate, None, max_slowdown=0.1)


def test_the_order_alternates() -> None:
    order: list[str] = []

    def watch(name: str) -> Callable[[str, int], None]:
        return lambda operation, _atoms: order.append(name) if operation == "reference" else None

    measure(FakeSession(on_call=watch("A")), FakeSession(on_call=watch("B"), noise=0.05))
    assert order[:6] == ["A", "B", "B", "A", "A", "B"]
    assert len(order) == 2 * LOOKS[0]


def test_a_clear_answer_ends_at_the_first_look_and_an_unclear_one_goes_on() -> None:
    clear = measure(FakeSession(noise=0.01), FakeSession(noise=0.01, seed=1, time_law=linear(1.5e-3)))[27]
    unclear = measure(FakeSession(noise=0.3), FakeSession(noise=0.3, seed=1, time_law=linear(1.1e-3)))[27]
    assert clear.rounds == LOOKS[0]
    assert clear.ratio(0.9).value == pytest.approx(1.5, rel=0.03)
    assert unclear.rounds > LOOKS[0]


def test_only_sizes_that_are_unclear_get_more_rounds() -> None:
    second = FakeSession(seed=1, noise=0.12, time_law=lambda atoms: 0.1 if atoms == 27 else 1.1e-3 * atoms)
    pairs = measure(FakeSession(noise=0.12), second, 27, 64)
    assert pairs[27].rounds == LOOKS[0]
    assert pairs[64].rounds > LOOKS[0]


def test_the_budget_ends_it() -> None:
    first, second = FakeSession(time_law=linear(0.1), noise=0.1), FakeSession(time_law=linear(0.1), noise=0.1, seed=1)
    pairs = measure(first, second, rules=replace(RULES, budget_s=100.0))
    assert 1 <= pairs[27].rounds < LOOKS[0]
    assert first.elapsed_s + second.elapsed_s < 150
    assert verdict(pairs[27]) is ChangeVerdict.UNCLEAR


def test_a_size_that_fails_on_a_side_is_left_out() -> None:
    first, second = FakeSession(), FakeSession(fails_at={60: FailureKind.UNSTABLE})
    sides = side_of(first), side_of(second)
    runner = runner_of(sides)
    assert set(runner.measure([SIZES[27], SIZES[64]])) == {27}
    assert [problem.kind for problem in sides[1].problems] == ["unstable"]
    assert sides[0].problems == []


def test_a_worker_that_dies_between_rounds_leaves_whole_rounds() -> None:
    calls = 0

    def die(operation: str, _atoms: int) -> None:
        nonlocal calls
        calls += operation == "run"
        second.closed = calls > 6

    second = FakeSession(on_call=die, noise=0.1)
    sides = side_of(FakeSession(noise=0.1)), side_of(second)
    runner = runner_of(sides)
    pair = runner.measure([SIZES[27]])[27]
    assert pair.rounds == len(pair.wall_s[0]) == len(pair.cpu_s[1]) == 3
    assert [problem.kind for problem in sides[1].problems] == ["crashed"]


def test_looks_grow() -> None:
    assert LOOKS[0] >= 8
    assert all(late > early for early, late in pairwise(LOOKS))


def noisy(seed: int, per_atom: float = 1e-3) -> FakeSession:
    """Noise of 8 %, one step in 20 five times as long, and a drift of 1 % a second."""
    return FakeSession(seed=seed, time_law=linear(per_atom), noise=0.08, outliers=(0.05, 5.0), drift=0.01)


def test_false_alarms_and_detection() -> None:
    runs = 120
    alike = [verdict(measure(noisy(2 * run), noisy(2 * run + 1))[27]) for run in range(runs)]
    slower = [verdict(measure(noisy(2 * run), noisy(2 * run + 1, 1.2e-3))[27]) for run in range(runs)]
    assert alike.count(ChangeVerdict.SLOWER) <= 0.05 * runs
    assert slower.count(ChangeVerdict.SLOWER) >= 0.9 * runs
