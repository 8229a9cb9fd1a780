"""A checkpoint of the user's own, from ``models add`` to a recommendation, and back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import own_models_dir
from mlipguide.testing.fake_session import FakeSession, linear

SILICON = STRUCTURES / "Si.POSCAR"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "Tuned On Si.pth"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def fakes(fake_models: FakeModels) -> FakeModels:
    """Return fake models, one of which may be trained further to become ``tuned-on-si``."""
    fake_models.add("fake-a", time_law=linear(1e-4))
    fake_models.makers["tuned-on-si"] = partial(FakeSession, name="tuned-on-si", time_law=linear(1e-4))
    return fake_models


def test_a_registered_checkpoint_is_used_by_every_command(run: Run, fakes: FakeModels, checkpoint: Path) -> None:
    added = run("models", "add", checkpoint, "--from", "FAKE-A", "--elements", "Si,O", "--json")
    assert added.code == ExitCode.DONE
    model = added.document["data"]["model"]
    assert (model["id"], model["training"]["elements"], model["metrics"]) == ("tuned-on-si", ["O", "Si"], None)
    assert Path(added.document["data"]["file"]) == own_models_dir() / "tuned-on-si.yaml"

    listed = run("models", "list", "--elements", "Si", "--json").document["data"]["models"]
    assert "tuned-on-si" in [item["id"] for item in listed]
    assert "tuned-on-si" not in [
        item["id"] for item in run("models", "list", "--elements", "Fe", "--json").document["data"]["models"]
    ]

    timed = run("bench", SILICON, "--models", "tuned-on-si", "--json")
    assert timed.code == ExitCode.DONE
    assert {item["weights"] for item in timed.document["data"]["measurements"]} == {"pretrained"}
    (request,) = fakes.opened
    assert (request.card.id, request.weights_file, request.synthetic) == ("tuned-on-si", checkpoint, False)

    answer = run("recommend", SILICON, "--models", "tuned-on-si", "--json").document["data"]
    assert answer["choice"] == "tuned-on-si"
    assert answer["candidates"][0]["evidence"]["kind"] == "none"


@pytest.mark.parametrize("spoil", ["changed", "missing"])
def test_a_checkpoint_that_is_not_the_registered_one_is_never_used(
    run: Run, fakes: FakeModels, checkpoint: Path, spoil: str
) -> None:
    run("models", "add", checkpoint, "--from", "fake-a")
    assert run("bench", SILICON, "--models", "fake-a").code == ExitCode.DONE  # the same architecture was timed
    if spoil == "changed":
        checkpoint.write_bytes(b"others.")
    else:
        checkpoint.unlink()
    says = "not the one that was registered" if spoil == "changed" else "does not exist"
    count = len(fakes.opened)

    outcome = run("recommend", SILICON, "--models", "fake-a,tuned-on-si", "--json")
    candidates = {item["model"]: item for item in outcome.document["data"]["candidates"]}
    assert outcome.document["data"]["choice"] == "fake-a"
    assert candidates["tuned-on-si"]["verdict"] == "unknown"
    assert candidates["tuned-on-si"]["step_time_s"] is None
    assert any(says in doubt["message"] for doubt in candidates["tuned-on-si"]["doubts"])

    timed = run("bench", SILICON, "--models", "tuned-on-si")
    assert timed.code == ExitCode.MEASUREMENT_FAILED
    assert says in timed.err
    assert len(fakes.opened) == count
    assert says in " ".join(run("models", "show", "tuned-on-si").out.split())
    assert ("is missing" in run("models", "list").err) is (spoil == "missing")


def test_a_removed_model_is_forgotten_and_its_file_stays(run: Run, fakes: FakeModels, checkpoint: Path) -> None:
    assert fakes.makers
    run("models", "add", checkpoint, "--from", "fake-a", "--id", "mine")
    removed = run("models", "remove", "mine", "--json")
    assert removed.code == ExitCode.DONE
    assert removed.document["data"]["checkpoint"] == str(checkpoint)
    assert checkpoint.read_bytes() == b"weights"
    assert run("models", "show", "mine").code == ExitCode.BAD_INPUT
    assert run("models", "add", checkpoint, "--from", "fake-a", "--id", "mine").code == ExitCode.DONE


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.pth", "--from", "fake-a"], ["nowhere.pth does not exist"]),
        ([".", "--from", "fake-a"], ["is a folder"]),
        (["EMPTY", "--from", "fake-a"], ["is empty"]),
        (["FILE", "--from", "fake-b"], ["no model 'fake-b'", "Did you mean 'fake-a'?"]),
        (["FILE"], ["--from"]),
        (["FILE", "--from", "fake-a", "--id", "fake-A"], ["in use, by fake-a", "--id"]),
        (["FILE", "--from", "fake-a", "--id", "../mine"], ["cannot be the id"]),
        (["FILE", "--from", "fake-a", "--id", "a,b"], ["cannot be the id"]),
        (["FILE", "--from", "fake-a", "--id", "all"], ["cannot be the id"]),
        (["FILE", "--from", "fake-a", "--elements", "si"], ["'si' is not a chemical symbol", "Did you mean 'Si'?"]),
        (["FILE", "--from", "fake-a", "--elements", "Og"], ["Og not among the elements of fake-a"]),
    ],
)
def test_what_cannot_be_registered(
    run: Run, fakes: FakeModels, checkpoint: Path, arguments: list[str], says: list[str]
) -> None:
    assert fakes.makers
    (checkpoint.parent / "empty.pth").touch()
    files = {"FILE": str(checkpoint), "EMPTY": str(checkpoint.parent / "empty.pth")}
    outcome = run("models", "add", *(files.get(word, word) for word in arguments))
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.err.count("Error:") == 1
    for words in says:
        assert words in outcome.err
    assert not own_models_dir().exists()


def test_an_id_is_taken_once(run: Run, fakes: FakeModels, checkpoint: Path) -> None:
    assert fakes.makers
    assert run("models", "add", checkpoint, "--from", "fake-a").code == ExitCode.DONE
    assert "in use, by tuned-on-si" in run("models", "add", checkpoint, "--from", "fake-a").err
    (own_models_dir() / "broken.yaml").write_text("id: broken\n", encoding="utf-8")
    outcome = run("models", "add", checkpoint, "--from", "fake-a", "--id", "broken")
    assert "which cannot be used" in outcome.err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sevennet-0", "no registered model 'sevennet-0'"),
        ("tuned-on-sy", "Did you mean 'tuned-on-si'?"),
        ("../models/tuned-on-si", "no registered model"),
        ("by-hand", "no card of a registered checkpoint"),
        ("broken", "broken.yaml"),
    ],
)
def test_what_cannot_be_removed(run: Run, fakes: FakeModels, checkpoint: Path, name: str, says: str) -> None:
    run("models", "add", checkpoint, "--from", "fake-a")
    by_hand = (fakes.plugin.models / "fake-a.yaml").read_text(encoding="utf-8").replace("fake-a", "by-hand")
    (own_models_dir() / "by-hand.yaml").write_text(by_hand, encoding="utf-8")
    (own_models_dir() / "broken.yaml").write_text("id: broken\n", encoding="utf-8")
    before = sorted(own_models_dir().iterdir())
    outcome = run("models", "remove", name)
    assert outcome.code == ExitCode.BAD_INPUT
    assert says in outcome.err
    assert sorted(own_models_dir().iterdir()) == before


def test_a_folder_that_cannot_be_written(
    run: Run, fakes: FakeModels, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fakes.makers
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(checkpoint / "data"))
    outcome = run("models", "add", checkpoint, "--from", "fake-a")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "a file stands where a folder is needed" in outcome.err
