"""Ctrl-C, and a batch system's SIGTERM: everything ends in order, and what was measured is kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from fake_models import STRUCTURES
from mlipguide.core.errors import ExitCode
from mlipguide.store.measurements import read
from toy_plugin import ToyPlugin

SUBJECT = [str(STRUCTURES / "Si.POSCAR")]
LIMIT_S = 60.0
STAGES = """
import sys
from mlipguide.__main__ import main
from mlipguide.report.progress import PlainLines
PlainLines.timing = lambda self, models: None
sys.exit(main(sys.argv[1:]))
"""
"""The program, which tells every stage of measuring in place of a line for each finished model."""


@dataclass(frozen=True)
class Interrupted:
    """What was left of a command."""

    code: int
    out: str
    err: str
    took_s: float
    survivors: list[psutil.Process]
    children: int


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mlipguide", *words]


def interrupt(words: list[str], number: signal.Signals, *, mark: str, times: int) -> Interrupted:
    """Run a command and send it a signal when it has told ``mark`` so many times."""
    process = subprocess.Popen(
        [sys.executable, "-c", STAGES, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stderr:
            lines.append(line)
            if sum(mark in told for told in lines) == times:
                break
        children = psutil.Process(process.pid).children(recursive=True)
        start = time.monotonic()
        process.send_signal(number)
        out, rest = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
        process.wait()
    survivors = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    return Interrupted(
        process.returncode, out, "".join(lines) + rest, time.monotonic() - start, survivors, len(children)
    )


def records(plugin: ToyPlugin) -> list[Path]:
    return sorted((plugin.site.parent / "data" / "measurements").glob("*/*.json"))


def test_ctrl_c_while_measuring_keeps_what_was_measured_and_answers_by_it(toy_plugin: ToyPlugin) -> None:
    toy_plugin.add("plain", "hangs@90")
    words = ["recommend", *SUBJECT, "--atoms", "96", "--measure-budget", "60s", "--json"]
    # Both are measured at 32 atoms and one at 96; then the other one is asked, and does not answer.
    ended = interrupt([*words, "--models", "toy-plain,toy-hangs-at-90"], signal.SIGINT, mark="measuring toy", times=4)
    assert ended.code == ExitCode.INTERRUPTED
    assert ended.survivors == []
    assert ended.children == 2
    so_far = json.loads(ended.out)
    assert "interrupted" in {notice["kind"] for notice in so_far["notices"]}
    assert {one["model"]: one["step_time_s"] is not None for one in so_far["data"]["candidates"]} == {
        "toy-plain": True,
        "toy-hangs-at-90": True,
    }
    assert "Traceback" not in ended.err
    assert ended.took_s < 10
    assert not list((toy_plugin.site.parent / "data").rglob("*.part"))
    kept = [read(path) for path in records(toy_plugin)]
    assert {(item.model, item.atoms) for item in kept} == {
        ("toy-plain", 32),
        ("toy-plain", 96),
        ("toy-hangs-at-90", 32),
    }
    assert all(item.steady.wall_s for item in kept)

    again = subprocess.run(
        command(*words, "--models", "toy-plain"), capture_output=True, text=True, check=True, timeout=LIMIT_S
    )
    document = json.loads(again.stdout)
    assert document["status"] == "success"
    assert "reused" in {notice["kind"] for notice in document["notices"]}
    (candidate,) = document["data"]["candidates"]
    assert set(candidate["measured"]) == {item.record for item in kept if item.model == "toy-plain"}
    assert "a step of" not in again.stderr
    assert len(records(toy_plugin)) == len(kept)


def test_ctrl_c_before_anything_is_measured_gives_no_answer(toy_plugin: ToyPlugin) -> None:
    toy_plugin.add("slow")
    words = ["recommend", *SUBJECT, "--atoms", "96", "--json", "--models", "toy-slow"]
    ended = interrupt(words, signal.SIGINT, mark="loading toy", times=1)
    assert ended.code == ExitCode.INTERRUPTED
    assert ended.survivors == []
    assert ended.out == ""
    assert "interrupted; what was measured is kept" in ended.err


def test_the_end_of_a_batch_job_while_models_load(toy_plugin: ToyPlugin) -> None:
    toy_plugin.add("plain", "slow")
    words = ["bench", *SUBJECT, "--max-atoms", "32", "--models", "toy-plain,toy-slow"]
    ended = interrupt(words, signal.SIGTERM, mark="loading toy", times=1)
    assert ended.code == ExitCode.INTERRUPTED
    assert ended.survivors == []
    assert "interrupted" in ended.err
    assert "Traceback" not in ended.err
    assert ended.took_s < 10
    assert records(toy_plugin) == []


def test_ctrl_c_while_tuning_gives_the_answer_so_far(toy_plugin: ToyPlugin) -> None:
    toy_plugin.add("plain")
    words = ["tune", *SUBJECT, "--models", "toy-plain", "--budget", "60s", "--json"]
    ended = interrupt(words, signal.SIGINT, mark="in turn with the default", times=1)
    assert ended.code == ExitCode.INTERRUPTED
    assert ended.survivors == []
    assert "Traceback" not in ended.err
    assert ended.took_s < 10
    data = json.loads(ended.out)["data"]
    assert data["interrupted"]
    assert data["results"][0]["speed_up"] is None
    assert not list((toy_plugin.site.parent / "data" / "tunings").glob("*/*.json"))
