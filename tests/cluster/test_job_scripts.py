"""The scripts as texts, for three schedulers; those of SLURM run here too, as a shell would run them on a node."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlipguide.cluster.run_files import find_run, save_run
from mlipguide.cluster.scripts import limit_words, result_file, script_of
from mlipguide.cluster.submitting import write_run
from mlipguide.records.cluster.cluster import Cluster, Partition, Scheduler
from mlipguide.records.cluster.jobs import ClusterRun, ClusterTask, PartitionRun

SLURM_HEAD = """#!/bin/bash -l
#SBATCH --job-name=bench-1
#SBATCH --partition=gpu
#SBATCH --account=physics
#SBATCH --qos=normal
#SBATCH --time=0-00:30:00
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --exclusive
#SBATCH --mem=0
#SBATCH --gres=gpu:a100:1
#SBATCH --array=0-1%2
#SBATCH --no-requeue
#SBATCH --output=/runs/bench-1/gpu/logs/%a.log
#SBATCH --open-mode=append
#SBATCH --constraint=ib

export MLIPGUIDE_CACHE_DIR=/home/ada/cache
module load gcc/12 cuda/12.8 || exit 126
ulimit -c 0
export MLIPGUIDE_DATA_DIR=/runs/bench-1/gpu/data

task=${SLURM_ARRAY_TASK_ID:-${1:-0}}
models=(model-a model-b)
model=${models[$task]}
part=/runs/bench-1/gpu/results/$task.part
/venv/bin/python -m mlipguide bench '/home/ada/my Si.cif' --sizes=64,256 --models "$model" --json >"$part" </dev/null
"""
PBS_HEAD = """#!/bin/bash -l
#PBS -N bench-1
#PBS -q gpu
#PBS -A physics
#PBS -l walltime=00:30:00
#PBS -l select=1:ncpus=64:ngpus=1
#PBS -l place=scatter:excl
#PBS -J 0-1%2
#PBS -r n
#PBS -j oe
#PBS -o /runs/bench-1/gpu/logs/
#PBS --constraint=ib

"""
LSF_HEAD = """#!/bin/bash -l
#BSUB -J "bench-1[1-2]%2"
#BSUB -q gpu
#BSUB -P physics
#BSUB -W 0:30
#BSUB -n 64
#BSUB -R "span[hosts=1]"
#BSUB -x
#BSUB -gpu "num=1:gmodel=a100"
#BSUB -rn
#BSUB -o /runs/bench-1/gpu/logs/%I.log
#BSUB --constraint=ib

