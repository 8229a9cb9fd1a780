"""``mlipguide compare``: answers that other machines wrote, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fake_models import FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.core.serialisation import from_plain
from mlipguide.records.advice.advice import Recommendation
from mlipguide.report.exports.plain_words import to_worded, without_words
from mlipguide.testing.fake_session import linear

ASKED = ("recommend", "--preset", "silicon", "--models", "fake-a,fake-b", "--time", "1ps")


@pytest.fixture
def answers(fake_models: FakeModels, run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Two answers, the second of a machine that takes three times as long."""
    written = []
    for name, factor in (("desk", 1.0), ("old", 3.0)):
        for model, step_s in (("fake-a", 1e-4), ("fake-b", 2e-4)):
            fake_models.add(model, time_law=linear(factor * step_s))
        outcome = run(*ASKED, "--json", "--remeasure")
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(outcome.document), encoding="utf-8")
        written.append(path)
    return written[0], written[1]


def test_the_faster_machine_is_told_first(answers: tuple[Path, Path], run: Run) -> None:
    outcome = run("compare", *map(str, answers))
    assert outcome.code == ExitCode.DONE, outcome.err
    words = " ".join(outcome.out.split())
    choice = json.loads(answers[0].read_text(encoding="utf-8"))["data"]["choice"]
    assert words.startswith(f"{choice} on desk ends first: ")
    assert "old takes 3 times as long." in words
    assert len(outcome.out.splitlines()) <= 30
    table = next(line for line in outcome.out.splitlines() if line.startswith("ns/day"))
    assert table.split() == ["ns/day", "desk", "old"]


def test_the_document_holds_both(answers: tuple[Path, Path], run: Run) -> None:
    data = run("compare", *map(str, answers), "--json").checked["data"]
    assert [one["name"] for one in data["answers"]] == ["desk", "old"]
    assert set(data["models"]) == {"fake-a", "fake-b"}
    assert data["differing"] == []


def test_different_questions_are_said_first(answers: tuple[Path, Path], run: Run, tmp_path: Path) -> None:
    outcome = run(*ASKED[:-1], "2ps", "--atoms", "64", "--json")
    other = tmp_path / "other.json"
    other.write_text(json.dumps(outcome.document), encoding="utf-8")
    words = " ".join(run("compare", str(answers[0]), str(other)).out.split())
    assert words.startswith("The answers are to different questions: --atoms (8, 64); --time (1 ps, 2 ps).")


def test_hardware_that_was_asked_for_stands_in_columns_of_its_own(
    fake_models: FakeModels, run: Run, tmp_path: Path
) -> None:
    del fake_models
    words = ("recommend", "--preset", "silicon", "--models", "mace-mp-0-medium", "--atoms", "2000", "--no-measure")
    outcome = run(*words, "--hardware", "A100-80GB,H100-80GB", "--json")
    path = tmp_path / "site.json"
    path.write_text(json.dumps(outcome.document), encoding="utf-8")
    data = run("compare", str(path), "--json").document["data"]
    assert {one["name"] for one in data["answers"]} == {"site: A100-80GB", "site: H100-80GB"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not a readable answer of recommend"),
        ("{}", "holds no document of mlipguide"),
        ('{"schema": "mlipguide.bench/1"}', "holds mlipguide.bench/1, not mlipguide.recommend/2"),
        ('{"schema": "mlipguide.recommend/2", "data": null}', "holds a failure of recommend"),
        ('{"schema": "mlipguide.recommend/2", "data": {"choice": 3}}', "machine: field required"),
    ],
)
def test_what_is_no_answer_is_refused(
    answers: tuple[Path, Path], run: Run, tmp_path: Path, content: str, words: str
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(content, encoding="utf-8")
    outcome = run("compare", str(answers[0]), str(broken))
    assert outcome.code == ExitCode.BAD_INPUT
    assert words.lower() in outcome.err.lower()
    assert "broken.json" in outcome.err


def test_one_answer_or_two_of_one_name_are_refused(answers: tuple[Path, Path], run: Run, tmp_path: Path) -> None:
    outcome = run("compare", str(answers[0]))
    assert outcome.code == ExitCode.BAD_INPUT
    assert "at least two are compared" in outcome.err
    (tmp_path / "b").mkdir()
    twin = tmp_path / "b" / answers[0].name
    twin.write_bytes(answers[0].read_bytes())
    assert "Two answers are called desk" in run("compare", str(answers[0]), str(twin)).err


def test_a_document_is_read_as_the_record_that_it_was_written_from(answers: tuple[Path, Path]) -> None:
    plain: Any = json.loads(answers[0].read_text(encoding="utf-8"))["data"]
    record = from_plain(Recommendation, without_words(plain), what="answer")
    assert to_worded(record) == plain
