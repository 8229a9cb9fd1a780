"""``tune`` on models of known time laws: finds the best, keeps the default in doubt, refuses what breaks the result."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fake_models import STRUCTURES, FakeModels, Outcome, Run
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import tunings_dir
from mlipguide.hardware.noise import read_counters
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.report.exports.envelope import schema_file
from mlipguide.sessions.errors import FailureKind
from mlipguide.store import tunings
from mlipguide.testing.fake_session import FakeSession, linear

COUNTERS = read_counters()
SILICON = STRUCTURES / "Si.POSCAR"
PER_ATOM_S = 2e-4
ITEMS = ("kernels", "threads", "pinning", "wait-policy", "allocator")


@pytest.fixture(autouse=True)
def no_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the machine's counters would be most of the time of a simulated search."""
    monkeypatch.setattr("mlipguide.bench.size_run.read_counters", lambda **_options: COUNTERS)


def value(settings: Settings, axis: str) -> str:
    return settings.chosen(axis) or "default"


def law(factors: dict[tuple[str, str], float], **others: Any) -> Callable[[Settings], dict[str, Any]]:
    """Return sessions whose step takes the product of the factors of what was chosen."""

    def change(settings: Settings) -> dict[str, Any]:
        factor = 1.0
        for axis in ITEMS:
            factor *= factors.get((axis, value(settings, axis)), 1.0)
        return {"time_law": linear(PER_ATOM_S * factor), **others}

    return change


def check(document: dict[str, Any]) -> None:
    Draft202012Validator(json.loads(schema_file("tune").read_text(encoding="utf-8"))).validate(document)


def tuned(run: Run, *words: str | Path, budget: str = "4m") -> dict[str, Any]:
    outcome = run("tune", SILICON, "--models", "fake-a", "--budget", budget, "--json", *words)
    assert outcome.code == ExitCode.DONE, outcome.err
    check(outcome.document)
    found: dict[str, Any] = outcome.document["data"]["results"][0]
    return found


def tried(found: dict[str, Any], **changed: str) -> dict[str, Any]:
    """Return what became of one setting."""
    wanted = [{"axis": axis.replace("_", "-"), "value": value} for axis, value in sorted(changed.items())]
    return next(one for one in found["tried"] if one["changed"] == wanted)


def test_the_best_of_all_axes_is_found_and_kept(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", noise=0.03)
    fake_models.by_settings["fake-a"] = law(
        {("kernels", "careful"): 0.6, ("threads", "1"): 0.8, ("threads", "2"): 0.9, ("pinning", "cores"): 1.1}
    )
    found = tuned(run)
    assert found["changed"] == [{"axis": "kernels", "value": "careful"}, {"axis": "threads", "value": "1"}]
    speed_up = found["speed_up"]
    assert speed_up["low"] <= 1 / (0.6 * 0.8) <= speed_up["high"]
    assert speed_up["low"] > 1.9
    assert speed_up["basis"] == "measured"
    assert found["complete"]
    assert tried(found, kernels="careful")["outcome"] in ("dropped", "not faster")
    assert tried(found)["outcome"] == "default"
    machine = fake_models.probe()
    kept = tunings.find(machine.fingerprint, "fake-a", Purpose.MD)
    assert kept is not None
    assert kept.chosen.threads == 1
    assert kept.chosen.chosen("kernels") == "careful"
    page = run("tune", SILICON, "--models", "fake-a", "--budget", "4m").out
    assert page.startswith("fake-a: 2.")
    assert "× faster than the default" in page.partition("\n\n")[0]
    assert "energies within 0.001 meV/atom" in " ".join(page.split())


@pytest.mark.parametrize("seed", range(4))
def test_where_nothing_is_faster_the_default_stays(fake_models: FakeModels, run: Run, seed: int) -> None:
    fake_models.add("fake-a", noise=0.1, burst_spread=0.1)
    seeds = iter(range(100 * seed, 100 * seed + 100))
    fake_models.by_settings["fake-a"] = lambda _settings: {"time_law": linear(PER_ATOM_S), "seed": next(seeds)}
    found = tuned(run)
    assert found["chosen"] == found["default"]
    assert found["changed"] == []
    assert found["speed_up"] is None
    outcome = run("tune", SILICON, "--models", "fake-a", "--budget", "4m")
    assert outcome.out.startswith("fake-a: the default stays, nothing that computes the same was clearly faster.")


def test_a_gain_within_what_two_runs_differ_by_is_none(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", noise=0.001)
    fake_models.by_settings["fake-a"] = law({("kernels", "careful"): 0.99})
    found = tuned(run)
    assert found["speed_up"] is None
    assert tried(found, kernels="careful")["outcome"] == "not faster"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"energy_error": 0.005}, "energies differ by 5 meV/atom"),
        ({"force_error": 0.05}, "forces by"),
    ],
)
def test_a_setting_that_breaks_the_result_is_refused(
    fake_models: FakeModels, run: Run, error: dict[str, float], words: str
) -> None:
    fake_models.add("fake-a", noise=0.02)
    fast = law({("kernels", "careless"): 0.2, ("threads", "1"): 0.7})

    def change(settings: Settings) -> dict[str, Any]:
        return fast(settings) | (error if value(settings, "kernels") == "careless" else {})

    fake_models.by_settings["fake-a"] = change
    found = tuned(run)
    wrong = tried(found, kernels="careless")
    assert wrong["outcome"] == "wrong"
    assert words in wrong["reason"]
    assert not wrong["differences"]["within_limits"]
    assert wrong["speed_up"] is None  # it is not even timed
    assert found["changed"] == [{"axis": "threads", "value": "1"}]
    assert "A setting beyond one of them is never recommended." in " ".join(
        run("tune", SILICON, "--models", "fake-a", "--budget", "4m").out.split()
    )