"""


def make_partition(**changes: Any) -> Partition:
    partition = Partition(
        name="gpu",
        time_limit_s=1800.0,
        account="physics",
        qos="normal",
        gpus=1,
        gpu_type="a100",
        gpus_per_node=4,
        cores=64,
        device=None,
        at_once=2,
        modules=("gcc/12 cuda/12.8",),
        setup=("ulimit -c 0",),
        command=("/venv/bin/python", "-m", "mlipguide"),
        options=("--constraint=ib",),
    )
    return replace(partition, **changes)


def make_run(scheduler: Scheduler = Scheduler.SLURM, folder: str = "/runs/bench-1", **changes: Any) -> ClusterRun:
    partition = make_partition(**changes)
    return ClusterRun(
        name="bench-1",
        created_at="2026-11-30T21:00:00+00:00",
        cluster=Cluster(name="test", scheduler=scheduler, folder=None, partitions=(partition,)),
        folder=folder,
        subject="Si.cif",
        words=("bench", "/home/ada/my Si.cif", "--sizes=64,256"),
        tasks=(ClusterTask.of_model("model-a"), ClusterTask.of_model("model-b")),
        parts=(PartitionRun(partition=partition),),
    )


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", "/home/ada/cache")
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "own"))


@pytest.mark.parametrize(
    ("scheduler", "head", "index", "submit"),
    [
        (Scheduler.SLURM, SLURM_HEAD, "task=${SLURM_ARRAY_TASK_ID:-${1:-0}}", "sbatch /runs/bench-1/gpu/job.sh"),
        (Scheduler.PBS, PBS_HEAD, "task=${PBS_ARRAY_INDEX:-${1:-0}}", "qsub /runs/bench-1/gpu/job.sh"),
        (Scheduler.LSF, LSF_HEAD, "task=$((${LSB_JOBINDEX:-1} - 1))", "bsub < /runs/bench-1/gpu/job.sh"),
    ],
)
def test_a_script_of_each_scheduler(scheduler: Scheduler, head: str, index: str, submit: str) -> None:
    run = make_run(scheduler)
    script = script_of(run, run.parts[0].partition)
    assert script.text.startswith(head)
    assert index in script.text.splitlines()
    assert script.command == submit
    checked = subprocess.run(["bash", "-n"], input=script.text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_is_not_stated_is_in_no_script() -> None:
    bare: dict[str, Any] = {
        "account": None,
        "qos": None,
        "gpus": 0,
        "gpu_type": None,
        "at_once": None,
        "modules": (),
        "options": (),
    }
    for scheduler in Scheduler:
        run = make_run(scheduler, **bare)
        text = script_of(run, run.parts[0].partition).text
        for word in ("physics", "qos", "gpu:", "ngpus", "-gpu ", "module", "None", "%2"):
            assert word not in text, (scheduler, word)
    one = replace(make_run(Scheduler.PBS), tasks=(ClusterTask.of_model("model-a"),))
    assert "#PBS -J" not in script_of(one, one.parts[0].partition).text  # an array of one is none there


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (90.0, ("0-00:02:00", "00:02:00", "0:02")),
        (36 * 3600.0, ("1-12:00:00", "36:00:00", "36:00")),
    ],
)
def test_time_limits(seconds: float, words: tuple[str, str, str]) -> None:
    assert tuple(limit_words(seconds, one) for one in Scheduler) == words


@pytest.mark.parametrize(
    ("program", "status", "answer"),
    [
        ("printf '%s' '{\"data\": {}}'", 0, {"data": {}}),
        ("printf '%s' '{\"data\": null}'; exit 5", 5, {"data": None}),
        ("printf '%s' '{\"data\"'; kill -TERM $$", 143, None),
        ("printf '%s' '{}'; exit 130", 130, None),
        ("exit 1", 1, None),
    ],
)
def test_an_answer_counts_where_the_program_came_to_its_end(
    tmp_path: Path, program: str, status: int, answer: dict[str, Any] | None
) -> None:
    run = make_run(folder=str(tmp_path / "run"), modules=(), command=("bash", "-c", program))
    write_run(run)
    partition = run.parts[0].partition
    done = subprocess.run(
        ["bash", script_of(run, partition).file],
        env={"PATH": os.environ["PATH"], "SLURM_ARRAY_TASK_ID": "1"},
        check=False,
    )
    assert done.returncode == status
    result = result_file(run, partition, 1)
    assert (json.loads(result.read_text()) if result.exists() else None) == answer


def test_a_run_of_the_first_version_had_a_task_for_each_model(tmp_path: Path) -> None:
    path = save_run(make_run(folder=str(tmp_path / "run")))
    document = json.loads(path.read_text(encoding="utf-8")) | {"format": 1}
    for name in ("tasks", "target", "again"):
        del document["run"][name]
    document["run"]["models"] = ["model-a", "model-b"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert find_run("bench-1") == make_run(folder=str(tmp_path / "run"))


def test_a_task_has_the_users_own_models_and_interpreters_but_not_the_measurements(tmp_path: Path) -> None:
    own = tmp_path / "own"
    for name in ("models/mine.yaml", "adopted.json", "measurements/f/r.json"):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(name, encoding="utf-8")
    run = make_run(folder=str(tmp_path / "run"))
    write_run(run)
    data = tmp_path / "run" / "gpu" / "data"
    assert sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()) == [
        "adopted.json",
        "models/mine.yaml",
    ]
