"""A cluster as its file describes it: partitions, and what a job on each of them asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class Scheduler(StrEnum):
    """What queues the jobs; to SLURM alone they are submitted, for the others there are scripts."""

    SLURM = "slurm"
    PBS = "pbs"
    LSF = "lsf"


@strict
@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition (a queue of PBS and LSF), and what a job there asks for.

    Attributes:
        name: As the scheduler knows it.
        time_limit_s: Wall time of a job.
        account: To be charged; None for the user's default.
        qos: Quality of service; None for the default.
        gpus: That a job asks for.
        gpu_type: As the scheduler calls them; None for any.
        gpus_per_node: That a node has; None where not stated.
        cores: Of a node; None where not stated, as SLURM needs no number to give all of them.
        device: Kind of device of a node, as ``--hardware`` takes it; None where not stated.
        at_once: Jobs that may run at the same time; None for no limit.
        modules: Loaded before anything else.
        setup: Lines of the shell that run after that.
        command: What starts mlipguide on a node.
        options: Further options of the scheduler, one a line of the script.
    """

    name: str
    time_limit_s: float
    account: str | None
    qos: str | None
    gpus: int
    gpu_type: str | None
    gpus_per_node: int | None
    cores: int | None
    device: str | None
    at_once: int | None
    modules: tuple[str, ...]
    setup: tuple[str, ...]
    command: tuple[str, ...]
    options: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster.

    Attributes:
        name: Of the cluster: what was measured on a partition is found again by both names.
        scheduler: What queues the jobs.
        folder: Where runs have their folders, seen alike from the login node and the nodes; None for mlipguide's data
            folder.
        partitions: At least one.
    """

    name: str
    scheduler: Scheduler
    folder: str | None
    partitions: tuple[Partition, ...]
