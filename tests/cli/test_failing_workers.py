"""A killed worker, one that fills its memory and one that never answers: each told as what it is, in time.

One run of the command line serves the tests of this module, another one repeats it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, Run
from mlipguide.core.errors import ExitCode
from mlipguide.sessions.worker_session import TIMEOUT_VARIABLE
from toy_plugin import ToyPlugin, install_toy_plugin

FAILING = {"dies": "crashed", "hogs": "out_of_memory", "hangs": "timeout", "flies-apart": "unstable"}
GOOD = ("toy-plain",)


@dataclass(frozen=True)
class Ran:
    """A run of the command line."""

    code: int
    document: dict[str, Any]
    err: str
    took_s: float
    records: int

    def candidate(self, model: str) -> dict[str, Any]:
        found: dict[str, Any] = next(item for item in self.document["data"]["candidates"] if item["model"] == model)
        return found

    def problem(self, model: str) -> dict[str, str]:
        found: dict[str, str] = next(item for item in self.document["errors"] if item["message"].startswith(model))
        return found


def call(folder: Path, words: list[str], *, timeout: str = "2s") -> Ran:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "mlipguide", *words, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, TIMEOUT_VARIABLE: timeout},
    )
    took_s = time.monotonic() - start
    document = json.loads(done.stdout)
    return Ran(done.returncode, document, done.stderr, took_s, len(list((folder / "data").rglob("*.json"))))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ran, Ran]]:
    folder = tmp_path_factory.mktemp("failing") / "toy"
    with pytest.MonkeyPatch.context() as patch, install_toy_plugin(folder, patch) as plugin:
        plugin.add("plain", *FAILING)
        models = ",".join([*GOOD, *(f"toy-{name}" for name in FAILING)])
        words = ["recommend", str(STRUCTURES / "Si.POSCAR"), "--atoms", "32", "--measure-budget", "1s"]
        first = call(folder, [*words, "--models", models])
        second = call(folder, [*words, "--models", ",".join(GOOD)])
        yield first, second


def test_the_others_are_still_measured(runs: tuple[Ran, Ran]) -> None:
    first, _ = runs
    assert first.code == ExitCode.DONE
    assert first.document["status"] == "partial"
    assert first.document["data"]["choice"] in GOOD
    for model in GOOD:
        assert first.candidate(model)["step_time_s"]["basis"] == "measured"
    assert first.records >= len(GOOD)
    assert "Traceback" not in first.err


@pytest.mark.parametrize(("checkpoint", "kind"), FAILING.items())
def test_each_failure_is_told_as_what_it_is(runs: tuple[Ran, Ran], checkpoint: str, kind: str) -> None:
    model = f"toy-{checkpoint}"
    problem = runs[0].problem(model)
    assert problem["kind"] == kind
    assert "(at 32 atoms)" in problem["message"]
    candidate = runs[0].candidate(model)
    assert candidate["step_time_s"] is None
    assert candidate["measured"] == []
    if kind == "out_of_memory":
        assert candidate["verdict"] == "infeasible"
        assert [item["constraint"] for item in candidate["rejections"]] == ["memory"]
    else:
        assert candidate["verdict"] == "unknown"
        assert any("Not timed" in doubt["message"] for doubt in candidate["doubts"])


def test_a_worker_that_never_answers_is_ended_in_the_time_that_the_user_set(runs: tuple[Ran, Ran]) -> None:
    problem = runs[0].problem("toy-hangs")
    assert "within 2 s" in problem["message"]
    assert TIMEOUT_VARIABLE in problem["hint"]
    assert runs[0].took_s < 60


def test_the_second_run_measures_nothing_and_is_much_faster(runs: tuple[Ran, Ran]) -> None:
    first, second = runs
    assert second.records == first.records
    assert "a step of" in first.err
    assert "a step of" not in second.err
    assert second.took_s < first.took_s / 2
    kinds = {notice["kind"]: notice["message"] for notice in second.document["notices"]}
    assert all(model in kinds["reused"] for model in GOOD)
    assert "--remeasure" in kinds["reused"]
    for model in GOOD:
        assert second.candidate(model)["step_time_s"] == first.candidate(model)["step_time_s"]


def test_when_all_fail_the_first_reason_is_the_message(toy_plugin: ToyPlugin, run: Run) -> None:
    toy_plugin.add("dies")
    outcome = run("bench", STRUCTURES / "Si.POSCAR", "--models", "toy-dies", "--json")
    assert outcome.code == ExitCode.MEASUREMENT_FAILED
    assert outcome.document["data"] is None
    (error,) = outcome.document["errors"]
    assert error["kind"] == "crashed"
    assert "was killed by SIGKILL" in error["message"]
