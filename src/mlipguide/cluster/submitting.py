"""A run is made, its scripts are written, and its tasks are handed to SLURM, once and again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from mlipguide.cluster import slurm_commands as slurm
from mlipguide.cluster.run_files import changing, save_run
from mlipguide.cluster.scripts import DATA, LOGS, RESULTS, limit_words, part_folder, result_file, script_of
from mlipguide.core.errors import InputError
from mlipguide.core.paths import data_dir, jobs_dir, make_folder, storage_error
from mlipguide.core.serialisation import write_atomically
from mlipguide.records.cluster.cluster import Cluster, Partition, Scheduler
from mlipguide.records.cluster.jobs import TRAIN, ClusterRun, ClusterTask, JobScript, PartitionRun, Submission

OWN_DATA = ("adopted.json", "trusted_checkpoints.sha256", "models", "calculators")
"""What of the user's data folder a task needs: interpreters and models of their own. Its records are collected, so that
each is written once, by one process."""
BENCH, TUNINGS = "bench", "tunings"
"""Settings that ``tune`` found; what is not timed is done with the default ones, whose results hold everywhere."""


def new_run(
    cluster: Cluster,
    *,
    subject: str,
    words: Sequence[str],
    tasks: Sequence[ClusterTask],
    target: Path | None = None,
    again: Sequence[str] = (),
) -> ClusterRun:
    """Return a run of which nothing is written yet.

    Args:
        cluster: Where.
        subject: What it is about, for people.
        words: Of the command that each task is, without what is its own.
        tasks: At least one.
        target: Folder that results belong to, where that is not the user's store.
        again: Words of the command that shows the results once they are collected.

    Raises:
        InputError: The folder's name has a space, which schedulers do not take.
    """
    now = datetime.now(UTC)
    name = f"{words[1] if words[0] == TRAIN else words[0]}-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"
    folder = str(Path(cluster.folder or jobs_dir()) / name)
    if len(folder.split()) > 1:
        raise InputError(f"'{folder}' has a space in it.", hint="Name another folder: in the cluster's file.")
    return ClusterRun(
        name=name,
        created_at=now.isoformat(timespec="seconds"),
        cluster=cluster,
        folder=folder,
        subject=subject,
        words=tuple(words),
        tasks=tuple(tasks),
        parts=tuple(PartitionRun(partition=one) for one in cluster.partitions),
        target=None if target is None else str(target),
        again=tuple(again),
    )


def scripts_of(run: ClusterRun) -> tuple[JobScript, ...]:
    """Return the script of each partition."""
    return tuple(script_of(run, part.partition) for part in run.parts)


def write_run(run: ClusterRun) -> None:
    """Write the folder of a run: scripts, and of the user's data what tasks need.

    Raises:
        StorageError: It cannot be written.
    """
    for part, script in zip(run.parts, scripts_of(run), strict=True):
        folder = part_folder(run, part.partition)
        for name in (LOGS, RESULTS, DATA):
            make_folder(folder / name)
        try:
            _copy_own_data(folder / DATA, (*OWN_DATA, TUNINGS) if run.command == BENCH else OWN_DATA)
        except OSError as error:
            raise storage_error(folder / DATA, error) from error
        write_atomically(Path(script.file), script.text)
        Path(script.file).chmod(0o755)  # to be run by hand as well


def remove_folder(run: ClusterRun) -> None:
    """Remove the folder of a run of which nothing was submitted."""
    shutil.rmtree(run.folder, ignore_errors=True)


def submit_all(run: ClusterRun) -> ClusterRun:
    """Keep a new run and hand all of its tasks over.

    Raises:
        MlipguideError: SLURM refuses; what was submitted before is kept, and ``jobs resume`` submits the rest.
    """
    save_run(run)
    everything = range(len(run.tasks))
    return submit_tasks(run.name, lambda now: {part.partition.name: everything for part in now.parts})


def submit_tasks(
    name: str, choose: Callable[[ClusterRun], Mapping[str, Sequence[int]]], limit_s: float | None = None
) -> ClusterRun:
    """Hand tasks of a run over, and note the numbers of their jobs at once.

    Args:
        name: Of the run.
        choose: Says which tasks, by partition, of the run as it is while no other process submits anything of it.
        limit_s: Another time limit than the partition's.

    Raises:
        MlipguideError: SLURM refuses; what was submitted before is kept.
    """
    with changing(name) as run:
        limit = None if limit_s is None else limit_words(limit_s, Scheduler.SLURM)
        tasks = choose(run)
        for position, part in enumerate(run.parts):
            wanted = tuple(tasks.get(part.partition.name, ()))
            if not wanted:
                continue
            job = slurm.submit(
                Path(script_of(run, part.partition).file),
                tasks=wanted,
                limit=limit,
                partition=part.partition.name,
                account=part.partition.account,
            )
            sent = Submission(job=job, tasks=wanted, submitted_at=datetime.now(UTC).isoformat(timespec="seconds"))
            changed = replace(part, submissions=(*part.submissions, sent))
            run = replace(run, parts=(*run.parts[:position], changed, *run.parts[position + 1 :]))  # noqa: PLW2901  # noted before the next
            save_run(run)
        return run


def set_answers_aside(run: ClusterRun, partition: Partition, tasks: Sequence[int]) -> None:
    """Give the answers of tasks that failed another name, so that they count no more.

    Raises:
        StorageError: One cannot be renamed.
    """
    for task in tasks:
        answer = result_file(run, partition, task)
        if answer.exists():
            try:
                answer.rename(answer.with_suffix(".failed"))
            except OSError as error:
                raise storage_error(answer, error) from error


def cancel_tasks(run: ClusterRun, tasks: Collection[tuple[str, int]]) -> None:
    """End the jobs of tasks.

    Args:
        run: Whose.
        tasks: Partitions and positions of tasks.

    Raises:
        MlipguideError: SLURM refuses, or is not there.
    """
    by_job: dict[str, list[int]] = {}
    for part in run.parts:
        for task in range(len(run.tasks)):
            job = job_of(part, task)
            if job is not None and (part.partition.name, task) in tasks:
                by_job.setdefault(job, []).append(task)
    for job, positions in by_job.items():
        slurm.cancel(job, positions)


def job_of(part: PartitionRun, task: int) -> str | None:
    """Return the last job that a task was submitted with; None where it was not."""
    return next((one.job for one in reversed(part.submissions) if task in one.tasks), None)


def _copy_own_data(target: Path, names: Sequence[str]) -> None:
    for name in names:
        source = data_dir() / name
        if source.is_dir():
            shutil.copytree(source, target / name, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy2(source, target / name)
