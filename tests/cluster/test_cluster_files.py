"""A cluster's file says what is wrong with it, where, and what to write instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fake_models import CONFIGS
from mlipguide.cluster.cluster_files import read_cluster
from mlipguide.core.errors import InputError
from mlipguide.records.cluster.cluster import Scheduler

HEAD = "name: test\npartitions:\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_has_every_field_and_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "ada")
    cluster = read_cluster(CONFIGS / "cluster" / "slurm.yaml")
    assert (cluster.name, cluster.scheduler, cluster.folder) == ("mycluster", Scheduler.SLURM, "/scratch/ada/mlipguide")
    gpu, cpu = cluster.partitions
    assert (gpu.name, gpu.account, gpu.time_limit_s, gpu.gpus, gpu.gpus_per_node) == ("gpu", "physics", 1800.0, 1, 4)
    assert (gpu.gpu_type, gpu.device, gpu.at_once, gpu.qos) == ("a100", "A100-80GB", 2, "normal")
    assert gpu.modules == ("cuda/12.8",)
    assert gpu.setup == ("ulimit -c 0",)
    assert gpu.command == (sys.executable, "-m", "mlipguide")
    assert gpu.options == ("--constraint=ib",)
    assert (cpu.name, cpu.cores, cpu.gpus) == ("cpu", 64, 0)
    assert cpu.command == ("/sw/mlipguide/bin/python", "-m", "mlipguide")


def test_a_command_of_its_own(tmp_path: Path) -> None:
    text = HEAD + "  - {name: a, time_limit: 5m, mlipguide: apptainer run /sw/mlipguide.sif}\n"
    (partition,) = read_cluster(written(tmp_path, text)).partitions
    assert partition.command == ("apptainer", "run", "/sw/mlipguide.sif")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "a cluster's file holds"),
        ("name: test", "partitions: field required"),
        (HEAD.replace("partitions:", "partitions: []"), "there is no partition in it"),
        (HEAD + "  - {name: a}", "partitions.0.time_limit: field required"),
        (HEAD + "  - {name: a, time_limit: 5m, tme: 3}", "partitions.0.tme"),
        (HEAD + "  - {name: a, time_limit: 30}", "partitions.0.time_limit"),
        (HEAD + "  - {name: a, time_limit: '30'}", "partition a: time_limit: '30' has no unit"),
        (HEAD + "  - {name: a, time_limit: 10s}", "time_limit: 10s is not between 1m and a year"),
        (HEAD + "  - {name: 'a b', time_limit: 5m}", "name: 'a b' is not a name"),
        (HEAD + "  - {name: a, time_limit: 5m, account: '$(rm)'}", "account: '$(rm)' is not a name"),
        (HEAD + "  - {name: a, time_limit: 5m, gpus: -1}", "gpus: -1 is not between 0 and 64"),
        (HEAD + "  - {name: a, time_limit: 5m, gpus: 4, gpus_per_node: 2}", "gpus_per_node: 2 is not between 4"),
        (HEAD + "  - {name: a, time_limit: 5m, gpu_type: a100}", "gpu_type without gpus"),
        (HEAD + "  - {name: a, time_limit: 5m, device: A1000-80GB}", "device: "),
        (HEAD + "  - {name: a, time_limit: 5m, device: 'A100-80GB,RTX4090'}", "names several"),
        (HEAD + "  - {name: a, time_limit: 5m, options: [constraint=x]}", "'constraint=x' is no option"),
        (HEAD + '  - {name: a, time_limit: 5m, setup: ["a\\nb"]}', "setup: each entry is one line"),
        (HEAD + "  - {name: a, time_limit: 5m, python: x, mlipguide: y}", "two ways to say one thing"),
        (HEAD + "  - {name: a, time_limit: 5m}\n  - {name: a, time_limit: 6m}", "partition a stands there twice"),
        ("folder: ~nobody-of-that-name/x\n" + HEAD + "  - {name: a, time_limit: 5m}", "of a user that is not known"),
        ("folder: runs\n" + HEAD + "  - {name: a, time_limit: 5m}", "folder: 'runs' is not the path"),
        ("scheduler: pbs\n" + HEAD + "  - {name: a, time_limit: 5m}", "partition a: pbs must be told the cores"),
        ("scheduler: sge\n" + HEAD + "  - {name: a, time_limit: 5m}", "scheduler: input should be"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_cluster(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert caught.value.file == str(path)
