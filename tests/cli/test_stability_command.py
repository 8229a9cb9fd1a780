"""The command on real workers: the toy backend, which is conservative, and its checkpoint whose forces have a curl."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

from fake_models import Run
from toy_plugin import ToyPlugin


@pytest.fixture
def crystal(tmp_path: Path) -> Path:
    path = tmp_path / "Cu.extxyz"
    write(path, bulk("Cu", "fcc", a=3.0, cubic=True))
    return path


def test_a_curl_is_seen_through_a_worker(toy_plugin: ToyPlugin, crystal: Path, run: Run) -> None:
    plain, curled = toy_plugin.add("plain", "curled")
    found = run(
        "stability", crystal, "--models", f"{plain},{curled}", "--timestep", "2fs", "--budget", "2s", "--json",
        "--threads", "1",
    )  # fmt: skip
    assert found.code == 0, found.err
    results = {one["model"]: one for one in found.document["data"]["results"]}
    assert results[plain]["conservative"] is True
    assert results[curled]["conservative"] is False
    assert results[curled]["verdict"] == "failed"
    verdicts = {one["test"]: one["verdict"] for one in results[curled]["tests"]}
    assert verdicts["closed-loop-work"] == verdicts["rotation"] == "failed"
    assert verdicts["translation"] == verdicts["permutation"] == "passed"


def test_a_worker_that_dies_leaves_the_others_their_answers(toy_plugin: ToyPlugin, crystal: Path, run: Run) -> None:
    plain, dying = toy_plugin.add("plain", "dies")
    options = ("--timestep", "2fs", "--budget", "2s", "--json")
    found = run("stability", crystal, "--models", f"{dying},{plain}", *options)
    assert found.document["status"] == "partial"
    assert [one["model"] for one in found.document["data"]["results"]] == [plain]
    alone = run("stability", crystal, "--models", dying, *options)
    assert alone.code == 5
    assert alone.document["data"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--timestep", "1"), "has no unit"),
        (("--budget", "3"), "has no unit"),
        (("--models", "no-such-model"), "no-such-model"),
    ],
)
def test_bad_input_is_refused(
    arguments: tuple[str, ...], words: str, toy_plugin: ToyPlugin, crystal: Path, run: Run
) -> None:
    (plain,) = toy_plugin.add("plain")
    models = () if "--models" in arguments else ("--models", plain)
    found = run("stability", crystal, *models, *arguments)
    assert found.code == 2
    assert words in found.err
