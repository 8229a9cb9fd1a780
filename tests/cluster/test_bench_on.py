"""``bench --on`` and ``jobs``: what is asked of SLURM, what is told of its answers, and that records come back once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run, fake_card
from fake_slurm import FakeSlurm
from mlipguide.cluster.run_files import find_run, machines_of
from mlipguide.commands.on_cluster import jobs
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import jobs_dir, measurements_dir
from mlipguide.records.models.model_card import WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.store import measurements as store
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"


pytestmark = pytest.mark.usefixtures("two_models", "fake_slurm")


@pytest.fixture
def two_models(fake_models: FakeModels) -> FakeModels:
    """Two models whose times are known."""
    fake_models.add("fake-a", time_law=linear(1e-3))
    fake_models.add("fake-b", time_law=linear(2e-3))
    return fake_models


@pytest.fixture
def refused(cluster_file: Path, run: Run) -> Callable[..., dict[str, Any]]:
    """Try to submit, and return the error."""

    def ask(*words: str) -> dict[str, Any]:
        document = run("bench", SILICON, "--models", "fake-a", *words, "--on", cluster_file, "--json").document
        (error,) = document["errors"]
        assert error["hint"]
        assert not jobs_dir().exists() or list(jobs_dir().iterdir()) == []
        return dict(error)

    return ask


@pytest.fixture
def submitted(cluster_file: Path, run: Run) -> dict[str, Any]:
    """The run of both models on both partitions, as ``--json`` tells it."""
    outcome = run("bench", SILICON, "--models", "fake-a,fake-b", "--sizes", "8,64", "--on", cluster_file, "--json")
    assert outcome.code == ExitCode.DONE, outcome.out + outcome.err
    (found,) = outcome.document["data"]["runs"]
    return dict(found)


def on_node(run: Run, submitted: dict[str, Any], partition: str, task: int, *, killed: bool = False) -> None:
    """Do what a task does on a node: bench into the data folder of its part, and leave its answer."""
    part = Path(submitted["folder"]) / partition
    asked = find_run(submitted["name"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLIPGUIDE_DATA_DIR", str(part / "data"))
        outcome = run(*asked.words, "--models", asked.tasks[task].model, "--json")
    if not killed:
        (part / "results" / f"{task}.json").write_text(outcome.out, encoding="utf-8")


def answered(submitted: dict[str, Any], partition: str, task: int, **document: Any) -> Path:
    """Leave an answer of a task."""
    path = Path(submitted["folder"]) / partition / "results" / f"{task}.json"
    path.write_text(json.dumps({"data": {}, "errors": [], **document}), encoding="utf-8")
    return path


def states(document: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str | None]]:
    (found,) = document["data"]["runs"]
    return {(one["partition"], one["model"]): (one["state"], one["reason"]) for one in found["tasks"]}


def test_an_array_for_each_partition_and_a_task_for_each_model(
    submitted: dict[str, Any], fake_slurm: FakeSlurm
) -> None:
    folder = submitted["folder"]
    assert fake_slurm.calls("sbatch") == [
        f"--test-only {folder}/short/job.sh",
        f"--test-only {folder}/long/job.sh",
        f"--parsable --array=0,1%2 {folder}/short/job.sh",
        f"--parsable --array=0,1 {folder}/long/job.sh",
    ]
    assert [(one["partition"], one["model"], one["job"]) for one in submitted["tasks"]] == [
        ("short", "fake-a", "1_0"),
        ("short", "fake-b", "1_1"),
        ("long", "fake-a", "2_0"),
        ("long", "fake-b", "2_1"),
    ]
    text = (Path(folder) / "long" / "job.sh").read_text(encoding="utf-8")
    assert f" -m mlipguide bench {SILICON} --sizes=8,64 --models" in text
    assert "--gres=gpu:1" in text


def test_a_dry_run_writes_and_asks_nothing(fake_slurm: FakeSlurm, cluster_file: Path, run: Run) -> None:
    words = ("bench", SILICON, "--models", "fake-a", "--on", cluster_file, "--dry-run")
    page = run(*words)
    assert page.code == ExitCode.DONE
    assert page.out.count("#!/bin/bash -l") == 2
    assert "#SBATCH --account=physics" in page.out
    assert [one["partition"] for one in run(*words, "--json").checked["data"]["scripts"]] == ["short", "long"]
    assert fake_slurm.calls("sbatch") == []
    assert not jobs_dir().exists()


def test_of_one_time_law_one_checkpoint_is_timed(fake_models: FakeModels, cluster_file: Path, run: Run) -> None:
    card = fake_card("fake-c")
    fake_models.add("fake-c", replace(card, architecture=replace(card.architecture, time_law="fake-a")))
    asked = ("bench", SILICON, "--models", "fake-a,fake-c", "--on", cluster_file, "--json")
    document = run(*asked).document
    assert {one["model"] for one in document["data"]["runs"][0]["tasks"]} == {"fake-a"}
    assert "shared_time_law" in {one["kind"] for one in document["notices"]}
    assert len(run(*asked, "--each").document["data"]["runs"][0]["tasks"]) == 4


def test_states_come_from_answers_then_the_queue_then_the_accounts(
    submitted: dict[str, Any], fake_slurm: FakeSlurm, run: Run
) -> None:
    answered(submitted, "short", 0)
    fake_slurm.queue("1|0|FAILED|None", "1|1|TIMEOUT|TimeLimit", "2|0|PENDING|Priority")
    fake_slurm.accounts("2_1|NODE_FAIL", "1_1|COMPLETED")
    assert states(run("jobs", "list", submitted["name"], "--json").checked) == {
        ("short", "fake-a"): ("done", None),
        ("short", "fake-b"): ("ended", "it hit its time limit"),
        ("long", "fake-a"): ("waiting", "Priority"),
        ("long", "fake-b"): ("ended", "its node failed"),
    }
    fake_slurm.queue()
    fake_slurm.accounts()
    fake_slurm.refuse("squeue", "slurm_load_jobs error: Invalid job id specified")
    assert states(run("jobs", "list", "--json").document)["long", "fake-a"][0] == "ended"
    page = run("jobs", "list").out
    assert "of 4 tasks 1 done, 3 ended" in page
    assert f"mlipguide jobs resume {submitted['name']}" in page


def test_only_what_left_no_answer_is_submitted_again(
    submitted: dict[str, Any], fake_slurm: FakeSlurm, run: Run
) -> None:
    answered(submitted, "short", 0)
    failed = answered(submitted, "long", 0, data=None, errors=[{"message": "No weights."}])
    fake_slurm.queue("1|1|CANCELLED|None", "2|1|RUNNING|None")
    document = run("jobs", "resume", "--time-limit", "1h", "--json").checked
    assert fake_slurm.calls("sbatch")[4:] == [
        f"--parsable --array=1%2 --time=0-01:00:00 {submitted['folder']}/short/job.sh"
    ]
    (found,) = document["data"]["runs"]
    assert [one["job"] for one in found["tasks"]] == ["1_0", "3_1", "2_0", "2_1"]
    assert states(document)["long", "fake-a"] == ("failed", "No weights.")
    fake_slurm.queue("3|1|RUNNING|None", "2|1|RUNNING|None")
    nothing = run("jobs", "resume")
    assert nothing.code == ExitCode.BAD_INPUT
    assert "--failed" in nothing.err
    assert run("jobs", "resume", "--failed", "--json").document["data"]["runs"][0]["tasks"][2]["job"] == "4_0"
    assert not failed.exists()


def test_cancel_ends_what_is_open_alone(submitted: dict[str, Any], fake_slurm: FakeSlurm, run: Run) -> None:
    answered(submitted, "short", 0)
    fake_slurm.queue("1|1|RUNNING|None", "2|0|PENDING|Priority", "2|1|TIMEOUT|None")
    assert run("jobs", "cancel").code == ExitCode.DONE
    assert fake_slurm.calls("scancel") == ["1_1", "2_0"]
    fake_slurm.queue()
    assert "Nothing of" in run("jobs", "cancel").err


def test_watch_waits_for_the_last_task(submitted: dict[str, Any], fake_slurm: FakeSlurm) -> None:
    turns: list[float] = []

    def let_pass(seconds: float) -> None:
        turns.append(seconds)
        if len(turns) == 1:
            fake_slurm.queue("1|1|RUNNING|None")
            for partition, task in (("short", 0), ("long", 0), ("long", 1)):
                answered(submitted, partition, task)
        else:
            answered(submitted, "short", 1)

    fake_slurm.queue(*(f"{job}|{task}|PENDING|Priority" for job in (1, 2) for task in (0, 1)))
    told: list[tuple[str, float]] = []
    result = jobs.watch(every_s=5.0, sleep=let_pass, on_progress=lambda words, share: told.append((words, share)))
    assert turns == [5.0, 5.0]
    assert told == [
        (f"{submitted['name']}: 4 waiting", 0.0),
        (f"{submitted['name']}: 1 running, 3 done", 0.75),
    ]
    assert result.exit_code == ExitCode.DONE


def test_records_come_back_once_and_those_of_a_killed_task_too(
    submitted: dict[str, Any], fake_slurm: FakeSlurm, run: Run
) -> None:
    on_node(run, submitted, "short", 0)
    on_node(run, submitted, "short", 1, killed=True)
    fake_slurm.queue("1|1|TIMEOUT|None", "2|0|PENDING|None", "2|1|PENDING|None")
    assert not measurements_dir().exists()
    first = run("jobs", "collect", "--json").checked["data"]
    assert (len(first["added"]), first["known"]) == (4, [])
    found = store.find("0123456789abcdef").measurements
    assert sorted((one.model, one.atoms) for one in found) == [
        ("fake-a", 8),
        ("fake-a", 64),
        ("fake-b", 8),
        ("fake-b", 64),
    ]
    assert [machine.fingerprint for machine in machines_of("test", "short")] == ["0123456789abcdef"]
    assert machines_of("test", "long") == ()
    on_node(run, submitted, "long", 0)
    second = run("jobs", "collect", "--json").document["data"]
    assert (len(second["added"]), len(second["known"])) == (2, 4)
    third = run("jobs", "collect")
    assert "0 records of" in third.out
    assert "6 had come before" in third.out
    assert len(store.find("0123456789abcdef").measurements) == 6


def test_a_damaged_record_is_set_aside_and_the_others_come(submitted: dict[str, Any], run: Run) -> None:
    on_node(run, submitted, "short", 0)
    (first, *_) = sorted((Path(submitted["folder"]) / "short" / "data" / "measurements").glob("*/*.json"))
    first.write_text("{", encoding="utf-8")
    document = run("jobs", "collect", "--json").document
    assert len(document["data"]["added"]) == 1
    assert "unreadable_measurement" in {one["kind"] for one in document["notices"]}


@pytest.mark.parametrize(
    ("complaint", "kind", "words"),
    [
        (
            "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified",
            "unknown_account",
            "SLURM refuses the account physics on partition short.",
        ),
        ("allocation failure: Invalid qos specification", "unknown_qos", "quality of service"),
        ("allocation failure: Requested time limit is invalid (missing or exceeds some limit)", "time_limit", "longer"),
        ("allocation failure: Invalid generic resource (gres) specification", "gpus_unknown", "no such GPUs"),
        ("allocation failure: Requested node configuration is not available", "no_such_node", "No node"),
        (
            "sbatch: error: Unable to contact slurm controller (connect failure)",
            "scheduler_unreachable",
            "does not answer",
        ),
        (
            "sbatch: error: something new",
            "scheduler_refused",
            "sbatch failed for partition short: sbatch: error: something",
        ),
    ],
)
def test_what_sbatch_complains_of_is_told_before_anything_is_queued(
    fake_slurm: FakeSlurm, refused: Callable[..., dict[str, Any]], complaint: str, kind: str, words: str
) -> None:
    fake_slurm.refuse("sbatch", complaint)
    error = refused()
    assert error["kind"] == kind
    assert words in error["message"]


@pytest.mark.parametrize(
    ("nodes", "kind", "words"),
    [
        (("up|30:00|1|down*",), "nodes_down", "its one node is down, drained or silent"),
        (("up|30:00|3|drain", "up|30:00|2|idle*"), "nodes_down", "all 5 are down, drained or silent"),
        (("down|30:00|1|idle",), "partition_down", "takes no jobs now"),
        (("up|5:00|1|idle",), "time_limit", "allows 5 min, and the cluster's file asks for 10 min"),
        ((), "unknown_partition", "SLURM knows no partition short. Did you mean 'short'?"),
    ],
)
def test_what_sinfo_says_stands_against_a_partition(
    fake_slurm: FakeSlurm, refused: Callable[..., dict[str, Any]], nodes: tuple[str, ...], kind: str, words: str
) -> None:
    fake_slurm.nodes(*nodes)
    error = refused()
    assert error["kind"] == kind
    assert words in error["message"]


def test_some_nodes_down_is_no_error(fake_slurm: FakeSlurm, cluster_file: Path, run: Run) -> None:
    fake_slurm.nodes("up|infinite|3|down*", "up|infinite|1|alloc", "up|infinite|2|idle~")
    assert run("bench", SILICON, "--models", "fake-a", "--on", cluster_file).code == ExitCode.DONE


def test_without_slurm_it_says_where_to_go(
    cluster_file: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = run("bench", SILICON, "--models", "fake-a", "--on", cluster_file)
    assert outcome.code == ExitCode.ENVIRONMENT_FAILED
    assert "sinfo is not on this machine." in outcome.err
    assert "login node" in outcome.err


def test_a_budget_longer_than_the_time_limit_is_refused(
    fake_slurm: FakeSlurm, refused: Callable[..., dict[str, Any]]
) -> None:
    error = refused("--budget", "15m")
    assert error["kind"] == "time_limit"
    assert error["hint"] == "Write time_limit: 16m or more, or lower --budget."
    assert fake_slurm.calls("sinfo") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--save", "x"), "--save keeps a run of this machine"),
        (("--sizes", "x"), "--sizes: 'x' is not a number of atoms"),
        (("--models", "fake-c"), "fake-c"),
    ],
)
def test_what_bench_would_refuse_is_refused_before_it_is_queued(
    fake_slurm: FakeSlurm, cluster_file: Path, run: Run, words: tuple[str, str], message: str
) -> None:
    outcome = run("bench", SILICON, "--models", "fake-a", *words, "--on", cluster_file)
    assert outcome.code == ExitCode.BAD_INPUT
    assert message in outcome.err
    assert fake_slurm.calls("sbatch") == []


@pytest.mark.parametrize(
    ("origin", "synthetic", "words"),
    [
        (WeightsOrigin.DOWNLOAD, True, "fake-d is timed with random weights"),
        (WeightsOrigin.DOWNLOAD, False, "fake-d: Not timed: its weights are not on this machine."),
        (WeightsOrigin.GATED, False, "HF_TOKEN is not set"),
    ],
)
def test_weights_that_are_not_here_are_told_before_the_queue(
    fake_models: FakeModels,
    run: Run,
    cluster_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    origin: WeightsOrigin,
    synthetic: bool,
    words: str,
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    weights = WeightsFact(origin=origin, name="d", url="https://example.invalid/d/resolve/x", synthetic=synthetic)
    fake_models.add("fake-d", replace(fake_card("fake-d"), weights=weights))
    outcome = run("bench", SILICON, "--models", "fake-d", "--on", cluster_file, "--dry-run")
    assert words in outcome.err
    assert outcome.code == (ExitCode.DONE if synthetic else ExitCode.ENVIRONMENT_FAILED)


def test_dry_run_needs_a_cluster(run: Run) -> None:
    outcome = run("bench", SILICON, "--models", "fake-a", "--dry-run")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "--dry-run goes with --on." in outcome.err


def test_scripts_of_other_schedulers_are_written_and_submitted_by_hand(
    fake_slurm: FakeSlurm, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "pbs.yaml"
    path.write_text(
        "name: other\nscheduler: pbs\npartitions:\n  - {name: q, time_limit: 10m, cores: 64}\n", encoding="utf-8"
    )
    page = run("bench", SILICON, "--models", "fake-a", "--on", path).out
    assert "its scripts are to be submitted by hand" in page.replace("\n", " ")
    (script,) = Path(jobs_dir()).glob("*/q/job.sh")
    assert f"  qsub {script}\n" in page
    assert os.access(script, os.X_OK)
    assert fake_slurm.calls("sbatch") == []
    assert "submits nothing" in run("jobs", "cancel").err


def test_there_is_no_run_yet(run: Run) -> None:
    assert "There is no run on a cluster yet." in run("jobs", "list").out
    assert "There is no run on a cluster yet." in run("jobs", "watch").err
