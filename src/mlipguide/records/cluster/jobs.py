"""Work that was spread over the jobs of a cluster, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.checks import require, require_name
from mlipguide.records.cluster.cluster import Cluster, Partition
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class Submission:
    """An array of jobs that was handed to the scheduler.

    Attributes:
        job: Its number.
        tasks: Positions of its models in the list of the run.
        submitted_at: ISO 8601 time, UTC.
    """

    job: str
    tasks: tuple[int, ...]
    submitted_at: str


@strict
@dataclass(frozen=True, kw_only=True)
class PartitionRun:
    """The part of a run on one partition: a task for each model.

    Attributes:
        partition: As it was in the cluster's file.
        submissions: In order; the last that has a task counts for it.
        machines: On which tasks were finished, as far as they were collected, each once.
    """

    partition: Partition
    submissions: tuple[Submission, ...] = ()
    machines: tuple[Machine, ...] = ()


@strict
@dataclass(frozen=True, kw_only=True)
class ClusterRun:
    """A command that was spread over the partitions of a cluster, a task for each model on each of them.

    Attributes:
        name: Unique.
        created_at: ISO 8601 time, UTC.
        cluster: As its file was.
        folder: Of scripts, logs and what comes back.
        subject: What it is about, for people.
        words: Of the command that each task is, without its model.
        models: Ids; one task each on every partition.
        parts: One for each partition.
    """

    name: str
    created_at: str
    cluster: Cluster
    folder: str
    subject: str
    words: tuple[str, ...]
    models: tuple[str, ...]
    parts: tuple[PartitionRun, ...]

    def check(self) -> None:
        """Refuse tasks that are of no model.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(name=self.name, folder=self.folder)
        for part in self.parts:
            for one in part.submissions:
                fits = all(0 <= task < len(self.models) for task in one.tasks)
                require(fits, f"job {one.job} has tasks of no model: {', '.join(map(str, one.tasks))}")


class TaskState(StrEnum):
    """What became of a task."""

    UNSENT = "not submitted"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It ran to its end, and its answer says what went wrong."""
    ENDED = "ended"
    """Its job ended without an answer."""
    UNKNOWN = "not known"
    """It has no answer, and the scheduler could not be asked."""


OPEN = frozenset({TaskState.WAITING, TaskState.RUNNING})
"""States that change without anybody doing anything."""
AGAIN = frozenset({TaskState.UNSENT, TaskState.ENDED})
"""States of tasks that ``jobs resume`` submits."""


@strict
@dataclass(frozen=True, kw_only=True)
class TaskStatus:
    """One model on one partition.

    Attributes:
        partition: Its name.
        model: Id.
        state: What became of it.
        reason: Why it waits, ended or failed, in the words of the scheduler or of its answer; None without any.
        job: Number of its job; None before it is submitted.
        log: Where its output is.
    """

    partition: str
    model: str
    state: TaskState
    reason: str | None
    job: str | None
    log: str


@strict
@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """What became of a run.

    Attributes:
        name: Of the run.
        created_at: ISO 8601 time, UTC.
        cluster: Its name.
        folder: Of scripts, logs and what comes back.
        subject: What it is about.
        tasks: By partition, then in the order of the models.
        by_hand: Commands that submit it, where mlipguide does not.
    """

    name: str
    created_at: str
    cluster: str
    folder: str
    subject: str
    tasks: tuple[TaskStatus, ...]
    by_hand: tuple[str, ...] = ()

    def count(self, *states: TaskState) -> int:
        """Return how many tasks are in these states."""
        return sum(one.state in states for one in self.tasks)


@strict
@dataclass(frozen=True)
class JobList:
    """Runs, the newest first."""

    runs: tuple[RunStatus, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Collected:
    """What came back of a run.

    Attributes:
        run: What became of it.
        added: Records that are now in the store, and were not before.
        known: Records that had been collected before.
    """

    run: RunStatus
    added: tuple[str, ...]
    known: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class JobScript:
    """The script of one partition.

    Attributes:
        partition: Its name.
        file: Where it stands, or would.
        command: What submits it.
        text: The script.
    """

    partition: str
    file: str
    command: str
    text: str


@strict
@dataclass(frozen=True)
class JobScripts:
    """Scripts that were only shown."""

    scripts: tuple[JobScript, ...] = field(default=())
