"""Work that was spread over the jobs of a cluster, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.checks import require, require_name
from mlipguide.records.cluster.cluster import Cluster, Partition
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict

TRAIN = "train"
"""Of its commands the second word counts."""


@strict
@dataclass(frozen=True, kw_only=True)
class Submission:
    """An array of jobs that was handed to the scheduler.

    Attributes:
        job: Its number.
        tasks: Positions of its tasks in the list of the run.
        submitted_at: ISO 8601 time, UTC.
    """

    job: str
    tasks: tuple[int, ...]
    submitted_at: str


@strict
@dataclass(frozen=True, kw_only=True)
class PartitionRun:
    """The part of a run on one partition, which does all of its tasks.

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
class ClusterTask:
    """What one job does of a command.

    Attributes:
        model: Id of the model, or for a fit engine and size.
        part: Of what there is to do with the model, in words; None for all of it.
        options: What the task's command has beside the words of the run, values by option.
    """

    model: str
    part: str | None
    options: dict[str, str]

    @classmethod
    def of_model(cls, model: str) -> ClusterTask:
        """Return the task that does everything with one model."""
        return cls(model=model, part=None, options={"--models": model})

    @property
    def name(self) -> str:
        """Model and part, for people."""
        return self.model if self.part is None else f"{self.model}, {self.part}"


@strict
@dataclass(frozen=True, kw_only=True)
class ClusterRun:
    """A command that was spread over the jobs of a cluster, the same tasks on each of its partitions.

    Attributes:
        name: Unique.
        created_at: ISO 8601 time, UTC.
        cluster: As its file was.
        folder: Of scripts, logs and what comes back.
        subject: What it is about, for people.
        words: Of the command that each task is, without what is the task's own.
        tasks: What is done on every partition; all have the same options.
        parts: One for each partition.
        target: Folder that results belong to, where that is not the user's store.
        again: Words of the command that shows the results once they are collected; none where several do.
    """

    name: str
    created_at: str
    cluster: Cluster
    folder: str
    subject: str
    words: tuple[str, ...]
    tasks: tuple[ClusterTask, ...]
    parts: tuple[PartitionRun, ...]
    target: str | None = None
    again: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that is spread."""
        return " ".join(self.words[:2] if self.words[:1] == (TRAIN,) else self.words[:1])

    @property
    def models(self) -> tuple[str, ...]:
        """The models of its tasks, each once."""
        return tuple(dict.fromkeys(one.model for one in self.tasks))

    def check(self) -> None:
        """Refuse submissions of tasks that it does not have.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(name=self.name, folder=self.folder)
        for part in self.parts:
            for one in part.submissions:
                fits = all(0 <= task < len(self.tasks) for task in one.tasks)
                require(fits, f"job {one.job} has tasks that the run does not have: {', '.join(map(str, one.tasks))}")
        options = [tuple(one.options) for one in self.tasks]
        require(len(set(options)) <= 1, "its tasks have different options")


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
    """One task on one partition.

    Attributes:
        partition: Its name.
        task: Position among the tasks of the run.
        model: Id of the model, or for a fit engine and size.
        part: Of what there is to do with the model, in words; None for all of it.
        state: What became of it.
        reason: Why it waits, ended or failed, in the words of the scheduler or of its answer; None without any.
        job: Number of its job; None before it is submitted.
        log: Where its output is.
    """

    partition: str
    task: int
    model: str
    part: str | None
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
        command: That is spread: ``bench``, ``evaluate``, ``train pilot``.
        again: Words of the command that shows the results once they are collected; none where several do.
        subject: What it is about.
        tasks: By partition, then in the order of the run's.
        by_hand: Commands that submit it, where mlipguide does not.
    """

    name: str
    created_at: str
    cluster: str
    folder: str
    command: str
    again: tuple[str, ...]
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
        added: Records that are now in the store, and were not before; of a pilot its fits in their folder.
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
