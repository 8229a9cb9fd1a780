"""``evaluate --on``: frames in slices, one of them killed, and one evaluation as if a single process had made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fake_models import FakeModels, Run, fake_card, make_machine
from fake_slurm import FakeSlurm
from kept_records import make_evaluation
from labelled import OffEMT, rattled, write
from mlipguide.cluster.run_files import find_run
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import jobs_dir
from mlipguide.evidence.accuracy.frame_slices import difference_between, slices_of
from mlipguide.evidence.accuracy.label_input import LabelRequest, open_labels
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.requests.label_names import NO_CHOICE
from mlipguide.store import evidence as store
from mlipguide.testing.in_process import in_process_session

MODELS = ("fake-a", "fake-b")
Submit = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def two_models(fake_models: FakeModels, fake_slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Two models that are a known distance from the labels."""
    del fake_slurm
    options = partial(evaluate_workflow.Options, opener=fake_models.open, probe=fake_models.probe)
    monkeypatch.setattr(evaluate_workflow, "Options", options)
    for name, noise in zip(MODELS, (0.02, 0.06), strict=True):
        fake_models.add(name, fake_card(name))
        fake_models.makers[name] = partial(in_process_session, OffEMT(noise=noise, shift_ev=2.0), elements=(29,))
    return fake_models


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Twelve frames of two groups."""
    frames = [*rattled(6, group="cold"), *rattled(6, seed=40, amplitude=0.2, group="hot")]
    return write(tmp_path / "Cu.extxyz", frames)


@pytest.fixture
def submit(labels: Path, cluster_file: Path, run: Run) -> Submit:
    """Submit, and return the run as ``--json`` tells it."""

    def call(*words: str | Path, models: str = ",".join(MODELS)) -> dict[str, Any]:
        asked = ("evaluate", labels, "--models", models, "--on", cluster_file, "--json")
        outcome = run(*asked, *words)
        assert outcome.code == ExitCode.DONE, outcome.out + outcome.err
        (found,) = outcome.document["data"]["runs"]
        return {**found, "notices": outcome.document["notices"]}

    return call


def on_node(run: Run, models: FakeModels, submitted: dict[str, Any], task: int, *, fingerprint: str = "e" * 16) -> None:
    """Do what a task does on a node, and leave its answer."""
    (part,) = find_run(submitted["name"]).parts
    folder = Path(submitted["folder"]) / part.partition.name
    asked = find_run(submitted["name"])
    own = [word for pair in asked.tasks[task].options.items() for word in pair]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLIPGUIDE_DATA_DIR", str(folder / "data"))
        patch.setattr(models, "machine", make_machine(fingerprint=fingerprint))
        outcome = run(*asked.words, *own, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    (folder / "results" / f"{task}.json").write_text(outcome.out, encoding="utf-8")


def numbers(one: StoredEvaluation) -> Any:
    """Return everything of an evaluation that does not say when and where it was made."""
    accuracy = replace(one.accuracy, evaluated_at="")
    return replace(one, accuracy=accuracy, places=())


def test_a_task_for_each_model_and_slice(submit: Submit, labels: Path, fake_slurm: FakeSlurm) -> None:
    found = submit("--split", "2", "--max-frames", "all", "--seed", "3")
    assert [(one["model"], one["part"], one["job"], one["partition"]) for one in found["tasks"]] == [
        ("fake-a", "frames 0 to 5", "1_0", "short"),
        ("fake-a", "frames 6 to 11", "1_1", "short"),
        ("fake-b", "frames 0 to 5", "1_2", "short"),
        ("fake-b", "frames 6 to 11", "1_3", "short"),
    ]
    assert "first_partition" in {one["kind"] for one in found["notices"]}
    assert fake_slurm.calls("sbatch")[-1] == f"--parsable --array=0,1,2,3%2 {found['folder']}/short/job.sh"
    text = (Path(found["folder"]) / "short" / "job.sh").read_text(encoding="utf-8")
    assert "models=(fake-a fake-a fake-b fake-b)\nmodel=${models[$task]}\n" in text
    assert "frames=(0:6 6:12 0:6 6:12)\nframe=${frames[$task]}\n" in text
    asked = f"-m mlipguide evaluate {labels} --max-frames=all --seed=3"
    assert f'{asked} --models "$model" --frames "$frame" --json >"$part" </dev/null' in text


def test_slices_put_together_are_what_one_process_finds_and_are_shown_without_a_model(
    submit: Submit, run: Run, labels: Path, two_models: FakeModels, fake_slurm: FakeSlurm
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLIPGUIDE_DATA_DIR", str(labels.parent / "whole"))
        whole = run("evaluate", labels, "--models", ",".join(MODELS), "--json").document
        expected = {one.accuracy.model: one for one in store.find().evaluations}
    submitted = submit("--split", "2")
    for task in (0, 2, 3):
        on_node(run, two_models, submitted, task, fingerprint=f"{task:016x}")
    fake_slurm.queue("1|1|CANCELLED|None")
    outcome = run("jobs", "collect", "--json").document
    (name,) = outcome["data"]["added"]
    assert name.startswith("fake-b-")
    (missing,) = [one["message"] for one in outcome["notices"] if one["kind"] == "slice_missing"]
    assert missing == (
        "fake-a is not whole yet: 1 of its 2 slices are there, not frames 6 to 11. "
        f"'mlipguide jobs resume {submitted['name']}' submits what ended without an answer."
    )
    assert "frames 6 to 11" in run("jobs", "resume").out
    assert fake_slurm.calls("sbatch")[-1].startswith("--parsable --array=1%2 ")
    on_node(run, two_models, submitted, 1, fingerprint=f"{1:016x}")
    second = run("jobs", "collect")
    assert "1 evaluation of" in second.out
    assert f"mlipguide evaluate {labels} --models=fake-a,fake-b" in second.out.replace("\n", " ").replace("  ", " ")
    third = run("jobs", "collect", "--json").document["data"]
    assert (third["added"], len(third["known"])) == ([], 2)

    stored = {one.accuracy.model: one for one in store.find().evaluations}
    for model in MODELS:
        assert numbers(stored[model]) == numbers(expected[model])
        assert [one.energy_predicted_ev for one in stored[model].frame_errors] == [
            one.energy_predicted_ev for one in expected[model].frame_errors
        ]
    assert [one.fingerprint for one in stored["fake-b"].places] == [f"{task:016x}" for task in (2, 3)]
    assert stored["fake-a"].slice is None
    opened = len(two_models.opened)
    shown = run("evaluate", labels, "--models", ",".join(MODELS), "--json").document
    assert len(two_models.opened) == opened
    for one, before in zip(shown["data"]["results"], whole["data"]["results"], strict=True):
        assert one == {**before, "reused": True, "evaluated_at": one["evaluated_at"]}
    assert shown["data"]["ranking"] == whole["data"]["ranking"]


def test_slices_that_do_not_go_together_are_not_put_together(
    submit: Submit, run: Run, labels: Path, two_models: FakeModels
) -> None:
    submitted = submit("--split", "2", models="fake-a")
    on_node(run, two_models, submitted, 0)
    write(labels, rattled(12, seed=7))
    on_node(run, two_models, submitted, 1)
    document = run("jobs", "collect", "--json").document
    assert document["data"]["added"] == []
    (said,) = [one["message"] for one in document["notices"] if one["kind"] == "slices_differ"]
    assert "fake-a: its slices are not put together, since the labels were changed between them." in said
    assert store.find().evaluations == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": "another"}, "their weights differ"),
        ({"versions": {"toy": "0.9"}}, "their packages differ (toy 1.0; toy 0.9)"),
        ({"dtype": "float64"}, "their settings compute something else"),
        ({"device": "cuda:0"}, None),
    ],
)
def test_what_keeps_slices_apart(change: dict[str, Any], words: str | None) -> None:
    plain = make_evaluation()
    one = replace(plain, accuracy=replace(plain.accuracy, versions={"toy": "1.0"}))
    settings = replace(one.accuracy.settings, **{name: change[name] for name in change if name in ("dtype", "device")})
    accuracy = replace(one.accuracy, settings=settings, versions=change.get("versions", {"toy": "1.0"}))
    other = replace(one, accuracy=accuracy, weights=change.get("weights", one.weights))
    assert difference_between([one, other]) == words


def test_what_is_known_is_not_submitted(submit: Submit, run: Run, labels: Path, cluster_file: Path) -> None:
    run("evaluate", labels, "--models", "fake-a")
    found = submit()
    assert [(one["model"], one["part"]) for one in found["tasks"]] == [("fake-b", None)]
    assert "known_evaluation" in {one["kind"] for one in found["notices"]}
    words = ("evaluate", labels, "--models", "fake-a", "--on", cluster_file)
    nothing = run(*words)
    assert nothing.code == ExitCode.BAD_INPUT
    assert "Nothing is left to submit." in nothing.err
    again = run(*words, "--reevaluate", "--partition", "long", "--json").document["data"]["runs"][0]
    assert [(one["model"], one["partition"]) for one in again["tasks"]] == [("fake-a", "long")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plot", "x.png"), "--plot shows a result"),
        (("--worst", "3", "x.extxyz"), "--worst shows a result"),
        (("--frames", "0:5"), "--frames names a slice"),
        (("--partition", "lng"), "Did you mean 'long'?"),
        (("--max-frames", "x"), "--max-frames: 'x'"),
        (("--models", "fake-c"), "fake-c"),
    ],
)
def test_what_nodes_cannot_do_is_refused_before_anything_is_queued(
    labels: Path, cluster_file: Path, run: Run, words: tuple[str, ...], message: str
) -> None:
    outcome = run("evaluate", labels, "--models", "fake-a", "--on", cluster_file, *words)
    assert outcome.code == ExitCode.BAD_INPUT
    assert message in outcome.err
    assert not jobs_dir().exists()


def test_a_dry_run_shows_the_script_of_one_partition(labels: Path, cluster_file: Path, run: Run) -> None:
    words = ("evaluate", labels, "--models", "fake-a", "--on", cluster_file, "--split", "2", "--dry-run")
    assert run(*words).out.count("#!/bin/bash -l") == 1
    assert not jobs_dir().exists()
    alone = run("evaluate", labels, "--models", "fake-a", "--split", "2")
    assert "--split goes with --on." in alone.err


@pytest.mark.parametrize(("count", "starts"), [(1, [0]), (2, [0, 6]), (4, [0, 3, 6, 9]), (99, list(range(12)))])
def test_slices_hold_every_chosen_frame_once(labels: Path, count: int, starts: list[int]) -> None:
    request = LabelRequest(path=labels, keys=NO_CHOICE, max_frames=None)
    found = open_labels(request, lambda _message, _share: None)
    slices = slices_of(found, count)
    assert [one.start for one in slices] == starts
    assert sorted(frame for one in slices for frame in range(12) if frame in one) == list(range(12))


def test_slices_are_of_about_as_many_atoms(tmp_path: Path) -> None:
    large = [atoms.repeat((3, 1, 1)) for atoms in rattled(2)]
    for one, atoms in zip(large, rattled(2), strict=True):
        one.calc = atoms.calc
        one.calc.results["forces"] = atoms.get_forces().repeat(3, axis=0)
    path = write(tmp_path / "mixed.extxyz", [*rattled(6), *large])
    found = open_labels(LabelRequest(path=path, keys=NO_CHOICE, max_frames=None), lambda _message, _share: None)
    assert [(one.start, one.stop) for one in slices_of(found, 2)] == [(0, 6), (6, 8)]
