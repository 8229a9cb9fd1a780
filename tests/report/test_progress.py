"""What is told while models are timed: a table on a terminal, elsewhere a line for each model."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from factories import make_estimate
from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.records.timing.model_timing import ModelTiming, TimingPhase
from mlipguide.report.progress import LiveTable, PlainLines, progress, timing_table
from mlipguide.sessions.errors import FailureKind
from mlipguide.testing.fake_session import linear

A = ModelTiming(model="a", phase=TimingPhase.TIMING, atoms=28, step_time_s=make_estimate(0.5, spread=2.0))
A_DONE = ModelTiming(model="a", phase=TimingPhase.DONE, atoms=1_000, step_time_s=make_estimate(2.0, spread=1.02))
B = ModelTiming(model="b", phase=TimingPhase.LOADING)
B_FAILED = ModelTiming(model="b", phase=TimingPhase.FAILED, problem="It crashed.")


def text_of(console_of: object, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(console_of)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_each_model_is_one_line_when_it_is_finished(capsys: pytest.CaptureFixture[str]) -> None:
    report = PlainLines()
    report("timing 2 models: at most 75 s", 0.0)
    report.timing([A, B])
    report("measuring a, 28 atoms", 0.5)
    report.timing([A_DONE, B])
    report("measuring b, 28 atoms", 0.7)
    report.timing([A_DONE, B_FAILED])
    report.timing([A_DONE, B_FAILED])
    report("carrying over", 1.0)
    assert capsys.readouterr().err.splitlines() == [
        "mlipguide: timing 2 models: at most 75 s",
        "mlipguide: a: a step of 1,000 atoms takes 2 s (1.96 to 2.04 s)",
        "mlipguide: b: failed: It crashed.",
        "mlipguide: 100% carrying over",
    ]


def test_a_stage_is_one_line_however_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    report = PlainLines()
    for done in (0, 10, 20):
        report(f"evaluating a ({done} %), frame 1 of 9", 0.0)
    report("evaluating b (0 %), frame 1 of 9", 0.5)
    assert capsys.readouterr().err.splitlines() == [
        "mlipguide: evaluating a (0 %), frame 1 of 9",
        "mlipguide:  50% evaluating b (0 %), frame 1 of 9",
    ]


def test_the_table_shows_every_model_with_its_number_so_far() -> None:
    lines = text_of(timing_table([A, B, A_DONE, B_FAILED])).splitlines()
    assert lines[0].split() == ["Timing", "Atoms", "Step"]
    assert lines[1].split() == ["a", "28", "500", "ms", "(250", "ms", "to", "1", "s)", "timing"]
    assert lines[2].split() == ["b", "loading"]
    assert "1,000" in lines[3]
    assert "failed" in lines[4]


def test_the_table_settles_and_goes_when_all_is_done() -> None:
    shown = LiveTable()
    shown("measuring a [bold], 28 atoms", 0.25)
    shown.timing([A, B])
    drawn = text_of(shown.live.get_renderable())
    assert "500 ms" in drawn
    assert "measuring a [bold], 28 atoms" in drawn
    shown.timing([A_DONE, B_FAILED])
    assert "a step" not in text_of(shown.live.get_renderable())
    assert "1,000" not in text_of(shown.live.get_renderable())


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=True) as report:
        report("anything", 0.5)
        report.timing([A_DONE])
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_a_run_tells_how_long_it_takes_and_then_one_line_for_each_model(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3))
    fake_models.add("fake-b", time_law=linear(1e-2))
    fake_models.add("fake-bad", fails_at={0: FailureKind.CRASHED})
    outcome = run("recommend", STRUCTURES / "LiFePO4.cif", "--models", fake_models.names)
    told = [line.removeprefix("mlipguide: ") for line in outcome.err.splitlines() if line.startswith("mlipguide: ")]
    assert told[0].startswith("timing 3 models on this machine: at most ")
    assert sorted(line.partition(":")[0] for line in told[1:]) == ["fake-a", "fake-b", "fake-bad"]
    assert all("takes" in line or "failed" in line for line in told[1:])
