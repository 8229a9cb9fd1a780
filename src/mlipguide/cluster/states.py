"""What became of the tasks of a run: an answer that is there counts first, then what the scheduler says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.cluster import slurm_commands as slurm
from mlipguide.cluster.scripts import log_file, result_file
from mlipguide.cluster.slurm_commands import JobState, SchedulerError
from mlipguide.cluster.submitting import job_of, scripts_of
from mlipguide.records.cluster.cluster import Scheduler
from mlipguide.records.cluster.jobs import ClusterRun, PartitionRun, RunStatus, TaskState, TaskStatus
from mlipguide.records.notice import Notice

Queue = Callable[[Sequence[str]], dict[tuple[str, int], JobState]]

WAITING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "STAGE_OUT"})
RUNNING = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "RESIZING", "SIGNALING"})
ENDINGS = {
    "TIMEOUT": "it hit its time limit",
    "CANCELLED": "it was cancelled",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it ran out of memory",
    "PREEMPTED": "it was preempted",
    "DEADLINE": "it hit its deadline",
    "BOOT_FAIL": "its node did not start",
    "FAILED": "it ended with an error; see its log",
    "COMPLETED": "it ended without an answer; see its log",
}
"""Of the states of squeue(1) those of a job that is over, in words."""
FORGOTTEN = "SLURM knows its job no more: cancelled while it waited, or over for long; see its log"


@dataclass(frozen=True)
class TaskAnswer:
    """What a task printed: its data, or what went wrong."""

    data: dict[str, Any] | None
    problem: str | None


def read_answer(path: Path) -> TaskAnswer | None:
    """Return the answer of a task; None where there is none, or none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    data, errors = document.get("data"), document.get("errors")
    if isinstance(data, dict):
        return TaskAnswer(data, None)
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return TaskAnswer(None, str(first.get("message") or "it failed without saying why"))


def status_now(run: ClusterRun) -> tuple[RunStatus, tuple[Notice, ...]]:
    """Return what became of a run; where SLURM cannot be asked, by its answers alone, with a notice."""
    try:
        return status_of(run), ()
    except SchedulerError as error:
        return status_of(run, ask=None), (Notice("queue_not_asked", f"{error.message} {error.hint}"),)


def status_of(run: ClusterRun, ask: Queue | None = slurm.states_of) -> RunStatus:
    """Return what became of a run; SLURM is asked for tasks without an answer alone.

    Args:
        run: The run.
        ask: Asks SLURM; None where it cannot be asked.

    Raises:
        SchedulerError: SLURM is to be asked, and is not there.
    """
    answers = {
        (part.partition.name, task): read_answer(result_file(run, part.partition, task))
        for part in run.parts
        for task in range(len(run.tasks))
    }
    asked = {
        job
        for part in run.parts
        for task in range(len(run.tasks))
        if answers[part.partition.name, task] is None and (job := job_of(part, task)) is not None
    }
    known = {} if ask is None else ask(sorted(asked))
    tasks = [
        _status(run, part, task, answers[part.partition.name, task], None if ask is None else known)
        for part in run.parts
        for task in range(len(run.tasks))
    ]
    by_hand = run.cluster.scheduler is not Scheduler.SLURM and any(one.state is TaskState.UNSENT for one in tasks)
    return RunStatus(
        name=run.name,
        created_at=run.created_at,
        cluster=run.cluster.name,
        folder=run.folder,
        command=run.command,
        again=run.again,
        subject=run.subject,
        tasks=tuple(tasks),
        by_hand=tuple(script.command for script in scripts_of(run)) if by_hand else (),
    )


def _status(
    run: ClusterRun,
    part: PartitionRun,
    task: int,
    answer: TaskAnswer | None,
    known: dict[tuple[str, int], JobState] | None,
) -> TaskStatus:
    job = job_of(part, task)
    answer = answer or read_answer(result_file(run, part.partition, task))  # it may have come since the queue was asked
    if answer is not None:
        state = TaskState.DONE if answer.problem is None else TaskState.FAILED
        reason = answer.problem
    elif job is None:
        state, reason = TaskState.UNSENT, None
    elif known is None:
        state, reason = TaskState.UNKNOWN, None
    else:
        state, reason = _by_queue(known.get((job, task)))
    return TaskStatus(
        partition=part.partition.name,
        task=task,
        model=run.tasks[task].model,
        part=run.tasks[task].part,
        state=state,
        reason=reason,
        job=None if job is None else f"{job}_{task}",
        log=str(log_file(run, part.partition, task)),
    )


def _by_queue(found: JobState | None) -> tuple[TaskState, str | None]:
    if found is None:
        return TaskState.ENDED, FORGOTTEN
    if found.state in WAITING:
        return TaskState.WAITING, found.reason or None
    if found.state in RUNNING:
        return TaskState.RUNNING, None
    return TaskState.ENDED, ENDINGS.get(found.state, f"its job ended as {found.state}")
