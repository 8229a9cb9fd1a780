"""``train pilot`` and ``train fit`` on the command line, with an engine whose curve is known."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fake_models import Run, make_machine
from mlipguide.core.errors import ExitCode
from mlipguide.report.exports.envelope import schema_file
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.fit import setup as workflow
from mlipguide.training.fit.trainers import Trainers
from training_files import write_frames


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the commands train with a fake, and return a file of labels."""
    clock = FakeClock()
    trainer = FakeTrainer(curves={"small": FakeCurve(), "large": FakeCurve(floor=0.01, scale=1.2)}, clock=clock)
    changed = partial(workflow.Options, trainers=lambda _: Trainers((trainer,)), clock=clock, probe=make_machine)
    monkeypatch.setattr(workflow, "Options", changed)
    for variable in ("MLIPGUIDE_CACHE_DIR", "MLIPGUIDE_DATA_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)
    return write_frames(tmp_path / "labels.extxyz", labelled_frames(60, groups=("MD", "Surface")))


def test_a_pilot_then_a_fit_in_the_folder_named_after_the_labels(run: Run, labelled: Path) -> None:
    plot = labelled.with_name("curves.png")
    outcome = run("train", "pilot", labelled, "--models", "none", "--target-force-mae", "200meV/A", "--plot", plot)
    assert outcome.code == ExitCode.DONE, outcome.err
    assert "pod small" in outcome.out
    assert plot.is_file()
    folder = labelled.with_name("labels-training")
    assert (folder / "pilot.json").is_file()
    outcome = run("train", "fit", labelled, "--engine", "pod", "--size", "small", "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    Draft202012Validator(json.loads(schema_file("train fit").read_text(encoding="utf-8"))).validate(outcome.document)
    assert (folder / "potential-pod-small" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pilot", "nowhere.xyz"], "nowhere.xyz"),
        (["pilot", "labels.extxyz", "--engines", "gap"], "unknown 'gap'"),
        (["pilot", "labels.extxyz", "--budget", "10"], "no unit"),
        (["pilot", "labels.extxyz", "--plot", "curves.pdf"], "curves.pdf"),
        (["pilot", "labels.extxyz", "--forces-key", "dft_forces"], "dft_forces"),
        (["fit", "labels.extxyz", "--engine", "pod", "--size", "huge"], "no 'huge'"),
        (["fit", "labels.extxyz", "--engine", "pod", "--frozen-layers", "1"], "--frozen-layers is for a pretrained"),
        (["fit", "labels.extxyz", "--engine", "pod", "--replay", "labels.extxyz"], "--replay is for a pretrained"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_document(
    run: Run, labelled: Path, arguments: list[str], words: str
) -> None:
    del labelled
    outcome = run("train", *arguments, "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.document["schema"] == f"mlipguide.train.{arguments[0]}/1"
    (error,) = outcome.document["errors"]
    assert words in error["message"]
    assert error["hint"]
