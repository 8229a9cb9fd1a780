"""Known laws of time and memory give the right answer, and the ways out that are offered work."""

from __future__ import annotations

import shlex

import pytest

from fake_models import GIB, STRUCTURES, FakeModels, Run, fake_card, with_memory
from mlipguide.commands import recommend as workflow
from mlipguide.core.errors import ExitCode, MeasurementFailedError
from mlipguide.records.advice.advice import Candidate, Recommendation, Strategy, Verdict
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.model_card import LicenceFact, Licences
from mlipguide.records.models.terms import CommercialUse
from mlipguide.records.notice import Result, Status
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.words.reason_words import reason_words
from mlipguide.sessions.errors import FailureKind
from mlipguide.testing.fake_session import Law, knee, linear

STEPS = 50_000


def ask(fakes: FakeModels, **changes: str | bool | None) -> Result[Recommendation]:
    """Ask for 2,000 atoms of LiFePO4 and 50,000 steps."""
    asked = {
        "structure": str(STRUCTURES / "LiFePO4.cif"),
        "atoms": "2000",
        "time": "50ps",
        "timestep": "1fs",
        "budget": "100h",
        "models": fakes.names,
        **changes,
    }
    return workflow.recommend(TaskRequest(**asked), workflow.Options())  # type: ignore[arg-type]  # texts and a flag


def candidate(result: Result[Recommendation], name: str) -> Candidate:
    return next(item for item in result.data.candidates if item.model == name)


def check_interval(estimate: Estimate | None, truth: float) -> None:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= truth <= estimate.high


@pytest.mark.in_turn("run times", 2)
@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize(
    "law", [linear(5e-3), linear(5e-3, fixed=0.05), knee(5e-3)], ids=["linear", "with a fixed cost", "with a knee"]
)
def test_the_run_time_is_within_its_interval(fake_models: FakeModels, law: Law, noise: float) -> None:
    fake_models.add("fake-a", time_law=law, noise=noise, seed=3, warm_up_steps=2, warm_up_factor=3.0)
    result = ask(fake_models, budget="4000h", measure_budget="20m")
    (found,) = result.data.candidates
    # The cell has 28 atoms: the run is of the 2,000 that were asked, the nearest supercell has 2,016.
    check_interval(found.step_time_s, law(2000))
    check_interval(found.run_time_s, law(2000) * STEPS)
    check_interval(found.ns_per_day, 86400 * 1e-15 / law(2000) * 1e9)
    check_interval(found.peak_memory_bytes, 5e8 + 2000 * 1e6)
    assert found.step_time_s is not None
    assert found.step_time_s.basis in (Basis.FITTED, Basis.EXTRAPOLATED)
    assert found.verdict is Verdict.FEASIBLE
    assert result.data.choice == "fake-a"
    assert result.exit_code == ExitCode.DONE


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [("400h", Verdict.FEASIBLE), ("139h", Verdict.UNKNOWN), ("60h", Verdict.INFEASIBLE)],
)
def test_the_verdict_follows_the_budget(fake_models: FakeModels, budget: str, verdict: Verdict) -> None:
    # 50,000 steps of 2,000 atoms at 5 ms an atom take 138.9 h.
    fake_models.add("fake-a", time_law=linear(5e-3), noise=0.03)
    result = ask(fake_models, budget=budget, measure_budget="5m")
    (found,) = result.data.candidates
    assert found.verdict is verdict
    if verdict is Verdict.INFEASIBLE:
        assert [item.constraint for item in found.rejections] == ["time"]
        assert result.data.choice is None
        # A fast potential does it within the budget: that is the answer, and no failure.
        assert result.data.strategy is Strategy.DISTIL
        assert result.exit_code == ExitCode.DONE
    if verdict is Verdict.UNKNOWN:
        assert "may not end in time" in " ".join(map(reason_words, found.doubts))


def test_memory_decides(fake_models: FakeModels) -> None:
    fake_models.machine = with_memory(4 * GIB)
    fake_models.add("fake-large", memory_law=linear(2e6, fixed=1e9))
    fake_models.add("fake-small", kappa=0.9, memory_law=linear(1e5, fixed=1e9))
    result = ask(fake_models)
    large = candidate(result, "fake-large")
    assert large.verdict is Verdict.INFEASIBLE
    assert [item.constraint for item in large.rejections] == ["memory"]
    assert result.data.choice == "fake-small"
    check_interval(large.max_atoms, (4 * GIB - 1e9) / 2e6)


def test_the_more_accurate_of_those_in_time_is_chosen(fake_models: FakeModels) -> None:
    fake_models.add("fake-good", kappa=0.2, time_law=linear(1e-3))
    fake_models.add("fake-fast", kappa=0.8, time_law=linear(1e-4))
    fake_models.add("fake-best", kappa=0.1, time_law=linear(1.0))
    assert ask(fake_models, budget="100h").data.choice == "fake-good"
    assert ask(fake_models, budget="10h").data.choice == "fake-fast"
    hurried = ask(fake_models, budget="1.5h")  # the fastest takes 2.8 h
    assert hurried.data.choice is None
    assert hurried.data.strategy is Strategy.DISTIL
    nothing = ask(fake_models, budget="1s")  # too little for any potential
    assert (nothing.data.choice, nothing.data.strategy) == (None, Strategy.NONE)
    assert (hurried.exit_code, nothing.exit_code) == (ExitCode.DONE, ExitCode.NOTHING_FEASIBLE)
    assert hurried.data.can_be_done
    assert not nothing.data.can_be_done
    assert nothing.data.strategies is not None
    assert "feasible" in (nothing.data.strategies.would_do or ""), "the nearest thing that would do is named"
    assert len(fake_models.opened) == 3


