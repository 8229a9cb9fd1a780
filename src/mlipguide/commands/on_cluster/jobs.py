"""``mlipguide jobs``: runs on clusters, what became of their tasks, and what to do about them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from mlipguide.cluster.collecting import collect as collect_run
from mlipguide.cluster.run_files import all_runs, find_run
from mlipguide.cluster.states import status_now, status_of
from mlipguide.cluster.submitting import cancel_tasks, set_answers_aside, submit_tasks
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.core.units import WALL_TIME
from mlipguide.records.cluster.cluster import Scheduler
from mlipguide.records.cluster.jobs import (
    AGAIN,
    OPEN,
    ClusterRun,
    Collected,
    JobList,
    RunStatus,
    TaskState,
)
from mlipguide.records.notice import Result, set_aside_notices

MOST_RUNS = 10
"""That a list shows, the newest."""
EVERY_S = 30.0
"""How often a run that is watched is looked at: site after site asks not to poll its queue oftener."""

Progress = Callable[[str, float], None]


def list_jobs(name: str | None = None) -> Result[JobList]:
    """Return one run, or the newest of all.

    Raises:
        InputError: There is no such run.
    """
    if name is not None:
        status, told = status_now(find_run(name))
        return Result(JobList((status,)), notices=told)
    found = all_runs()
    seen = [status_now(run) for run in found.records[:MOST_RUNS]]
    notices = dict.fromkeys(notice for _, told in seen for notice in told)
    return Result(
        JobList(tuple(status for status, _ in seen)),
        notices=(*set_aside_notices("unreadable_run", found.unusable), *notices),
    )


def watch(
    name: str | None = None,
    *,
    every_s: float = EVERY_S,
    on_progress: Progress = lambda _message, _share: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Result[JobList]:
    """Wait until no task of a run waits or runs any more.

    Args:
        name: Of the run; the newest by default.
        every_s: How often SLURM is asked.
        on_progress: Told how many tasks are in which state.
        sleep: Lets time pass.

    Raises:
        InputError: There is no such run.
        SchedulerError: SLURM is not there.
    """
    run = find_run(name)
    status = status_of(run)
    while status.count(*OPEN):
        over = len(status.tasks) - status.count(*OPEN)
        on_progress(f"{run.name}: {counted(status)}", over / len(status.tasks))
        sleep(every_s)
        status = status_of(run)
    done = status.count(TaskState.DONE) == len(status.tasks)
    return Result(JobList((status,)), exit_code=ExitCode.DONE if done else ExitCode.MEASUREMENT_FAILED)


def cancel(name: str | None = None) -> Result[JobList]:
    """End the tasks of a run that wait or run; what was measured stays.

    Raises:
        InputError: There is no such run, or none of its tasks waits or runs.
        MlipguideError: SLURM refuses, or is not there.
    """
    run = _submitted_run(name)
    status = status_of(run)
    open_ones = _tasks(status, OPEN)
    if not open_ones:
        raise InputError(
            f"Nothing of {run.name} waits or runs.", hint=f"'mlipguide jobs list {run.name}' shows what became of it."
        )
    cancel_tasks(run, open_ones)
    return Result(JobList((status_of(run),)))


def resume(name: str | None = None, *, time_limit: str | None = None, failed: bool = False) -> Result[JobList]:
    """Submit again what ended without an answer: killed, out of time, its node failed; nothing that is done.

    Args:
        name: Of the run; the newest by default.
        time_limit: Another one than the partition's, with its unit.
        failed: Whether tasks whose answer is that they failed are submitted again too.

    Raises:
        InputError: There is no such run, or nothing of it is to be submitted.
        MlipguideError: SLURM refuses, or is not there.
    """
    run = _submitted_run(name)
    limit_s = None if time_limit is None else WALL_TIME.parse(time_limit, option="--time-limit")

    def choose(now: ClusterRun) -> dict[str, list[int]]:
        status = status_of(now)
        wanted = _tasks(status, AGAIN | {TaskState.FAILED} if failed else AGAIN)
        if not wanted:
            raise InputError(
                f"Nothing of {now.name} is to be submitted again: {counted(status)}.",
                hint="--failed submits those that failed." if status.count(TaskState.FAILED) else "",
            )
        found: dict[str, list[int]] = {}
        for partition, task in wanted:
            found.setdefault(partition, []).append(task)
        for part in now.parts:
            set_answers_aside(now, part.partition, found.get(part.partition.name, ()))
        return found

    return Result(JobList((status_of(submit_tasks(run.name, choose, limit_s)),)))


def collect(name: str | None = None) -> Result[Collected]:
    """Bring what nodes measured into the store; what is there already is left alone.

    Raises:
        InputError: There is no such run.
        StorageError: The data folder cannot be written.
    """
    collected, notices = collect_run(find_run(name).name)
    return Result(collected, notices=notices)


def counted(status: RunStatus) -> str:
    """Return how many tasks are in which state, in words."""
    counts = [(status.count(state), state.value) for state in TaskState]
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def _submitted_run(name: str | None) -> ClusterRun:
    run = find_run(name)
    if run.cluster.scheduler is not Scheduler.SLURM:
        raise InputError(
            f"{run.name} is a run of {run.cluster.scheduler.value}, to which mlipguide submits nothing.",
            hint=f"Submit and end its jobs by hand: the scripts are in {run.folder}.",
            kind="by_hand",
        )
    return run


def _tasks(status: RunStatus, states: Collection[TaskState]) -> list[tuple[str, int]]:
    return [(one.partition, one.task) for one in status.tasks if one.state in states]
