"""Sweeps on models with a known answer: order, budget, failures, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from factories import GIB, make_atoms, make_protocol, make_subjects, make_summary
from mlipguide.bench import size_run as size_run_module
from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.subject import SizeSource
from mlipguide.bench.sweep import Hooks, Limits, Sweep
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.timing.measurement import Disturbance, Measurement, Weights
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Burst, Conditions, LoadedStructure, ModelSession
from mlipguide.testing.fake_session import FakeSession, knee, linear

CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)
LIMITS = Limits(budget_s=60.0, memory_bytes=8 * GIB, usable_cores=2.0, parallel_starts=2, resident_workers=8)


class Bench:
    """A sweep over crystals of 27, 54, 108, 216 atoms, with what it handed over."""

    def __init__(self, protocol: Protocol | None = None, **limits: Any) -> None:
        self.limits = replace(LIMITS, **limits)
        self.protocol = protocol or make_protocol()
        self.finished: list[CandidateRun] = []
        self.progress: list[tuple[str, float]] = []
        self.ladder: tuple[int, ...] = ()

    def measure(
        self,
        openers: dict[str, Callable[[], ModelSession]],
        *,
        wanted: int = 216,
        settled: Callable[[Sequence[CandidateRun]], Sequence[CandidateRun]] = lambda _runs: (),
    ) -> dict[str, CandidateRun]:
        sizes = SizeSource(make_atoms(27), make_summary(atoms=27), self.protocol)
        self.ladder = sizes.ladder(wanted=wanted)
        sweep = Sweep(
            sizes=sizes,
            conditions=CONDITIONS,
            protocol=self.protocol,
            limits=self.limits,
            hooks=Hooks(
                on_progress=lambda message, share: self.progress.append((message, share)),
                settled=settled,
            ),
        )
        runs = sweep.measure(make_subjects(openers), wanted_atoms=wanted, on_finished=self.finished.append)
        return {run.subject.card.id: run for run in runs}

    def measure_sessions(self, *sessions: FakeSession, **options: Any) -> dict[str, CandidateRun]:
        return self.measure({session.name: returns(session) for session in sessions}, **options)


def returns(session: FakeSession) -> Callable[[], ModelSession]:
    return lambda: session


def records_of(run: CandidateRun) -> tuple[Measurement, ...]:
    return measurements_of(run, structure=make_summary(), conditions=CONDITIONS, fingerprint="f")


def test_known_laws_are_recovered_at_every_size() -> None:
    bench = Bench()
    session = FakeSession(time_law=linear(1e-4, fixed=0.01), memory_law=linear(1e6, fixed=4e8))
    run = bench.measure_sessions(session)["fake"]
    assert bench.ladder == (27, 54, 108, 216)
    assert tuple(run.sizes) == bench.ladder
    for atoms, size_run in run.sizes.items():
        assert size_run.centre.value == pytest.approx(0.01 + 1e-4 * atoms)
        assert size_run.peak_memory_bytes == pytest.approx(4e8 + 1e6 * atoms)
    assert session.closed
    assert bench.finished == [run]


def test_candidates_climb_and_are_refined_in_turn() -> None:
    order: list[tuple[str, str, int]] = []

    def watched(name: str) -> FakeSession:
        return FakeSession(
            name=name, noise=0.3, on_call=lambda operation, atoms: order.append((name, operation, atoms))
        )

    bench = Bench(budget_s=30.0)
    bench.measure_sessions(watched("a"), watched("b"), watched("c"))
    prepared = [(name, atoms) for name, operation, atoms in order if operation == "prepare"]
    assert prepared == [(name, atoms) for atoms in bench.ladder for name in "abc"]
    stepped = [(name, atoms) for name, operation, atoms in order if operation == "run"]
    bursts = [one for one, before in zip(stepped, [None, *stepped], strict=False) if one != before]
    climb, rounds = bursts[:12], bursts[12:]
    assert climb == prepared
    whole = [(name, atoms) for name in "abc" for atoms in bench.ladder]
    assert len(rounds) >= len(whole)
    assert rounds[: len(whole)] == whole


@pytest.mark.parametrize("budget_s", [0.5, 3.0, 20.0])
@pytest.mark.parametrize("per_atom_s", [1e-4, 1e-3])
def test_the_budget_is_kept_within_one_burst_a_candidate(budget_s: float, per_atom_s: float) -> None:
    sessions = [FakeSession(name=name, noise=0.3, time_law=linear(per_atom_s)) for name in "ab"]
    bench = Bench(budget_s=budget_s)
    bench.measure_sessions(*sessions)
    burst_s = bench.protocol.burst_s + 5 * 216 * per_atom_s
    first_rungs_s = sum(7 * 27 * per_atom_s for _ in sessions) + 2 * bench.protocol.burst_s
    assert sum(session.elapsed_s for session in sessions) <= max(budget_s, first_rungs_s) + 2 * burst_s
    assert 0 <= max(share for _, share in bench.progress) <= 1


def test_sampling_ends_when_all_sizes_are_certain() -> None:
    quiet = FakeSession(name="quiet")
    noisy = FakeSession(name="noisy", noise=0.1)
    widths: dict[str, float] = {}

    def watch(runs: Sequence[CandidateRun]) -> Sequence[CandidateRun]:
        widths.update({run.subject.card.id: max(run.relative_half_widths().values()) for run in runs if run.sizes})
        return ()

    runs = Bench(budget_s=600.0).measure_sessions(quiet, noisy, settled=watch)
    assert all(size_run.centre.relative_half_width == pytest.approx(0) for size_run in runs["quiet"].sizes.values())
    # One burst alone is not certain, however alike its steps are: the machine may have been slow just then.
    assert {len(size_run.bursts) for size_run in runs["quiet"].sizes.values()} == {4}
    assert max(widths.values()) <= 0.02
    assert quiet.elapsed_s < noisy.elapsed_s < 600


def test_the_ladder_ends_where_the_next_rung_is_too_expensive() -> None:
    slow = FakeSession(name="slow", time_law=knee(0.01))
    run = Bench(budget_s=10.0).measure_sessions(slow)["slow"]
    assert 0 < len(run.sizes) < 4
    assert not run.problems
    assert run.out_of_memory_at is None


def test_the_ladder_ends_before_memory_is_exceeded() -> None:
    hungry = FakeSession(memory_law=linear(3e7, fixed=1e9), memory_limit_bytes=6 * 10**9)
    run = Bench(memory_bytes=6 * 10**9).measure_sessions(hungry)["fake"]
    assert tuple(run.sizes) == (27, 54, 108)
    assert not run.problems
    assert run.out_of_memory_at is None


def test_out_of_memory_ends_the_size_and_is_reported() -> None:
    session = FakeSession(memory_law=linear(1e6), fails_at={108: FailureKind.OUT_OF_MEMORY})
    bench = Bench()
    runs = bench.measure_sessions(session, FakeSession(name="other"))
    run = runs["fake"]
    assert tuple(run.sizes) == (27, 54)
    assert run.out_of_memory_at == 108
    assert [problem.kind for problem in run.problems] == ["out_of_memory"]
    assert "108 atoms" in run.problems[0].message
    assert [record.atoms for record in records_of(run)] == [27, 54]
    assert len(runs["other"].sizes) == 4


@pytest.mark.parametrize("failure", [FailureKind.CRASHED, FailureKind.TIMEOUT, FailureKind.UNSTABLE])
def test_the_failure_of_one_candidate_leaves_the_others(failure: FailureKind) -> None:
    failing = FakeSession(name="failing", fails_at={1: failure})
    late = FakeSession(name="late", fails_at={54: failure})
    sound = FakeSession(name="sound")
    bench = Bench()
    runs = bench.measure_sessions(failing, late, sound)
    assert [len(run.sizes) for run in runs.values()] == [0, 1, 4]
    assert [[problem.kind for problem in run.problems] for run in runs.values()] == [[failure], [failure], []]
    assert records_of(runs["failing"]) == ()
    assert all(session.closed for session in (failing, late, sound))
    assert len(bench.finished) == 3


def test_a_failure_while_refining_is_reported_once_and_not_tried_again() -> None:
    class Unstable(FakeSession):
        def reference(self) -> tuple[float, ...]:
            if sum(operation == "reference" for operation, _ in self.calls) > 4:
                raise SessionError(FailureKind.UNSTABLE, "The atoms flew apart.")
            return super().reference()

    runs = Bench().measure_sessions(Unstable(name="unstable", noise=0.2), FakeSession(name="noisy", noise=0.2))
    assert [problem.kind for problem in runs["unstable"].problems] == ["unstable"]
    assert len(runs["unstable"].sizes) == 4
    assert len(records_of(runs["unstable"])) == 4, "a burst without its reference does not count, the others do"


def test_a_model_that_does_not_load_leaves_the_others() -> None:
    def broken() -> ModelSession:
        raise SessionError(FailureKind.WEIGHTS, "The weights are not there.")

    bench = Bench()
    runs = bench.measure({"broken": broken, "sound": FakeSession})
    assert runs["broken"].problems[0].kind == "weights"
    assert runs["broken"].facts is None
    assert records_of(runs["broken"]) == ()
    assert len(runs["sound"].sizes) == 4


@pytest.mark.parametrize("at", [("prepare", 54), ("run", 27), ("run", 216)])
def test_ctrl_c_hands_over_what_was_measured_and_ends_all(at: tuple[str, int]) -> None:
    def interrupt(operation: str, atoms: int) -> None:
        if (operation, atoms) == at:
            raise KeyboardInterrupt

    first, second = FakeSession(name="first"), FakeSession(name="second", on_call=interrupt)
    bench = Bench()
    with pytest.raises(KeyboardInterrupt):
        bench.measure_sessions(first, second)
    assert first.closed
    assert second.closed
    assert [run.subject.card.id for run in bench.finished] == ["first", "second"]
    assert [record.atoms for record in records_of(bench.finished[0])] == [
        atoms for atoms in bench.ladder if atoms <= at[1]
    ]


def test_ctrl_c_while_loading_ends_what_was_loaded() -> None:
    loaded = FakeSession(name="loaded")

    def interrupted() -> ModelSession:
        raise KeyboardInterrupt

    bench = Bench(parallel_starts=1)
    with pytest.raises(KeyboardInterrupt):
        bench.measure({"interrupted": interrupted, "loaded": returns(loaded)})
    assert loaded.closed or not loaded.calls
    assert len(bench.finished) == 2


def test_no_more_workers_are_loaded_than_may_be_resident() -> None:
    open_now: set[str] = set()
    most: list[int] = []

    class Counted(FakeSession):
        def close(self) -> None:
            super().close()
            open_now.discard(self.name)

    def opener(name: str) -> Callable[[], ModelSession]:
        def start() -> ModelSession:
            open_now.add(name)
            most.append(len(open_now))
            return Counted(name=name)

        return start

    runs = Bench(resident_workers=2).measure({name: opener(name) for name in "abcde"})
    assert max(most) == 2
    assert all(len(run.sizes) == 4 for run in runs.values())


def test_a_worker_that_dies_while_it_gives_memory_back_leaves_the_others() -> None:
    class Dying(FakeSession):
        def release_memory(self) -> None:
            raise SessionError(FailureKind.CRASHED, "The worker ended.")

    dying = Dying(name="dying", memory_law=linear(4e6))
    sound = FakeSession(name="sound", memory_law=linear(4e6))
    runs = Bench(budget_s=30.0, memory_bytes=GIB).measure_sessions(dying, sound)
    assert [problem.kind for problem in runs["dying"].problems] == ["crashed"]
    assert len(runs["dying"].sizes) > 0
    assert len(runs["sound"].sizes) == 4


def test_the_first_step_after_a_rest_is_kept_apart() -> None:
    class Cold(FakeSession):
        """The first step after a rest is slow."""

        cold = True
        cold_steps = 0

        def release_memory(self) -> None:
            super().release_memory()
            self.cold = True

        def _step(self, prepared: object) -> float:
            time_s = super()._step(prepared)  # type: ignore[arg-type]  # the same object is handed through
            self.cold_steps += self.cold
            time_s, self.cold = (time_s * 10, False) if self.cold else (time_s, False)
            return time_s

    session = Cold(noise=0.02, memory_law=linear(4e6))
    bench = Bench(make_protocol(target_half_width=0.001), budget_s=30.0, memory_bytes=GIB)
    run = bench.measure_sessions(session)["fake"]
    assert tuple(run.sizes) == (27, 54, 108, 216)
    assert all(max(size_run.steady.wall_s) < 2e-3 * atoms for atoms, size_run in run.sizes.items())
    kept_apart = [time_s > 5e-3 * atoms for atoms, one in run.sizes.items() for time_s in one.warm_up.wall_s]
    assert sum(kept_apart) == session.cold_steps > 4


def test_workers_rest_only_where_memory_is_short() -> None:
    def rests(memory_bytes: int) -> int:
        sessions = [FakeSession(name=name, noise=0.1, memory_law=linear(4e6)) for name in "ab"]
        Bench(budget_s=30.0, memory_bytes=memory_bytes).measure_sessions(*sessions)
        return sum(operation == "release_memory" for session in sessions for operation, _ in session.calls)

    assert rests(8 * GIB) == 0
    assert rests(2 * GIB) > 8


def test_warm_up_is_cut_from_the_steady_state() -> None:
    run = Bench(budget_s=30.0).measure_sessions(FakeSession(noise=0.02, warm_up_steps=3, warm_up_factor=3.0))["fake"]
    for atoms, size_run in run.sizes.items():
        assert size_run.centre.value == pytest.approx(1e-3 * atoms, rel=0.05)
        assert sum(time_s > 2e-3 * atoms for time_s in size_run.warm_up.wall_s) == 3


def test_compiling_again_counts_with_the_first_call_and_no_step() -> None:
    class Recompiling(FakeSession):
        def run(self, prepared: LoadedStructure, *, max_steps: int, max_s: float) -> Burst:
            return replace(super().run(prepared, max_steps=max_steps, max_s=max_s), compiling_wall_s=0.5)

    bench = Bench()
    run = bench.measure_sessions(Recompiling())["fake"]
    for record in records_of(run):
        size_run = run.sizes[record.atoms]
        assert max(record.steady.wall_s) == pytest.approx(1e-3 * record.atoms)
        assert size_run.compiling_s >= 0.5 * len(size_run.bursts)
        assert record.first_call_s == pytest.approx(3e-3 * record.atoms + size_run.compiling_s)
    assert run.spent_s >= sum(size_run.compiling_s for size_run in run.sizes.values())


def test_peaks_of_memory_are_those_of_the_ascent() -> None:
    run = Bench(budget_s=30.0).measure_sessions(FakeSession(noise=0.3, memory_law=linear(1e6)))["fake"]
    assert len(run.sizes[27].bursts) > 1
    assert {atoms: size_run.peak_memory_bytes for atoms, size_run in run.sizes.items()} == {
        atoms: atoms * 10**6 for atoms in run.sizes
    }


def test_synthetic_weights_never_propagate_atoms() -> None:
    bench = Bench()
    runs = bench.measure_sessions(FakeSession(name="synthetic", synthetic=True), FakeSession(name="real"))
    assert [record.propagated for record in records_of(runs["synthetic"])] == [False] * 4
    assert {record.weights for record in records_of(runs["synthetic"])} == {Weights.SYNTHETIC}
    assert [record.propagated for record in records_of(runs["real"])] == [True] * 4


def test_records_are_complete_and_unique() -> None:
    run = Bench().measure_sessions(FakeSession(noise=0.05))["fake"]
    records = records_of(run)
    assert len({record.record for record in records}) == 4
    for record in records:
        assert record.pairs_per_atom == 50.0
        assert record.first_call_s == pytest.approx(3e-3 * record.atoms)
        assert record.load_s == 1.0
        assert len(record.steady.wall_s) == len(record.steady.cpu_s) == len(record.steady.energy_forces_s)
        assert record.versions == {"fake": "1.0"}
        assert record.disturbance.involuntary_switches_per_s == 0.0


def test_a_slow_step_is_timed_a_few_times_all_the_same() -> None:
    session = FakeSession(time_law=linear(0.2))
    run = Bench(budget_s=5.0).measure_sessions(session)["fake"]
    assert tuple(run.sizes) == (27,)
    assert len(run.sizes[27].lead_in) == 1
    assert len(run.sizes[27].bursts[0].wall_s) == 3


def test_records_tell_their_bursts() -> None:
    session = FakeSession(noise=0.1, warm_up_steps=2, warm_up_factor=4.0)
    run = Bench(budget_s=60.0).measure_sessions(session)["fake"]
    for record in records_of(run):
        size_run = run.sizes[record.atoms]
        assert len(record.steady_bursts) == len(size_run.bursts) > 1
        assert [len(burst) for burst in record.burst_wall_s] == list(record.steady_bursts)
        assert record.steady_bursts[-1] == len(size_run.bursts[-1].wall_s)
        assert record.burst_wall_s[-1] == size_run.bursts[-1].wall_s


@pytest.mark.in_turn("coverage of step times", 1)
@pytest.mark.parametrize("spread", [0.04, 0.08])
def test_the_interval_at_measured_sizes_holds_the_truth(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_run_module, "disturbance_between", lambda *_args, **_options: Disturbance())
    held = []
    for seed in range(25):
        session = FakeSession(time_law=linear(1e-3), noise=0.03, burst_spread=spread, seed=seed)
        run = Bench(budget_s=40.0).measure_sessions(session)["fake"]
        costs = costs_from(records_of(run))
        for atoms, size_run in run.sizes.items():
            assert sum(size_run.steady_bursts) == len(size_run.steady.wall_s)
            assert len(size_run.steady_bursts) == len(size_run.bursts)  # none was left out because it was slow
            estimate = costs.step_time_s(atoms)
            held.append(estimate.at_least <= 1e-3 * atoms <= estimate.at_most)
    # Nominal 0.90; four standard errors of a hundred intervals below it are 0.78.
    assert sum(held) / len(held) >= 0.80
