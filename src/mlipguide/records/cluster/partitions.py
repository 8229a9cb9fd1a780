"""What a task comes to on the partitions of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.advice.advice import Candidate
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.strict import strict
from mlipguide.records.task.task import Task


@strict
@dataclass(frozen=True, kw_only=True)
class PartitionCandidate:
    """A model on a partition.

    Attributes:
        candidate: The model, judged for the task there.
        measured: Whether its step was timed on a node of the partition.
        node_hours: Hours of a whole node that the run occupies, however long it waits; None where no time is known.
        energy_kwh: Of the devices that it occupies; None where no power is known.
    """

    candidate: Candidate
    measured: bool
    node_hours: Estimate | None
    energy_kwh: Estimate | None


@strict
@dataclass(frozen=True, kw_only=True)
class PartitionAnswer:
    """A number of GPUs, or a whole node, of a partition.

    Attributes:
        partition: Its name.
        gpus: That a job asks for; 0 for the cores of a node.
        profile: The hardware.
        candidates: Every model considered, best first.
        choice: Id of the model to run there; None when nothing is feasible.
        fingerprint: Of the node that was seen last; None where none was.
    """

    partition: str
    gpus: int
    profile: HardwareProfile
    candidates: tuple[PartitionCandidate, ...]
    choice: str | None
    fingerprint: str | None = None

    @property
    def chosen(self) -> PartitionCandidate | None:
        """The model to run there."""
        return next((one for one in self.candidates if one.candidate.model == self.choice), None)


@strict
@dataclass(frozen=True, kw_only=True)
class PartitionsAnswer:
    """The answer of ``recommend --on``.

    Attributes:
        cluster: Its name.
        task: What was asked.
        answers: Best first: the more accurate model, then the fewer node-hours.
        nothing_known: Partitions of which neither a device was stated nor anything was measured.
    """

    cluster: str
    task: Task
    answers: tuple[PartitionAnswer, ...]
    nothing_known: tuple[str, ...]

    @property
    def best(self) -> PartitionAnswer | None:
        """What to ask for; None when nothing is feasible anywhere."""
        return next((one for one in self.answers if one.choice is not None), None)