def test_a_setting_without_stress_is_refused(
    fake_models: FakeModels, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_models.add("fake-a", noise=0.02)
    fake_models.by_settings["fake-a"] = law({("kernels", "careless"): 0.2})
    plain = FakeSession.single_point

    def without(self: FakeSession, atoms: Any) -> Any:
        fast = self.time_law(1) < 0.5 * PER_ATOM_S
        found = plain(self, atoms)
        return replace(found, stress_ev_per_angstrom3=None) if fast else found

    monkeypatch.setattr(FakeSession, "single_point", without)
    found = tuned(run)
    assert tried(found, kernels="careless")["outcome"] == "wrong"
    assert tried(found, kernels="careless")["reason"] == "it gives no stress"
    assert found["speed_up"] is None


def test_the_plain_setting_is_double_precision_on_one_thread(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a")
    reference = tuned(run)["reference"]
    assert (reference["dtype"], reference["threads"], reference["choices"]) == ("float64", 1, [])
    assert reference["allocator"] == Allocator.DEFAULT.value


def test_what_does_not_run_stops_nobody_else(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", noise=0.02)
    fast = law({("threads", "1"): 0.7})

    def change(settings: Settings) -> dict[str, Any]:
        dies = {"fails_at": {1: FailureKind.CRASHED}} if value(settings, "kernels") != "default" else {}
        return fast(settings) | dies

    fake_models.by_settings["fake-a"] = change
    found = tuned(run)
    assert tried(found, kernels="careful")["outcome"] == "failed"
    assert "crashed" in tried(found, kernels="careful")["reason"]
    assert found["changed"] == [{"axis": "threads", "value": "1"}]


def test_a_default_that_does_not_run_is_a_failure(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", fails_at={1: FailureKind.OUT_OF_MEMORY})
    fake_models.add("fake-b")
    outcome = run("tune", SILICON, "--models", "fake-a", "--json")
    assert outcome.code == ExitCode.MEASUREMENT_FAILED
    assert outcome.document["errors"][0]["kind"] == "out_of_memory"
    both = run("tune", SILICON, "--models", "fake-a,fake-b", "--json", "--budget", "4m")
    assert both.code == ExitCode.DONE
    assert both.document["status"] == "partial"
    assert [one["model"] for one in both.document["data"]["results"]] == ["fake-b"]


def test_values_that_cannot_be_chosen_are_told_and_not_tried(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a")
    found = tuned(run)
    assert {"axis": "kernels", "value": "cuequivariance", "reason": "no GPU of NVIDIA here"} in found["unavailable"]
    assert all(request.settings.chosen("kernels") != "cuequivariance" for request in fake_models.opened)
    page = run("tune", SILICON, "--models", "fake-a", "--details").out
    assert "kernels cuequivariance: no GPU of NVIDIA here" in page


def test_the_budget_is_kept(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", noise=0.02, time_law=linear(5e-3))  # 0.3 s a step of 64 atoms
    found = tuned(run, budget="60s")
    spent_s = sum(session.elapsed_s for session in fake_models.sessions if isinstance(session, FakeSession))
    assert spent_s < 1.2 * 60
    assert found["wall_time_s"] == pytest.approx(spent_s, rel=0.2)
    short = tuned(run, budget="2s")
    assert short["speed_up"] is None
    assert "not tried" in {one["outcome"] for one in short["tried"]}


def test_ctrl_c_ends_everything_and_gives_the_answer_so_far(fake_models: FakeModels, run: Run) -> None:
    calls = iter(range(10_000))

    def interrupt(operation: str, _atoms: int) -> None:
        if operation == "run" and next(calls) == 30:
            raise KeyboardInterrupt

    fake_models.add("fake-a", noise=0.02, on_call=interrupt)
    fake_models.add("fake-b")
    outcome = run("tune", SILICON, "--models", "fake-a,fake-b", "--budget", "4m", "--json")
    assert outcome.code == ExitCode.INTERRUPTED
    check(outcome.document)
    data = outcome.document["data"]
    assert data["interrupted"]
    (found,) = data["results"]
    assert not found["complete"]
    assert found["chosen"] == found["default"]
    assert all(session.closed for session in fake_models.sessions if isinstance(session, FakeSession))
    assert not list(tunings_dir().glob("*/*.json"))
    assert {request.card.id for request in fake_models.opened} == {"fake-a"}


@pytest.fixture
def faster(fake_models: FakeModels, run: Run) -> FakeModels:
    """Give a model that was tuned: on one thread it takes 0.7 of the time."""
    fake_models.add("fake-a", noise=0.01)
    fake_models.by_settings["fake-a"] = law({("threads", "1"): 0.7, ("kernels", "careful"): 0.9})
    tuned(run, "--atoms", "64")
    fake_models.opened.clear()
    return fake_models


def _settings(outcome: Outcome) -> dict[str, Any]:
    data = outcome.document["data"]
    found: dict[str, Any] = (data.get("candidates") or data["measurements"])[0]["settings"]
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("recommend", SILICON, "--atoms", "64"),
        ("bench", SILICON, "--sizes", "64"),
    ],
)
def test_what_was_found_is_used(faster: FakeModels, run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words, "--models", "fake-a", "--json")
    assert _settings(outcome)["threads"] == 1
    assert _settings(outcome)["choices"] == [{"axis": "kernels", "value": "careful"}]
    told = [notice["message"] for notice in outcome.document["notices"] if notice["kind"] == "tuned_settings"]
    assert len(told) == 1
    assert "kernels careful, threads 1" in told[0]
    del faster


@pytest.mark.parametrize("changed", ["size", "machine", "default", "weights"])
def test_what_was_found_elsewhere_is_not_used(
    faster: FakeModels, run: Run, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    atoms = "64"
    if changed == "size":
        atoms = "4000"
    if changed == "machine":
        faster.machine = replace(faster.machine, fingerprint="f" * 16)
    if changed == "default":
        cpu = replace(faster.machine.cpu, usable_cores=3.0)
        faster.machine = replace(faster.machine, cpu=cpu)
    if changed == "weights":
        path = next(tunings_dir().glob("*/*.json"))
        plain = json.loads(path.read_text(encoding="utf-8"))
        plain["tuning"]["weights"] = "synthetic"
        path.write_text(json.dumps(plain), encoding="utf-8")
    del monkeypatch
    outcome = run("recommend", SILICON, "--atoms", atoms, "--models", "fake-a", "--json")
    assert _settings(outcome)["choices"] == []
    assert _settings(outcome)["threads"] > 1


def test_options_of_bench_come_before_what_was_found(faster: FakeModels, run: Run) -> None:
    outcome = run("bench", SILICON, "--sizes", "64", "--models", "fake-a", "--threads", "2", "--json")
    assert _settings(outcome)["threads"] == 2
    del faster


def test_many_small_structures_are_timed_in_several_sizes(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", noise=0.02)
    fake_models.by_settings["fake-a"] = law({("threads", "1"): 0.7})
    found = tuned(run, "--for", "screen")
    assert found["purpose"] == "screen"
    assert found["atoms"] == [8, 16, 32]
    assert found["changed"] == [{"axis": "threads", "value": "1"}]
    assert tunings.find(fake_models.probe().fingerprint, "fake-a", Purpose.SCREEN) is not None
    assert tunings.find(fake_models.probe().fingerprint, "fake-a", Purpose.MD) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--for", "screening"), "Did you mean"),
        (("--budget", "60"), "60"),
        (("--atoms", "none"), "--atoms"),
    ],
)
def test_wrong_words_are_refused(fake_models: FakeModels, run: Run, words: tuple[str, ...], says: str) -> None:
    fake_models.add("fake-a")
    outcome = run("tune", SILICON, "--models", "fake-a", *words)
    assert outcome.code == ExitCode.BAD_INPUT
    assert says in outcome.err


def test_models_are_asked_for(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a")
    assert "tune needs models" in run("tune", SILICON).err


def test_a_file_that_cannot_be_read_is_set_aside(faster: FakeModels, run: Run) -> None:
    path = next(tunings_dir().glob("*/*.json"))
    path.write_text("{", encoding="utf-8")
    outcome = run("recommend", SILICON, "--atoms", "64", "--models", "fake-a", "--json")
    assert _settings(outcome)["choices"] == []
    assert "unreadable_tuning" in {notice["kind"] for notice in outcome.document["notices"]}
    del faster
