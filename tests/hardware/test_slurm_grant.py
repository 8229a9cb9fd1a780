from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.hardware.slurm import parse_cpus_per_node, parse_memory, read_slurm

RECORDED = Path(__file__).parent / "recorded"


def typical_job() -> dict[str, str]:
    lines = (RECORDED / "slurm_typical_job.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_typical_job() -> None:
    grant = read_slurm(typical_job())
    assert grant is not None
    assert grant.job_id == "8812345"
    assert grant.partition == "gpu-a100"
    assert grant.cpus == 16
    assert grant.memory_bytes == 120 * 2**30
    assert grant.gpus == 2
    assert grant.nodes == 2


def test_outside_of_an_allocation() -> None:
    assert read_slurm({"PATH": "/usr/bin", "SLURM_CONF": "/etc/slurm.conf"}) is None


def test_memory_per_cpu_counts_all_cpus_of_the_node() -> None:
    environment = typical_job()
    del environment["SLURM_MEM_PER_NODE"]
    environment["SLURM_MEM_PER_CPU"] = "2G"
    grant = read_slurm(environment)
    assert grant is not None
    assert grant.memory_bytes == 32 * 2 * 2**30


def test_cpus_of_this_node_from_the_list_of_nodes() -> None:
    grant = read_slurm({"SLURM_JOB_ID": "1", "SLURM_JOB_CPUS_PER_NODE": "4(x2),8", "SLURM_NODEID": "2"})
    assert grant is not None
    assert grant.cpus == 8


def test_only_the_job_is_known() -> None:
    grant = read_slurm({"SLURM_JOB_ID": "1", "SLURM_CPUS_ON_NODE": "many", "SLURM_MEM_PER_NODE": "0"})
    assert grant is not None
    assert (grant.cpus, grant.memory_bytes, grant.gpus, grant.nodes, grant.partition) == (None,) * 5


@pytest.mark.parametrize(
    ("variables", "gpus"),
    [
        ({"SLURM_GPUS_ON_NODE": "0"}, 0),
        ({"SLURM_JOB_GPUS": "0-3"}, 4),
        ({"SLURM_JOB_GPUS": "0,1", "SLURM_STEP_GPUS": "1"}, 1),
        ({"SLURM_JOB_GPUS": "(null)"}, None),
    ],
)
def test_gpus(variables: dict[str, str], gpus: int | None) -> None:
    grant = read_slurm({"SLURM_JOB_ID": "1"} | variables)
    assert grant is not None
    assert grant.gpus == gpus


@pytest.mark.parametrize(
    ("text", "counts"),
    [("4(x2)", (4, 4)), ("72", (72,)), ("4(x2),8", (4, 4, 8)), ("", None), ("4(x", None), ("four", None)],
)
def test_cpus_per_node(text: str, counts: tuple[int, ...] | None) -> None:
    assert parse_cpus_per_node(text) == counts


@pytest.mark.parametrize(
    ("text", "size"),
    [("16000", 16000 * 2**20), ("16g", 2**34), ("512K", 2**19), ("0", None), ("lots", None), (None, None)],
)
def test_memory(text: str | None, size: int | None) -> None:
    assert parse_memory(text) == size