def test_licences_and_needs_rule_out_before_anything_is_measured(fake_models: FakeModels) -> None:
    card = fake_card("fake-closed")
    closed = LicenceFact(name="ASL", commercial=CommercialUse.NO, sources=("mlipguide_tests",), read_on="2026-01-01")
    licences = Licences(code=card.licences.code, weights=closed)
    fake_models.add("fake-closed", fake_card("fake-closed", licences=licences))
    fake_models.add("fake-open")
    result = ask(fake_models, commercial=True)
    assert result.data.choice == "fake-open"
    assert [item.constraint for item in candidate(result, "fake-closed").rejections] == ["licence"]
    needy = ask(fake_models, needs="magnetism")
    assert needy.exit_code == ExitCode.NOTHING_FEASIBLE
    assert needy.data.strategy is Strategy.NONE  # no fast potential gives magnetic moments either
    assert [request.card.id for request in fake_models.opened] == ["fake-open"]


def test_random_weights_are_never_chosen(fake_models: FakeModels) -> None:
    fake_models.add("fake-random", kappa=0.1, synthetic=True)
    fake_models.add("fake-real", kappa=0.9)
    result = ask(fake_models)
    assert result.data.choice == "fake-real"
    random = candidate(result, "fake-random")
    assert random.weights is Weights.SYNTHETIC
    assert random.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("per_atom", "fixed", "memory_gib", "budget"),
    [(5e-3, 0.0, 16, "24h"), (5e-3, 0.5, 16, "12h"), (1e-2, 0.0, 2, "24h"), (2e-2, 0.1, 16, "2h")],
)
def test_what_is_offered_when_nothing_is_feasible_is_feasible(  # noqa: PLR0917  # pytest passes fixtures by name
    fake_models: FakeModels, run: Run, per_atom: float, fixed: float, memory_gib: int, budget: str
) -> None:
    fake_models.machine = with_memory(memory_gib * GIB)
    fake_models.add("fake-a", time_law=linear(per_atom, fixed=fixed), noise=0.03)
    fake_models.add("fake-b", kappa=0.3, time_law=linear(2 * per_atom, fixed=fixed), noise=0.03)
    result = ask(fake_models, budget=budget, measure_budget="10m")
    assert result.exit_code == ExitCode.DONE
    assert (result.data.choice, result.data.strategy) == (None, Strategy.DISTIL)
    assert any("feasible with" in reason for reason in result.data.reasons)
    offered = [line for line in result.data.next_commands if line.startswith("mlipguide recommend")]
    assert offered
    before = len(fake_models.opened)
    for line in offered:
        outcome = run(*shlex.split(line)[1:], "--json")
        assert outcome.code == ExitCode.DONE, line
        data = outcome.document["data"]
        assert data["choice"] is not None
        chosen = next(item for item in data["candidates"] if item["model"] == data["choice"])
        assert chosen["verdict"] == "feasible", line
    assert len(fake_models.opened) == before, "the answer to an offer needs no new measurement"


def test_partial_and_failed(fake_models: FakeModels) -> None:
    fake_models.add("fake-good")
    fake_models.add("fake-late", fails_at={100: FailureKind.CRASHED})
    fake_models.add("fake-bad", fails_at={0: FailureKind.TIMEOUT})
    result = ask(fake_models)
    assert result.status is Status.PARTIAL
    assert sorted(problem.kind for problem in result.errors) == ["crashed", "timeout"]
    assert candidate(result, "fake-good").verdict is Verdict.FEASIBLE
    assert candidate(result, "fake-late").step_time_s is not None
    assert candidate(result, "fake-bad").step_time_s is None
    with pytest.raises(MeasurementFailedError, match="None of 1 models could be measured") as raised:
        ask(fake_models, models="fake-bad")
    assert raised.value.kind == "timeout"


def test_what_was_assumed_is_said(fake_models: FakeModels) -> None:
    fake_models.add("fake-a", time_law=linear(1e-5))
    result = ask(fake_models, atoms=None, timestep=None, budget=None)
    (notice,) = (notice for notice in result.notices if notice.kind == "assumed")
    for words in ("--atoms 28", "--timestep 1fs", "--temperature 300K", "--budget 24h"):
        assert words in notice.message
    assert "--time " not in notice.message
    told = ask(fake_models, temperature="300K", budget="24h")
    assert "assumed" not in {notice.kind for notice in told.notices}


def test_every_session_is_closed(fake_models: FakeModels) -> None:
    fake_models.add("fake-a")
    fake_models.add("fake-b", fails_at={0: FailureKind.CRASHED})
    ask(fake_models)
    assert len(fake_models.sessions) == 2
    assert all(getattr(session, "closed", False) for session in fake_models.sessions)
