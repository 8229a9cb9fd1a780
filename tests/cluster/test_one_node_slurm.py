"""A real SLURM of one node: two models on two partitions, one job killed, one out of time, all finished at the end; and
two models on slices of labelled frames, of which one is killed.

``one_node_slurm.sh`` installs and starts it. It needs Debian's packages and root; elsewhere this is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, Run
from labelled import DATA
from mlipguide.cluster.run_files import find_run
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import DATA_VARIABLE, measurements_dir
from mlipguide.store import evidence
from toy_plugin import ToyPlugin

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parent / "one_node_slurm.sh"
SILICON = STRUCTURES / "Si.POSCAR"
LABELS = DATA / "Si.extxyz"
MODELS = ("toy-plain", "toy-dies-at-100000")
CLUSTER = """name: onenode
partitions:
  - name: short
    time_limit: 2m
    setup: ['[ "$SLURM_ARRAY_TASK_ID" != 1 ] || [ -e {mark} ] || {{ sleep 300; exit 1; }}']
  - name: long
    time_limit: 5m
    at_once: 1
    setup: ['[ "$SLURM_ARRAY_TASK_ID" != 0 ] || [ -e {mark} ] || {{ sleep 300; exit 1; }}']
"""
"""One task of each partition sleeps until there is a mark; a killed one does nothing after it."""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """SLURM on this machine, found by its commands."""
    if shutil.which("slurmctld") is None and (os.geteuid() != 0 or shutil.which("apt-get") is None):
        pytest.skip("SLURM is not installed, and without root and apt-get it cannot be")
    if os.geteuid() != 0:
        pytest.skip("SLURM's daemons start as root")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([SCRIPT, "start", folder], capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stdout + started.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield
    subprocess.run([SCRIPT, "stop", folder], check=True)


@pytest.fixture
def cluster(slurm: None, toy_plugin: ToyPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of that cluster; two toy models are in the catalogue.

    Jobs start login shells. What is in the user's profile may hold a lock that a killed job leaves behind, and for
    which all others wait (``pyenv init`` does, for a minute): they have a home of their own.
    """
    del slurm
    monkeypatch.setenv("HOME", str(tmp_path))
    toy_plugin.add("plain", "dies@100000")
    path = tmp_path / "cluster.yaml"
    path.write_text(CLUSTER.format(mark=tmp_path / "mark"), encoding="utf-8")
    return path


