"""``recommend --on``: one table over partitions, by what was collected there, else by what the device lets expect."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factories import make_measurement
from fake_models import STRUCTURES, FakeModels, Run, make_machine
from mlipguide.cluster.run_files import save_run
from mlipguide.core.errors import ExitCode
from mlipguide.records.cluster.cluster import Cluster, Partition, Scheduler
from mlipguide.records.cluster.jobs import ClusterRun, ClusterTask, PartitionRun
from mlipguide.records.timing.measurement import Disturbance
from mlipguide.store import measurements as store
from mlipguide.testing.fake_session import linear

TASK = ("--atoms", "512", "--time", "10ps", "--timestep", "1fs", "--budget", "24h")
SILICON = STRUCTURES / "Si.POSCAR"


def seen(partition: str, fingerprint: str, cluster: str = "test") -> None:
    """Keep a run in which a node of the partition was seen."""
    part = Partition(
        name=partition,
        time_limit_s=600.0,
        account=None,
        qos=None,
        gpus=0,
        gpu_type=None,
        gpus_per_node=None,
        cores=None,
        device=None,
        at_once=None,
        modules=(),
        setup=(),
        command=("mlipguide",),
        options=(),
    )
    save_run(
        ClusterRun(
            name=f"bench-{cluster}-{partition}",
            created_at="2026-11-30T21:00:00+00:00",
            cluster=Cluster(name=cluster, scheduler=Scheduler.SLURM, folder=None, partitions=(part,)),
            folder="/runs",
            subject="Si.POSCAR",
            words=(),
            tasks=(ClusterTask.of_model("fake-a"),),
            parts=(PartitionRun(partition=part, machines=(make_machine(fingerprint=fingerprint),)),),
        )
    )


def measured(fingerprint: str, step_s: float, **changes: Any) -> None:
    """Keep times of fake-a on a node: so many seconds a step of 512 atoms, in proportion to the atoms."""
    from mlipguide.structures.files import read_structure
    from mlipguide.structures.summaries import summarise

    summary = summarise(read_structure(SILICON), source="Si.POSCAR")
    for atoms in (64, 216, 512):
        wall_s = tuple(step_s * atoms / 512 * (1 + 0.01 * (number % 3 - 1)) for number in range(12))
        record = make_measurement(
            atoms,
            wall_s=wall_s,
            record=f"{fingerprint}-{atoms}-{step_s}",
            fingerprint=fingerprint,
            model="fake-a",
            time_law="fake-a",
            backend="toy",
            structure=summary,
            timestep_s=1e-15,
        )
        store.append(replace(record, **changes))


def answers(document: dict[str, Any]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(one["partition"], one["gpus"]): one for one in document["data"]["answers"]}


def step_s(answer: dict[str, Any]) -> dict[str, Any]:
    (row,) = [one for one in answer["candidates"] if one["candidate"]["model"] == "fake-a"]
    return dict(row["candidate"]["step_time_s"])


@pytest.fixture
def fake_a(fake_models: FakeModels) -> FakeModels:
    """One model, not measured on this machine."""
    fake_models.add("fake-a", time_law=linear(1e-3))
    return fake_models


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Two partitions of processors of which nothing is stated."""
    path = tmp_path / "two.yaml"
    path.write_text(
        "name: test\npartitions:\n  - {name: slow, time_limit: 10m}\n  - {name: fast, time_limit: 10m}\n",
        encoding="utf-8",
    )
    return path


def test_the_faster_partition_is_asked_for_by_what_was_measured_there(
    fake_a: FakeModels, cluster: Path, run: Run
) -> None:
    del fake_a
    seen("slow", "a" * 16)
    measured("a" * 16, 2.0)
    seen("fast", "b" * 16)
    measured("b" * 16, 0.5)
    seen("fast", "c" * 16, cluster="another")
    measured("c" * 16, 0.01)
    outcome = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", cluster, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    found = answers(outcome.document)
    assert list(found) == [("fast", 0), ("slow", 0)]
    for name, seconds in (("fast", 0.5), ("slow", 2.0)):
        answer = found[name, 0]
        step = step_s(answer)
        assert step["value"] == pytest.approx(seconds, rel=0.03)
        assert step["basis"] == "measured"
        assert step["source"].startswith(f"partition {name} of test, 2025-01-02")
        (row,) = answer["candidates"]
        assert row["measured"]
        assert row["node_hours"]["value"] == pytest.approx(10_000 * seconds / 3600, rel=0.03)
        assert row["candidate"]["ns_per_day"]["value"] == pytest.approx(86400 / seconds * 1e-6, rel=0.03)
        assert row["energy_kwh"] is None
        assert row["candidate"]["max_atoms"]["value"] > 512
    page = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", cluster).out
    assert page.startswith(
        "Ask for a node of fast: fake-a takes 83 min (76 to 91 min) there, 1.4 (1.3 to 1.5) node-hours."
    )
    assert len(page.splitlines()) <= 30
    assert "the same kind of nodes" not in page
    assert "kWh" not in page  # of a processor's power nothing is known


