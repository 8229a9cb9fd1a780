"""What identifies a stored evaluation: what is computed on which frames, not the machine; and what older files keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factories import SETTINGS
from fake_models import FakeModels, Run, fake_card, make_machine
from kept_records import make_evaluation
from labelled import OffEMT, rattled, write
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.core.paths import evidence_dir
from mlipguide.records.accuracy.stored_evaluation import FrameRange, StoredEvaluation
from mlipguide.records.hardware.machine import Gpu, GpuVendor
from mlipguide.records.timing.axes import AxisChoice
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.store import evidence as store
from mlipguide.testing.in_process import in_process_session

TF32 = AxisChoice(axis="tf32", value="on")
PINNED = AxisChoice(axis="pinning", value="cores")
OLD_NAME = "fake-a-0123456789ab"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write(tmp_path / "Cu.extxyz", rattled(5))


@pytest.fixture
def evaluate(
    fake_models: FakeModels, run: Run, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Evaluate a model that is 20 meV/Å off, on the machine that ``fake_models`` has at the time."""
    options = partial(evaluate_workflow.Options, opener=fake_models.open, probe=fake_models.probe)
    monkeypatch.setattr(evaluate_workflow, "Options", options)
    fake_models.add("fake-a", fake_card("fake-a"))
    fake_models.makers["fake-a"] = lambda: in_process_session(OffEMT(noise=0.025, shift_ev=2.0), elements=(29,))

    def call(*words: str | Path) -> dict[str, Any]:
        document = run("evaluate", labels, "--models", "fake-a", "--json", *words).document
        assert document["status"] == "success", document["errors"]
        return document

    return call


def node() -> Any:
    """Return another machine, with a GPU and more cores."""
    gpu = Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name="NVIDIA A100-SXM4-80GB",
        memory_bytes=80 * 2**30,
        memory_used_bytes=0,
        driver="570.0",
        compute_capability="8.0",
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=None,
        uuid=None,
    )
    machine = make_machine(gpus=(gpu,), fingerprint="f" * 16)
    return replace(machine, cpu=replace(machine.cpu, usable_cores=64.0))


def with_settings(**changes: Any) -> StoredEvaluation:
    plain = make_evaluation()
    settings = replace(SETTINGS, **changes)
    return replace(plain, accuracy=replace(plain.accuracy, settings=settings))


def test_the_name_holds_what_is_computed_and_no_machine() -> None:
    name = store.record_name(make_evaluation())
    for same in (
        {"threads": 64},
        {"device": "cuda:3"},
        {"allocator": Allocator.RETAIN},
        {"ranks": 4},
        {"choices": (PINNED,)},
    ):
        assert store.record_name(with_settings(**same)) == name, same
    for other in ({"dtype": "float64"}, {"choices": (TF32,)}, {"driver": "lammps"}):
        assert store.record_name(with_settings(**other)) != name, other


def test_what_a_node_with_a_gpu_evaluated_is_shown_elsewhere_without_a_model(
    fake_models: FakeModels, evaluate: Callable[..., dict[str, Any]]
) -> None:
    fake_models.machine = node()
    first = evaluate()
    (stored,) = store.find().evaluations
    (place,) = stored.places
    assert (place.fingerprint, place.settings.device, place.frames) == ("f" * 16, "cuda:0", 5)
    fake_models.machine, opened = make_machine(), len(fake_models.opened)
    again = evaluate()
    assert len(fake_models.opened) == opened
    assert again["data"]["results"] == [{**first["data"]["results"][0], "reused": True}]
    (said,) = [one["message"] for one in again["notices"] if one["kind"] == "reused_evaluation"]
    assert "fake-a (on another machine)" in said
    evaluate("--reevaluate")
    (stored,) = store.find().evaluations
    assert [one.fingerprint for one in stored.places] == ["0123456789abcdef"]


def test_what_decides_the_numbers_decides_the_reuse(
    fake_models: FakeModels, evaluate: Callable[..., dict[str, Any]]
) -> None:
    evaluate()
    (path,) = evidence_dir().glob("*/*.json")
    stored = store.read(path)
    changes: list[tuple[dict[str, Any], bool]] = [
        ({"choices": (PINNED,)}, True),
        ({"device": "cuda:1", "threads": 7, "ranks": 2, "allocator": Allocator.DEFAULT}, True),
        ({"choices": (TF32,)}, False),
        ({"dtype": "float64"}, False),
    ]
    for change, reused in changes:
        for one in evidence_dir().glob("*/*.json"):
            one.unlink()
        settings: Settings = replace(stored.accuracy.settings, **change)
        store.save(replace(stored, accuracy=replace(stored.accuracy, settings=settings)))
        opened = len(fake_models.opened)
        evaluate()
        assert (len(fake_models.opened) == opened) is reused, change


def test_an_evaluation_of_the_fourth_version_keeps_what_it_knew_and_its_name(
    fake_models: FakeModels, evaluate: Callable[..., dict[str, Any]]
) -> None:
    fake_models.machine = node()
    first = evaluate()
    (path,) = evidence_dir().glob("*/*.json")
    old = json.loads(path.read_text(encoding="utf-8")) | {"format": 4}
    for name in ("places", "slice"):
        del old["evaluation"][name]
    old["evaluation"]["record"] = OLD_NAME
    path.unlink()
    path = path.with_name(f"{OLD_NAME}.json")
    path.write_text(json.dumps(old), encoding="utf-8")
    stored = store.read(path)
    (place,) = stored.places
    assert (place.fingerprint, place.settings, place.frames) == (None, stored.accuracy.settings, 5)
    assert (place.settings.device, place.settings.threads, stored.slice) == ("cuda:0", 64, None)
    fake_models.machine, opened = make_machine(), len(fake_models.opened)
    assert evaluate()["data"]["results"] == [{**first["data"]["results"][0], "reused": True}]
    assert len(fake_models.opened) == opened
    evaluate("--reevaluate")
    assert path.exists(), "what an earlier version kept stays beside what is evaluated anew"
    assert len(store.find().evaluations) == 2


def test_a_slice_is_evaluated_alone_and_is_no_evidence(
    fake_models: FakeModels, evaluate: Callable[..., dict[str, Any]], labels: Path, run: Run
) -> None:
    document = evaluate("--frames", "1:3")
    assert document["data"]["results"][0]["frames"] == 2
    (stored,) = store.find().evaluations
    assert stored.asked_frames == {1, 2}
    assert stored.slice == FrameRange(1, 3)
    opened = len(fake_models.opened)
    evaluate("--frames", "1:3")
    assert len(fake_models.opened) == opened
    answer = run("recommend", labels, "--models", "fake-a", "--no-measure", "--json").document
    assert {one["evidence"]["kind"] for one in answer["data"]["candidates"]} == {"leaderboard"}
    assert evaluate()["data"]["results"][0]["frames"] == 5
    answer = run("recommend", labels, "--models", "fake-a", "--no-measure", "--json").document
    assert {one["evidence"]["kind"] for one in answer["data"]["candidates"]} == {"user-labels"}


@pytest.mark.parametrize("text", ["5", "5:", ":5", "5:5", "6:5", "-1:5", "a:b", "20:30"])
def test_what_is_no_slice_is_refused(
    evaluate: Callable[..., dict[str, Any]], labels: Path, run: Run, text: str
) -> None:
    del evaluate
    (error,) = run("evaluate", labels, "--models", "fake-a", f"--frames={text}", "--json").document["errors"]
    assert error["message"].startswith("--frames")
    assert error["hint"]