def until(holds: Callable[[], bool], *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def states(run: Run, *words: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    document = run("jobs", *(words or ("list",)), "--json").document
    assert document["status"] == "success", document["errors"]
    (found, *_) = document["data"]["runs"]
    return {(one["partition"], one["model"]): (one["state"], one["reason"]) for one in found["tasks"]}


def scontrol(*words: str) -> None:
    done = subprocess.run(["scontrol", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_two_models_on_slices_of_frames_are_one_evaluation_each(
    cluster: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("evaluate", LABELS, "--models", ",".join(MODELS))
    with monkeypatch.context() as patch:
        patch.setenv(DATA_VARIABLE, str(tmp_path / "one-process"))
        whole = run(*asked, "--json").document
        expected = {one.accuracy.model: one.frame_errors for one in evidence.find().evaluations}
    outcome = run(*asked, "--on", cluster, "--split", "2", "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    assert [(one["model"], one["part"]) for one in outcome.document["data"]["runs"][0]["tasks"]] == [
        (model, part) for model in MODELS for part in ("frames 0 to 3", "frames 4 to 7")
    ]

    def found(*words: str) -> list[tuple[str, str | None]]:
        tasks = run("jobs", *(words or ("list",)), "--json").document["data"]["runs"][0]["tasks"]
        return [(one["state"], one["reason"]) for one in tasks]

    until(lambda: found()[1][0] == "running")
    job = find_run(None).parts[0].submissions[0].job
    subprocess.run(["scancel", f"{job}_1"], check=True)
    assert run("jobs", "watch", "--every", "0.2s").code == ExitCode.MEASUREMENT_FAILED
    assert found() == [("done", None), ("ended", "it was cancelled"), ("done", None), ("done", None)]
    first = run("jobs", "collect", "--json").document
    assert [one.partition("-dies")[0] for one in first["data"]["added"]] == ["toy"]
    assert "slice_missing" in {one["kind"] for one in first["notices"]}
    (tmp_path / "mark").touch()
    found("resume")
    assert find_run(None).parts[0].submissions[-1].tasks == (1,)
    assert run("jobs", "watch", "--every", "0.2s").code == ExitCode.DONE
    second = run("jobs", "collect", "--json").document["data"]
    assert (len(second["added"]), second["known"]) == (1, first["data"]["added"])

    shown = run(*asked, "--json").document
    assert {one["model"]: one["reused"] for one in shown["data"]["results"]} == dict.fromkeys(MODELS, True)
    assert {one.accuracy.model: one.frame_errors for one in evidence.find().evaluations} == expected
    for one, before in zip(shown["data"]["results"], whole["data"]["results"], strict=True):
        assert one == {**before, "reused": True, "evaluated_at": one["evaluated_at"]}


@pytest.mark.parametrize(
    ("partition", "kind", "words"),
    [
        ("name: shrt, time_limit: 5m", "unknown_partition", "Did you mean 'short'?"),
        ("name: short, time_limit: 2h", "time_limit", "allows 10 min, and the cluster's file asks for 2 h"),
        ("name: guarded, time_limit: 5m, account: chemistry", "unknown_account", "refuses the account chemistry"),
        ("name: short, time_limit: 5m, gpus: 1", "gpus_unknown", "Partition short has no such GPUs."),
    ],
)
def test_what_slurm_refuses(cluster: Path, run: Run, partition: str, kind: str, words: str) -> None:
    cluster.write_text(f"name: onenode\npartitions:\n  - {{{partition}}}\n", encoding="utf-8")
    (error,) = run("bench", SILICON, "--models", MODELS[0], "--on", cluster, "--json").document["errors"]
    assert error["kind"] == kind
    assert words in error["message"]


def test_a_node_that_is_down_and_one_that_is_looked_at(cluster: Path, run: Run) -> None:
    node = subprocess.run(["sinfo", "-h", "-p", "short", "-o", "%n"], capture_output=True, text=True, check=True)
    name = node.stdout.strip()
    words = ("bench", SILICON, "--models", MODELS[0], "--budget", "2s", "--on", cluster, "--try-node", "--json")
    scontrol("update", f"NodeName={name}", "State=DOWN", "Reason=test")
    try:
        (error,) = run(*words).document["errors"]
        assert error["kind"] == "nodes_down"
    finally:
        scontrol("update", f"NodeName={name}", "State=RESUME")
    until(
        lambda: (
            subprocess.run(
                ["sinfo", "-h", "-p", "short", "-o", "%t"], capture_output=True, text=True, check=True
            ).stdout
            == "idle\n"
        )
    )
    cluster.write_text(
        "name: onenode\npartitions:\n  - {name: short, time_limit: 5m, mlipguide: no-such-program}\n", encoding="utf-8"
    )
    (error,) = run(*words).document["errors"]
    assert error["kind"] == "node_check"
    assert "no-such-program" in error["message"]
    cluster.write_text("name: onenode\npartitions:\n  - {name: short, time_limit: 5m}\n", encoding="utf-8")
    assert run(*words).document["data"]["runs"][0]["tasks"][0]["partition"] == "short"
    assert run("jobs", "cancel").code == ExitCode.DONE


def test_from_two_models_on_two_partitions_to_an_answer(cluster: Path, run: Run, tmp_path: Path) -> None:
    plain, other = MODELS
    asked = ("--models", ",".join(MODELS), "--sizes", "8", "--budget", "2s", "--threads", "1")
    assert run("bench", SILICON, *asked, "--on", cluster).code == ExitCode.DONE
    late, killed = ("short", other), ("long", plain)
    until(lambda: states(run)[late][0] == "running")
    job = find_run(None).parts[0].submissions[0].job
    scontrol("update", f"JobId={job}_1", "EndTime=now+1")  # seen every 30 s after SLURM's start
    until(lambda: states(run)[killed][0] == "running")
    subprocess.run(["scancel", f"{find_run(None).parts[1].submissions[0].job}_0"], check=True)
    assert run("jobs", "watch", "--every", "0.2s").code == ExitCode.MEASUREMENT_FAILED
    assert states(run) == {
        ("short", plain): ("done", None),
        late: ("ended", "it hit its time limit"),
        killed: ("ended", "it was cancelled"),
        ("long", other): ("done", None),
    }
    first = run("jobs", "collect", "--json").document["data"]
    assert len(first["added"]) == 2

    (tmp_path / "mark").touch()
    assert set(states(run, "resume").values()) <= {("waiting", None), ("waiting", "Resources"), ("running", None)} | {
        ("done", None)
    }
    parts = find_run(None).parts
    assert [part.submissions[-1].tasks for part in parts] == [(1,), (0,)]
    assert run("jobs", "watch", "--every", "0.2s").code == ExitCode.DONE
    second = run("jobs", "collect", "--json").document["data"]
    assert (len(second["added"]), sorted(second["known"])) == (2, sorted(first["added"]))
    assert len(list(measurements_dir().glob("*/*.json"))) == 4

    document: dict[str, Any] = run(
        "recommend", SILICON, "--atoms", "8", "--time", "1ps", "--models", ",".join(MODELS), "--on", cluster, "--json"
    ).document
    answers = document["data"]["answers"]
    assert sorted(one["partition"] for one in answers) == ["long", "short"]
    for answer in answers:
        for row in answer["candidates"]:
            assert row["measured"]
            assert row["candidate"]["step_time_s"]["basis"] == "measured"
            assert row["node_hours"]["value"] > 0
    page = run("recommend", SILICON, "--atoms", "8", "--time", "1ps", "--models", ",".join(MODELS), "--on", cluster).out
    assert page.startswith("Ask for a node of ")
