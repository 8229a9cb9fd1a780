"""``--json`` prints one document, which the published schema describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fake_models import CONFIGS, STRUCTURES, FakeModels, Run, with_memory
from mlipguide.core.errors import ExitCode
from mlipguide.records.estimate import Basis
from mlipguide.report.exports.envelope import DOCUMENTS, schema_file, schema_of
from mlipguide.sessions.errors import FailureKind
from mlipguide.testing.fake_session import linear

ESTIMATE = {"value", "low", "high", "basis", "source"}
SUBJECTS: dict[str, list[str | Path]] = {
    "CIF": [STRUCTURES / "LiFePO4.cif", "--atoms", "2000"],
    "POSCAR": [STRUCTURES / "Si.POSCAR", "--atoms", "64"],
    "last frame": [STRUCTURES / "water.extxyz"],
    "first frame": [STRUCTURES / "water.extxyz", "--index", "0"],
    "molecule": [STRUCTURES / "ethanol.xyz"],
    "preset": ["--preset", "water"],
    "config": ["--config", CONFIGS / "silicon.yaml"],
}
MAY_BE_NOTHING = {"frames", "reference_core_hours", "wall_time_s", "training_time_s", "simulated_time_s"}
"""What a strategy may not need at all, which is known, and 0."""
UNITS = (
    "frames",
    "hours",
    "_s",
    "_bytes",
    "_angstrom",
    "_atom",
    "_per_day",
    "_atoms",
    "_k",
    "_degree",
    "_hz",
    "_w",
    "_angstrom3",
    "_hours",
    "evaluations",
    "_share",
    "_steps",
    "_kwh",
    "price",
    "_eV/Å",
    "_eV/atom",
)

VERSION_2 = ("recommend", "plan")
"""Documents whose rejections and doubts are values with fields."""


def check(command: str, document: dict[str, Any]) -> None:
    schema = json.loads(schema_file(command).read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert document["schema"] == f"mlipguide.{command}/{2 if command in VERSION_2 else 1}"


def walk(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    yield name, value
    if isinstance(value, dict):
        for key, item in value.items():
            of_a_reason = key == "value" and value.get("unit") is not None
            yield from walk(item, f"value_{value['unit']}" if of_a_reason else key)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, name)


def check_estimates(document: dict[str, Any]) -> int:
    estimates = [(name, value) for name, value in walk(document) if isinstance(value, dict) and set(value) >= ESTIMATE]
    for name, estimate in estimates:
        assert name.endswith(UNITS), name
        assert estimate["basis"] in set(Basis)
        assert estimate["source"]
        assert estimate["value"] > 0 or (name in MAY_BE_NOTHING and estimate["value"] == 0)
        if estimate["low"] is not None:
            assert estimate["low"] <= estimate["value"] <= estimate["high"]
    return len(estimates)


@pytest.mark.parametrize("command", DOCUMENTS)
def test_published_schemas_are_those_of_the_records(command: str) -> None:
    published = json.loads(schema_file(command).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(published)
    assert published == schema_of(command)


def test_a_plan_and_a_recommendation_for_other_hardware(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(5e-3))
    asked = ("--atoms", "2000", "--time", "1ns", "--hardware", "A100-80GB,2xH100-80GB")
    recommendation = run("recommend", STRUCTURES / "LiFePO4.cif", *asked, "--json").document
    check("recommend", recommendation)
    assert check_estimates(recommendation) > 20
    plan = run("plan", "mace-mpa-0", *asked, "--json").document
    check("plan", plan)
    assert check_estimates(plan) > 8


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_recommendation(fake_models: FakeModels, run: Run, subject: list[str | Path]) -> None:
    fake_models.add("fake-fast", time_law=linear(1e-4), noise=0.02)
    fake_models.add("fake-unknown", kappa=None, time_law=linear(5e-4))
    fake_models.add("fake-random", time_law=linear(3e-4), synthetic=True)
    outcome = run("recommend", *subject, "--models", fake_models.names, "--json")
    assert outcome.code == ExitCode.DONE
    document = outcome.document
    check("recommend", document)
    assert document["status"] == "success"
    assert document["data"]["choice"] == "fake-fast"
    assert check_estimates(document) >= 3 * 4
    for candidate in document["data"]["candidates"]:
        for name in ("step_time_s", "ns_per_day", "run_time_s", "peak_memory_bytes"):
            assert set(candidate[name]) == ESTIMATE


def test_what_is_not_known_is_null(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-good", time_law=linear(1e-3))
    fake_models.add("fake-bad", fails_at={0: FailureKind.CRASHED})
    document = run("recommend", *SUBJECTS["POSCAR"], "--models", fake_models.names, "--json").document
    check("recommend", document)
    assert document["status"] == "partial"
    (problem,) = document["errors"]
    assert problem["kind"] == "crashed"
    (bad,) = (item for item in document["data"]["candidates"] if item["model"] == "fake-bad")
    assert bad["verdict"] == "unknown"
    for name in ("settings", "weights", "step_time_s", "ns_per_day", "run_time_s", "peak_memory_bytes", "max_atoms"):
        assert bad[name] is None


def test_nothing_feasible_is_a_whole_document(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-slow", time_law=linear(1.0))
    outcome = run("recommend", *SUBJECTS["CIF"], "--models", "fake-slow", "--json")
    assert outcome.code == ExitCode.DONE, "a fast potential does it"
    check("recommend", outcome.document)
    assert (outcome.document["data"]["choice"], outcome.document["data"]["strategy"]) == (None, "distil")
    hurried = run("recommend", *SUBJECTS["CIF"], "--models", "fake-slow", "--budget", "1s", "--json")
    assert hurried.code == ExitCode.NOTHING_FEASIBLE
    check("recommend", hurried.document)
    assert (hurried.document["data"]["choice"], hurried.document["data"]["strategy"]) == (None, "none")


def test_nothing_fits_into_memory(fake_models: FakeModels, run: Run) -> None:
    fake_models.machine = with_memory(2**31)
    fake_models.add("fake-large", memory_law=linear(1e6, fixed=4e9), memory_limit_bytes=2**31)
    fake_models.add("fake-small", time_law=linear(1.0))
    outcome = run("recommend", *SUBJECTS["CIF"], "--models", fake_models.names, "--json")
    assert outcome.code == ExitCode.DONE
    assert outcome.document["data"]["choice"] is None
    check("recommend", outcome.document)
    assert [problem["kind"] for problem in outcome.document["errors"]] == ["out_of_memory"]
    (large,) = (item for item in outcome.document["data"]["candidates"] if item["model"] == "fake-large")
    assert [item["constraint"] for item in large["rejections"]] == ["memory"]


def test_a_benchmark(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3, fixed=0.01), noise=0.02)
    fake_models.add("fake-b", time_law=linear(2e-3), fails_at={300: FailureKind.OUT_OF_MEMORY})
    outcome = run("bench", STRUCTURES / "Si.POSCAR", "--models", fake_models.names, "--json")
    assert outcome.code == ExitCode.DONE
    document = outcome.document
    check("bench", document)
    assert document["status"] == "partial"
    assert check_estimates(document) >= 8
    data = document["data"]
    assert max(item["atoms"] for item in data["measurements"] if item["model"] == "fake-b") < 300
    for item in data["measurements"]:
        assert item["weights"] == "pretrained"
        assert item["pairs_per_atom"] == 50
    fit = next(item for item in data["fits"] if item["model"] == "fake-a")
    assert fit["time_per_atom_s"] == pytest.approx(1e-3, rel=0.1)


@pytest.mark.parametrize("command", ["recommend", "bench"])
def test_an_error_is_a_document_too(run: Run, command: str) -> None:
    outcome = run(command, "nowhere.cif", "--models", "chgnet-0.3.0", "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    check(command, outcome.document)
    assert outcome.document["data"] is None
    assert outcome.document["status"] == "error"
    (error,) = outcome.document["errors"]
    assert "nowhere.cif" in error["message"]
    assert error["hint"]
    assert "Error" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (["recommend", "--nonsense", "--json"], "mlipguide.recommend/2"),
        (["models", "show", "nothing", "--json"], "mlipguide.models.show/1"),
        (["bench", "--compare-with", "quick", "--model", "mace-mpa-0", "--json"], "mlipguide.bench.speed/1"),
        (["bench", "--compare-with=1steps/s", "--json"], "mlipguide.bench.speed/1"),
        (["nonsense", "--json"], "mlipguide.nonsense/1"),
        (["--json"], "mlipguide.mlipguide/1"),
        (["recommend", "--atoms", "--json"], "mlipguide.recommend/2"),
        (["explain", "nothing", "--json"], "mlipguide.explain/1"),
    ],
)
def test_wrong_usage_with_json(run: Run, arguments: list[str], schema: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.document["schema"] == schema
    assert outcome.document["status"] == "error"
    assert outcome.document["errors"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["models", "list"], "models"),
        (["models", "show", "sevennet-0"], "model"),
        (["models", "validate"], "violations"),
        (["hardware", "show"], "cpu"),
        (["env", "list"], "environments"),
        (["doctor"], "versions"),
        (["explain"], "index"),
    ],
)
def test_the_other_commands(run: Run, arguments: list[str], field: str) -> None:
    outcome = run(*arguments, "--json")
    assert outcome.code == ExitCode.DONE
    document = outcome.document
    assert list(document) == ["schema", "version", "status", "data", "notices", "errors"]
    words = [word for word in arguments if word != "sevennet-0"]
    assert document["schema"] == f"mlipguide.{'.'.join(words)}/1"
    assert document["data"][field] is not None
    assert document["status"] == "success"
