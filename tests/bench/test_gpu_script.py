"""``benchmarks/gpu.py --fake`` goes through all its steps, and one that fails does not stop the others."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import ase.io
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    import gpu

    yield gpu
    for name in {"gpu", "gpu_tables", "gpu_fakes"} - before:
        sys.modules.pop(name, None)


def test_all_steps_on_a_fake_machine(gpu: ModuleType, tmp_path: Path) -> None:
    from gpu_fakes import MODELS

    code = gpu.main([str(tmp_path), "--fake", "--budget", "10s"])
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    for title, _ in gpu.STEPS:
        assert f"| {title} | done |" in summary, summary
    assert code == 0
    records = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("measurements/*/*.json")]
    seen = {(one["measurement"]["model"], one["measurement"]["settings"]["dtype"]) for one in records}
    assert seen == {(model, dtype) for model in MODELS for dtype in ("float32", "float64")}
    assert {one["measurement"]["settings"]["device"] for one in records} == {"cuda:0"}
    clocks = summary.partition("## Clocks and throttling")[2].partition("## ")[0]
    assert "| 61% |" in clocks
    assert "71 °C" in clocks
    memory = summary.partition("## Memory against prediction")[2].partition("## ")[0]
    largest = [line for line in memory.splitlines() if line.startswith("| fake-")]
    assert len(largest) == 8  # both models in both precisions: the peak, and the largest system
    assert all(line.endswith("| yes |") for line in largest), memory


def test_a_step_that_fails_is_told_and_the_others_go_on(
    gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_trip: object) -> list[str]:
        raise gpu.InputError("It is not there.", hint="Get it.")

    def stumble(_trip: object) -> list[str]:
        raise ZeroDivisionError("by zero")

    steps = (("Refused", refuse), ("Stumbled", stumble), ("Models", gpu.choose_models))
    monkeypatch.setattr(gpu, "STEPS", steps)
    trip = gpu.Trip(folder=tmp_path, tools=gpu.Tools(models=("a",)), budget="1s", adopted={}, wheels=None)
    summary, failed = gpu.travel(trip)
    assert failed == 2
    assert "**Failed**: It is not there. Get it." in summary
    assert "ZeroDivisionError: by zero" in summary
    assert "| Models | done |" in summary
    assert "Timed: a." in summary


def test_without_a_gpu_the_first_step_says_so(gpu: ModuleType, tmp_path: Path) -> None:
    from fake_models import make_machine

    trip = gpu.Trip(folder=tmp_path, tools=gpu.Tools(probe=make_machine), budget="1s", adopted={}, wheels=None)
    with pytest.raises(gpu.InputError, match="no GPU of NVIDIA"):
        gpu.look_around(trip)


def test_labels_that_no_network_is_needed_for(gpu: ModuleType, tmp_path: Path) -> None:
    from mlipguide.training.fit.data import FEWEST_FRAMES

    frames = ase.io.read(gpu.copper_frames(tmp_path), index=":")
    assert len(frames) == 60 >= FEWEST_FRAMES
    assert {frame.get_chemical_formula() for frame in frames} == {"Cu32"}
    assert all(abs(frame.get_forces()).max() > 0.1 for frame in frames)
