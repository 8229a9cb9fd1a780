"""``check``: saved runs, a run now, two environments in turn; what is refused, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from fake_models import STRUCTURES, FakeModels, Run, make_machine
from mlipguide.bench.comparing.baselines import atoms_of, plain_structure, save_baseline
from mlipguide.bench.comparing.rerun_baseline import prepare_models
from mlipguide.bench.measuring.measuring import MeasuringContext, measure, no_wait
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands import check as workflow
from mlipguide.core.errors import ExitCode, InputError, MeasurementFailedError
from mlipguide.records.hardware.environment import EnvironmentKind
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.requests.measuring import CheckRequest
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.comparison import Baseline, ChangeVerdict, Pairing
from mlipguide.report.exports.envelope import schema_file
from mlipguide.sessions.errors import FailureKind
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.store import baselines as store
from mlipguide.tasks.requests import load_structure
from mlipguide.testing.fake_session import FakeSession, linear

SILICON = str(STRUCTURES / "Si.POSCAR")
SIZES = (64, 216)
CONDITIONS = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True)
OTHER = make_machine(cpu=replace(make_machine().cpu, usable_cores=8.0), fingerprint="f" * 16)


def save(fakes: FakeModels, name: str, *, machine: Machine | None = None, structure: str = SILICON) -> Baseline:
    """Measure the fake models at two sizes and give the result a name."""
    machine = machine or fakes.machine
    options = RunOptions(opener=fakes.open, probe=fakes.probe, wait=no_wait)
    ready = prepare_models(load_catalogue(), list(fakes.makers), machine, options)
    atoms, summary, _ = load_structure(TaskRequest(structure=structure))
    measured = MeasuredModels()
    context = MeasuringContext(
        machine=machine,
        atoms=atoms,
        structure=summary,
        wanted_atoms=max(SIZES),
        conditions=CONDITIONS,
        budget_s=20.0,
        on_progress=lambda _message, _share: None,
        opener=fakes.open,
        wait=no_wait,
        sizes=SIZES,
        each=True,
    )
    measure(list(ready.values()), measured, context)
    save_baseline(
        name, measured.fresh, machine=machine, atoms=atoms, structure=summary, conditions=CONDITIONS, replace=True
    )
    return store.read(name)


def slow_down(fakes: FakeModels, name: str, factor: float, **session: Any) -> None:
    fakes.makers[name] = partial(FakeSession, name=name, time_law=linear(1e-3 * factor), noise=0.02, seed=7, **session)


@pytest.fixture
def saved(fake_models: FakeModels) -> FakeModels:
    """Give two fake models and the baseline 'main' of both."""
    for name in ("fake-a", "fake-b"):
        fake_models.add(name, time_law=linear(1e-3), noise=0.02)
    save(fake_models, "main")
    return fake_models


def verdicts(document: dict[str, Any]) -> dict[tuple[str, int], str]:
    return {(item["model"], item["atoms"]): item["verdict"] for item in document["data"]["changes"]}


def test_a_structure_comes_back_from_plain_numbers() -> None:
    atoms, _, _ = load_structure(TaskRequest(structure=SILICON))
    again = atoms_of(plain_structure(atoms))
    assert again == atoms
    assert (again.cell.array == atoms.cell.array).all()


def test_nothing_changed(saved: FakeModels, run: Run) -> None:
    outcome = run("check", "main", "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    Draft202012Validator(json.loads(schema_file("check").read_text(encoding="utf-8"))).validate(outcome.document)
    assert set(verdicts(outcome.document).values()) == {"unchanged"}
    assert len(verdicts(outcome.document)) == 4
    assert outcome.document["data"]["current"]["name"] == "now"
    assert outcome.document["data"]["only_in_baseline"] == []
    assert len(saved.opened) == 4


def test_a_regression_ends_with_status_six(saved: FakeModels, run: Run, tmp_path: Path) -> None:
    slow_down(saved, "fake-b", 1.5)
    junit, entries = tmp_path / "junit.xml", tmp_path / "benchmark.json"
    outcome = run("check", "main", "--junit", junit, "--benchmark-json", entries)
    assert outcome.code == ExitCode.REGRESSION_FOUND
    assert "fake-b" in outcome.out
    assert ET.parse(junit).getroot() is not None
    assert json.loads(entries.read_text(encoding="utf-8"))
    found = verdicts(run("check", "main", "--json").document)
    assert {name for (name, _), verdict in found.items() if verdict == "slower"} == {"fake-b"}
    assert run("check", "main", "--max-slowdown", "80%").code == ExitCode.DONE
    assert run("check", "main", "--models", "fake-a").code == ExitCode.DONE


def test_github_gets_annotations_and_a_summary(
    saved: FakeModels, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    slow_down(saved, "fake-b", 1.5)
    outcome = run("check", "main", "--format", "github")
    assert outcome.code == ExitCode.REGRESSION_FOUND
    assert any(line.startswith("::error") and "fake-b" in line for line in outcome.out.splitlines())
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert "fake-b" in text


def test_two_saved_runs(saved: FakeModels, run: Run) -> None:
    slow_down(saved, "fake-a", 0.6)
    slow_down(saved, "fake-b", 1.5)
    save(saved, "branch")
    outcome = run("check", "main", "branch", "--json")
    assert outcome.code == ExitCode.REGRESSION_FOUND
    found = verdicts(outcome.document)
    assert found["fake-a", 64] == "faster"
    assert found["fake-b", 64] == "slower"
    compared = workflow.compare(CheckRequest(baseline="main", current="branch"))
    assert compared.exit_code == ExitCode.DONE
    assert {change.model for change in compared.data.regressions} == {"fake-b"}
    assert run("check", "branch", "main", "--sizes", "216", "--json").document["data"]["changes"][0]["atoms"] == 216


def test_another_machine_is_refused_with_the_field(saved: FakeModels, run: Run) -> None:
    save(saved, "elsewhere", machine=OTHER)
    opened = len(saved.opened)
    for arguments in (["main", "elsewhere"], ["elsewhere"]):
        outcome = run("check", *arguments)
        assert outcome.code == ExitCode.BAD_INPUT
        assert "cpu.usable_cores" in outcome.err
        assert "--normalise" in outcome.err
    assert len(saved.opened) == opened


def halved(baseline: Baseline, name: str) -> None:
    """Save what a machine of half the speed would have measured."""

    def twice(samples: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(2 * sample for sample in samples)

    slower = tuple(
        replace(
            item,
            reference_s=twice(item.reference_s),
            steady=replace(item.steady, wall_s=twice(item.steady.wall_s), cpu_s=twice(item.steady.cpu_s)),
        )
        for item in baseline.measurements
    )
    store.save(replace(baseline, name=name, machine=OTHER, measurements=slower), name)


def test_normalising_divides_by_the_machine(saved: FakeModels, run: Run) -> None:
    halved(store.read("main"), "half")
    outcome = run("check", "half", "--normalise", "--json")
    assert outcome.code == ExitCode.DONE
    assert outcome.document["data"]["normalised"] is True
    change = outcome.document["data"]["changes"][0]
    assert change["ratio"]["value"] == pytest.approx(1.0, abs=0.05)
    assert change["baseline_s"]["value"] == pytest.approx(2 * change["current_s"]["value"], rel=0.05)
    slow_down(saved, "fake-a", 1.5)
    assert run("check", "half", "--normalise").code == ExitCode.REGRESSION_FOUND


def test_normalising_needs_the_reference_kernel_on_the_processor(saved: FakeModels) -> None:
    baseline = store.read("main")
    without = tuple(replace(item, reference_s=()) for item in baseline.measurements)
    store.save(replace(baseline, measurements=without), "old")
    with pytest.raises(InputError, match="no reference kernel"):
        workflow.compare(CheckRequest(baseline="main", current="old", normalise=True))
    on_gpu = tuple(replace(item, settings=replace(item.settings, device="cuda:0")) for item in baseline.measurements)
    store.save(replace(baseline, measurements=on_gpu), "gpu")
    with pytest.raises(InputError, match="says nothing of cuda:0"):
        workflow.compare(CheckRequest(baseline="gpu", current="gpu", normalise=True))
    assert saved.machine.fingerprint == baseline.machine.fingerprint


def test_settings_are_those_of_the_baseline(saved: FakeModels) -> None:
    baseline = store.read("main")
    settings = replace(baseline.measurements[0].settings, threads=3, dtype="float64")
    double = tuple(replace(item, settings=settings) for item in baseline.measurements if item.model == "fake-a")
    store.save(replace(baseline, measurements=(*baseline.measurements, *double)), "both")
    saved.opened.clear()
    result = workflow.check(CheckRequest(baseline="both"))
    assert [(item.card.id, item.settings.threads) for item in saved.opened].count(("fake-a", 3)) == 1
    assert len(result.data.changes) == 6
    assert {change.settings.dtype for change in result.data.changes} == {"float32", "float64"}


def test_what_cannot_be_measured_again_does_not_pass(saved: FakeModels, run: Run) -> None:
    slow_down(saved, "fake-b", 1.0, fails_at={200: FailureKind.OUT_OF_MEMORY})
    outcome = run("check", "main", "--json")
    assert outcome.code == ExitCode.MEASUREMENT_FAILED
    assert outcome.document["status"] == "partial"
    assert len(outcome.document["data"]["changes"]) == 3
    (missing,) = outcome.document["data"]["only_in_baseline"]
    assert missing.startswith("fake-b, 216 atoms")
    slow_down(saved, "fake-a", 1.5)
    assert run("check", "main").code == ExitCode.REGRESSION_FOUND
    for name in saved.makers:
        slow_down(saved, name, 1.0, fails_at={0: FailureKind.CRASHED})
    assert run("check", "main").code == ExitCode.MEASUREMENT_FAILED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["maim"], "Did you mean 'main'"),
        (["main", "--max-slowdown", "10"], "has no unit"),
        (["main", "--max-slowdown", "0.1"], "10%"),
        (["main", "--budget", "5"], "--budget"),
        (["main", "--sizes", "65"], "fake-a at 64 atoms"),
        (["main", "--sizes", "x"], "--sizes"),
        (["main", "--models", "nothing"], "no model 'nothing'"),
        (["main", "main", "--against-env", "python"], "--against-env"),
        (["main", "--against-env", "nowhere/python"], "no interpreter"),
        ([SILICON, "--against-env", sys.executable], "needs models"),
        ([SILICON], "not a readable baseline"),
    ],
)
def test_bad_input(saved: FakeModels, run: Run, arguments: list[str], message: str) -> None:
    opened = len(saved.opened)
    outcome = run("check", *arguments)
    assert outcome.code == ExitCode.BAD_INPUT
    assert message in outcome.err
    assert len(saved.opened) == opened


def test_nothing_in_common(saved: FakeModels) -> None:
    baseline = store.read("main")
    for model in ("fake-a", "fake-b"):
        kept = tuple(item for item in baseline.measurements if item.model == model)
        store.save(replace(baseline, name=model, measurements=kept), model)
    with pytest.raises(InputError, match="no measurement in common"):
        workflow.compare(CheckRequest(baseline="fake-a", current="fake-b"))
    result = workflow.compare(CheckRequest(baseline="main", current="fake-b"))
    assert [text.split(",")[0] for text in result.data.only_in_baseline] == ["fake-a", "fake-a"]
    assert saved.names == "fake-a,fake-b"


def in_both(fakes: FakeModels, name: str, *, old: Callable[[], ModelSession], new: Callable[[], ModelSession]) -> None:
    """Let a model be another one in an adopted environment."""

    def make() -> ModelSession:
        return old() if fakes.opened[-1].environment.kind is EnvironmentKind.ADOPTED else new()

    fakes.makers[name] = make


def test_two_environments_in_turn(saved: FakeModels, run: Run) -> None:
    drift = 0.02
    for name, factor in (("fake-a", 1.0), ("fake-b", 1.25)):
        in_both(
            saved,
            name,
            old=partial(FakeSession, noise=0.05, drift=drift, seed=1),
            new=partial(FakeSession, noise=0.05, drift=drift, seed=2, time_law=linear(1e-3 * factor)),
        )
    saved.opened.clear()
    outcome = run("check", "main", "--against-env", sys.executable, "--sizes", "64", "--json")
    assert outcome.code == ExitCode.REGRESSION_FOUND, outcome.err
    Draft202012Validator(json.loads(schema_file("check").read_text(encoding="utf-8"))).validate(outcome.document)
    data = outcome.document["data"]
    assert data["pairing"] == Pairing.INTERLEAVED
    assert data["baseline"]["name"] == sys.executable
    assert verdicts(outcome.document) == {("fake-a", 64): "unchanged", ("fake-b", 64): "slower"}
    assert data["changes"][1]["ratio"]["value"] == pytest.approx(1.25, rel=0.05)
    assert "interleaved rounds" in data["changes"][1]["ratio"]["source"]
    kinds = [request.environment.kind for request in saved.opened]
    assert kinds == [EnvironmentKind.ADOPTED, EnvironmentKind.HOST] * 2
    assert all(isinstance(session, FakeSession) and session.closed for session in saved.sessions)


def test_a_structure_will_do_for_two_environments(saved: FakeModels) -> None:
    request = CheckRequest(baseline=SILICON, models="fake-a", sizes="64,216", against_env=sys.executable)
    result = workflow.check(request)
    assert result.exit_code == ExitCode.DONE
    assert [(change.atoms, change.verdict) for change in result.data.changes] == [
        (64, ChangeVerdict.UNCHANGED),
        (216, ChangeVerdict.UNCHANGED),
    ]
    in_both(saved, "fake-a", old=FakeSession, new=partial(FakeSession, fails_at={0: FailureKind.CRASHED}))
    with pytest.raises(MeasurementFailedError, match="In the present environment"):
        workflow.check(request)


def test_an_environment_without_the_backend(saved: FakeModels, run: Run, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    python.chmod(0o755)
    opened = len(saved.opened)
    outcome = run("check", "main", "--against-env", python)
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    assert "cannot serve toy" in outcome.err
    assert len(saved.opened) == opened
