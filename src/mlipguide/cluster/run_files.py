"""The records of runs, one JSON file each in the data folder; scripts and answers lie in the folder of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.kept_files import Kept, KeptFiles, Upgrades
from mlipguide.core.paths import jobs_dir
from mlipguide.environments.locks import held_lock
from mlipguide.records.cluster.jobs import ClusterRun
from mlipguide.records.hardware.machine import Machine

FORMAT = 2


def _with_tasks(data: dict[str, Any]) -> dict[str, Any]:
    """Return a run of the first version, which was always of ``bench``, with a task for each of its models."""
    tasks = [{"model": model, "part": None, "options": {"--models": model}} for model in data["models"]]
    kept = {name: value for name, value in data.items() if name != "models"}
    return {**kept, "tasks": tasks, "target": None, "again": []}


UPGRADES: Upgrades = {1: _with_tasks}
"""From each past version to the next."""
FILES = KeptFiles(kind=ClusterRun, name="run on a cluster", key="run", format=FORMAT, upgrades=UPGRADES)


def run_file(name: str) -> Path:
    """Return the file of a run."""
    return jobs_dir() / f"{name}.json"


def save_run(run: ClusterRun) -> Path:
    """Keep what is known of a run in the place of what was.

    Raises:
        StorageError: The data folder cannot be written.
    """
    return FILES.write(run_file(run.name), run)


def read_run(name: str) -> ClusterRun:
    """Return a run.

    Raises:
        UnusableFileError: Its file cannot be used.
    """
    return FILES.read(run_file(name))


def all_runs() -> Kept[ClusterRun]:
    """Return all runs, the newest first, and the files that cannot be used."""
    found = FILES.look(sorted(jobs_dir().glob("*.json")))
    return Kept(tuple(sorted(found.records, key=lambda run: run.created_at, reverse=True)), found.unusable)


def find_run(name: str | None) -> ClusterRun:
    """Return the run of a name, by default the newest.

    Raises:
        InputError: There is none.
    """
    runs = all_runs().records
    if name is None and runs:
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    names = [run.name for run in runs]
    raise InputError(
        "There is no run on a cluster yet."
        if not names
        else f"There is no run '{name}'.{did_you_mean(str(name), names)}",
        hint="'mlipguide jobs list' shows them."
        if names
        else "Start one: mlipguide bench FILE --models A --on cluster.yaml",
        kind="unknown_run",
    )


@contextmanager
def changing(name: str) -> Iterator[ClusterRun]:
    """Give out a run as it is now while no other process changes it.

    Raises:
        UnusableFileError: Its file cannot be used.
        StorageError: The data folder cannot be written.
    """
    with held_lock(jobs_dir() / f".{name}.lock"):
        yield read_run(name)


def machines_of(cluster: str, partition: str) -> tuple[Machine, ...]:
    """Return the machines of a partition that were seen when results were collected, each once, the last first."""
    found: dict[str, Machine] = {}
    for run in all_runs().records:
        for part in run.parts:
            if run.cluster.name == cluster and part.partition.name == partition:
                for machine in reversed(part.machines):
                    found.setdefault(machine.fingerprint, machine)
    return tuple(found.values())
