"""``mlipguide init``: a task file that explains every key, is read as it stands, and never replaces another."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.records.requests.option import options_of
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.report.exports.task_file import WIDTH, example_of
from mlipguide.structures.files import read_structure
from mlipguide.structures.summaries import summarise
from mlipguide.tasks.requests import build_task, read_request
from mlipguide.testing.fake_session import linear

KEYS = options_of(TaskRequest)
GOES_WITH: dict[str, dict[str, Any]] = {
    "structures": {"kind": "screen"},
    "images": {"kind": "neb"},
    "dft_cores": {"dft_cost": "2h"},
    "dft_atoms": {"dft_cost": "2h"},
}


@pytest.fixture
def task(tmp_path: Path, run: Run) -> Path:
    """A file in another folder than its structure, which has a name that YAML would read as something else."""
    shutil.copy(STRUCTURES / "Si.POSCAR", tmp_path / "a: b # c.POSCAR")
    (tmp_path / "tasks").mkdir()
    path = tmp_path / "tasks" / "mine.yaml"
    outcome = run("init", path, "--structure", tmp_path / "a: b # c.POSCAR")
    assert outcome.code == ExitCode.DONE, outcome.err
    assert f"mlipguide recommend --config {path}" in outcome.out
    return path


def silicon() -> StructureSummary:
    return summarise(read_structure(STRUCTURES / "Si.POSCAR"), source="Si.POSCAR")


def test_it_says_what_the_structure_says_and_nothing_else(task: Path, tmp_path: Path) -> None:
    read = read_request(task)
    assert Path(str(read.structure)).resolve() == (tmp_path / "a: b # c.POSCAR").resolve()
    assert replace(read, structure=None) == TaskRequest()


def test_every_key_is_explained_and_can_be_used_as_it_stands(task: Path, tmp_path: Path) -> None:
    lines = task.read_text(encoding="utf-8").splitlines()
    assert all(len(line) <= WIDTH for line in lines if str(tmp_path) not in line)
    shown = {line.removeprefix("# ").partition(":")[0]: line.removeprefix("# ") for line in lines if ": " in line}
    for name, item in KEYS.items():
        assert name in shown, name
        path = tmp_path / "one.yaml"
        path.write_text(shown[name] + "\n", encoding="utf-8")
        request = read_request(path)
        assert getattr(request, name) is not None, name
        assert name == "structure" or yaml.safe_load(shown[name])[name] == example_of(item)
        if name not in {"structure", "preset", "index", "labels", "energy_key", "forces_key", "stress_key"}:
            build_task(replace(request, **GOES_WITH.get(name, {})), silicon())


def test_help_and_defaults_are_those_of_the_options(task: Path) -> None:
    text = " ".join(task.read_text(encoding="utf-8").replace("#", " ").split())
    assert "Simulated time, of kind md [100ps]. time: 1ns" in text
    assert "Wall time the run may take [24h]. budget: 24h" in text
    assert "false: suggest no needs from the structure (a slab, a molecule, ...) [true]. derive: false" in text


def test_the_answer_is_that_of_the_command_without_it(task: Path, fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-4))
    asked = ("--models", "fake-a", "--json")
    from_file = run("recommend", "--config", task, *asked).document["data"]
    typed = run("recommend", task.parents[1] / "a: b # c.POSCAR", *asked).document["data"]
    assert from_file["task"] == typed["task"]
    assert (from_file["choice"], from_file["strategy"]) == (typed["choice"], typed["strategy"])


def test_nothing_is_replaced_without_force(task: Path, run: Run) -> None:
    task.write_text("mine", encoding="utf-8")
    outcome = run("init", task)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "--force" in outcome.err
    assert task.read_text(encoding="utf-8") == "mine"
    assert run("init", task, "--force").code == ExitCode.DONE
    assert replace(read_request(task), preset=None) == TaskRequest()


def test_without_a_structure_it_names_a_built_in_one_and_can_be_run_at_once(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = run("init", "--json").checked["data"]
    assert (data["path"], data["formula"], data["atoms"]) == ("task.yaml", "Si", 8)
    assert data["keys"] == list(KEYS)
    assert read_request(tmp_path / "task.yaml") == TaskRequest(preset="silicon")


@pytest.mark.parametrize("words", [("none/task.yaml",), ("task.yaml", "--structure", "none.cif")])
def test_what_cannot_be_written_or_read_is_refused(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init", *words).code == ExitCode.BAD_INPUT
    assert list(tmp_path.iterdir()) == []