def test_two_partitions_of_the_same_nodes_are_told_to_be_alike(fake_a: FakeModels, cluster: Path, run: Run) -> None:
    del fake_a
    seen("slow", "a" * 16)
    seen("fast", "a" * 16)
    measured("a" * 16, 0.5)
    page = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", cluster).out
    assert "fast has the same kind of nodes." in " ".join(page.split())


def test_the_usual_precision_counts_and_of_it_the_fastest_setting(fake_a: FakeModels, cluster: Path, run: Run) -> None:
    del fake_a
    seen("fast", "b" * 16)
    usual = make_measurement().settings
    measured("b" * 16, 0.5, settings=replace(usual, threads=4))
    measured("b" * 16, 0.7, settings=replace(usual, threads=1))
    measured("b" * 16, 0.2, settings=replace(usual, dtype="float64"))
    document = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", cluster, "--json").checked
    (answer,) = answers(document).values()
    assert step_s(answer)["value"] == pytest.approx(0.5, rel=0.03)
    assert answer["candidates"][0]["candidate"]["settings"]["threads"] == 4
    assert document["data"]["nothing_known"] == ["slow"]


def test_a_device_that_was_stated_answers_where_nothing_was_measured(
    fake_models: FakeModels, tmp_path: Path, run: Run
) -> None:
    del fake_models
    path = tmp_path / "gpus.yaml"
    path.write_text(
        "name: test\npartitions:\n  - {name: gpu, time_limit: 1h, gpus: 1, gpus_per_node: 4, device: A100-80GB}\n",
        encoding="utf-8",
    )
    words = (STRUCTURES / "LiFePO4.cif", "--atoms", "20000", "--time", "1ns", "--models", "mace-mpa-0")
    document = run("recommend", *words, "--on", path, "--json").document
    elsewhere = run("recommend", *words, "--hardware", "A100-80GB", "--no-measure", "--json").document
    found = answers(document)
    row = found["gpu", 1]["candidates"][0]
    (same,) = elsewhere["data"]["hardware"][0]["candidates"]
    assert row["candidate"]["step_time_s"] == same["step_time_s"]
    assert not row["measured"]
    assert row["node_hours"]["value"] == pytest.approx(same["run_time_s"]["value"] / 3600 / 4)
    assert row["energy_kwh"]["value"] == pytest.approx(same["run_time_s"]["value"] * 400 / 3.6e6)
    for (_, gpus), answer in found.items():
        (row,) = answer["candidates"]
        assert row["candidate"]["run_cost"]["devices"] == gpus
    page = run("recommend", *words, "--on", path).out
    assert f"mlipguide bench {words[0]} --models mace-mpa-0 --on {path}" in page


def test_the_power_that_the_driver_told_counts_for_the_energy(fake_a: FakeModels, tmp_path: Path, run: Run) -> None:
    del fake_a
    path = tmp_path / "gpu.yaml"
    path.write_text(
        "name: test\npartitions:\n  - {name: gpu, time_limit: 1h, gpus: 1, gpus_per_node: 2, device: A100-80GB}\n",
        encoding="utf-8",
    )
    seen("gpu", "d" * 16)
    usual = make_measurement().settings
    measured("d" * 16, 0.1, settings=replace(usual, device="cuda:0"), disturbance=Disturbance(gpu_power_w=200.0))
    document = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", path, "--json").document
    ((key, answer),) = answers(document).items()  # of two GPUs nothing is known
    assert key == ("gpu", 1)
    (row,) = answer["candidates"]
    assert row["measured"]
    run_s = row["candidate"]["run_time_s"]["value"]
    assert run_s == pytest.approx(1000.0, rel=0.03)
    assert row["energy_kwh"]["value"] == pytest.approx(run_s * 200 / 3.6e6)
    assert row["node_hours"]["value"] == pytest.approx(run_s / 3600 / 2)


def test_a_partition_of_which_nothing_is_known(fake_a: FakeModels, cluster: Path, run: Run) -> None:
    del fake_a
    (error,) = run("recommend", SILICON, *TASK, "--on", cluster, "--json").document["errors"]
    assert error["kind"] == "nothing_known"
    assert "slow, fast" in error["message"]
    assert "device: A100-80GB" in error["hint"]


def test_nothing_ends_in_time(fake_a: FakeModels, cluster: Path, run: Run) -> None:
    del fake_a
    seen("fast", "b" * 16)
    measured("b" * 16, 100.0)
    outcome = run("recommend", SILICON, *TASK, "--models", "fake-a", "--on", cluster)
    assert outcome.code == ExitCode.NOTHING_FEASIBLE
    assert "On no partition of test" in outcome.out


def test_hardware_and_a_cluster_are_two_questions(fake_a: FakeModels, cluster: Path, run: Run) -> None:
    del fake_a
    outcome = run("recommend", SILICON, *TASK, "--on", cluster, "--hardware", "A100-80GB", "--json")
    assert "--hardware has no place beside --on" in json.loads(outcome.out)["errors"][0]["message"]
