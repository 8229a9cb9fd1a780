"""From a command that is to be spread over a cluster to jobs in its queue: what all such commands have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.candidates.preparation import Prepared, lacks_weights
from mlipguide.catalog.gated import closed_gate
from mlipguide.cluster import slurm_commands as slurm
from mlipguide.cluster.preflight import check_node, check_partition, check_room
from mlipguide.cluster.run_files import save_run
from mlipguide.cluster.states import status_now
from mlipguide.cluster.submitting import remove_folder, scripts_of, submit_all, write_run
from mlipguide.core.errors import EnvironmentFailedError, InputError, did_you_mean
from mlipguide.records.cluster.cluster import Cluster, Scheduler
from mlipguide.records.cluster.jobs import ClusterRun, JobList, JobScripts
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.notice import Notice, Result

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class OnCluster:
    """Where and how far.

    Attributes:
        file: Of the cluster.
        dry_run: Whether the scripts are only shown.
        try_node: Whether a node of each partition is looked at first.
        partition: The one whose nodes do the work, for commands that do it once; None for the first of the file.
    """

    file: Path
    dry_run: bool = False
    try_node: bool = False
    partition: str | None = None


def handed_over(
    run: ClusterRun,
    environments: Sequence[Environment],
    on: OnCluster,
    notices: Sequence[Notice],
    on_progress: Progress,
) -> Result[JobList] | Result[JobScripts]:
    """Submit a new run after everything was looked at that would stop its jobs; or show the scripts.

    Args:
        run: Of which nothing is written yet.
        environments: That its tasks start.
        on: How far.
        notices: What is worth knowing so far.
        on_progress: Told what is being done.

    Raises:
        InputError: What the cluster says to it: see :mod:`mlipguide.cluster.preflight`.
        EnvironmentFailedError: SLURM is not there or has no node.
        StorageError: There is no room, or a folder cannot be written.
    """
    if on.dry_run:
        return Result(JobScripts(scripts_of(run)), notices=tuple(notices))
    check_room(Path(run.folder).parent)
    write_run(run)
    try:
        told = _preflight(run, environments, on, on_progress)
    except BaseException:  # also Ctrl-C: nothing is queued, so nothing is left
        remove_folder(run)
        raise
    if run.cluster.scheduler is Scheduler.SLURM:
        run = submit_all(run)
    else:
        save_run(run)
    status, queue = status_now(run)
    return Result(JobList((status,)), notices=(*notices, *told, *queue))


def _preflight(
    run: ClusterRun, environments: Sequence[Environment], on: OnCluster, on_progress: Progress
) -> tuple[Notice, ...]:
    """Ask SLURM whether it would take every script; return what was seen of nodes."""
    if run.cluster.scheduler is not Scheduler.SLURM:
        return ()
    notices: list[Notice] = []
    for part, script in zip(run.parts, scripts_of(run), strict=True):
        partition = part.partition
        on_progress(f"asking SLURM about {partition.name}", 0.0)
        check_partition(partition)
        slurm.check_script(Path(script.file), partition=partition.name, account=partition.account)
        if on.try_node:
            on_progress(f"looking at a node of {partition.name} (waits in its queue)", 0.0)
            _, seen = check_node(partition, environments)
            notices += seen
    return tuple(notices)


def startable_there(
    candidates: Sequence[Prepared], cluster: Cluster
) -> tuple[tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return the models that tasks can start, and why others cannot be.

    Where partitions bring a mlipguide of their own, what cannot be started here may be there: it is asked all the same.

    Raises:
        EnvironmentFailedError: There is none.
    """
    same = all(one.command[0] == sys.executable for one in cluster.partitions)
    left = [item for item in candidates if item.obstacle is not None and same]
    chosen = tuple(item for item in candidates if item not in left)
    reasons = [f"{item.card.id}: {_why(item)}" for item in left]
    if not chosen:
        raise EnvironmentFailedError(
            f"No model could be started on a node: {reasons[0] if reasons else 'nothing here runs any of them'}",
            hint="Nodes often have no network: get what is missing here, with --yes or --weights MODEL=FILE.",
            kind="not_startable",
        )
    return chosen, tuple(Notice("left_out", reason) for reason in reasons)


def on_one_partition(cluster: Cluster, wanted: str | None) -> tuple[Cluster, tuple[Notice, ...]]:
    """Return a cluster confined to one partition, for work that is done once; say which where the user did not.

    Raises:
        InputError: The file has no such partition.
    """
    names = [one.name for one in cluster.partitions]
    if wanted is not None and wanted not in names:
        raise InputError(
            f"--partition: the file of {cluster.name} has no '{wanted}'.{did_you_mean(wanted, names)}",
            hint=f"It has {', '.join(names)}.",
            option="--partition",
        )
    (chosen,) = [one for one in cluster.partitions if one.name == (wanted or names[0])]
    told = []
    if wanted is None and len(names) > 1:
        words = f"All jobs go to {chosen.name}, the first partition of the file; --partition names another."
        told.append(Notice("first_partition", words))
    return replace(cluster, partitions=(chosen,)), tuple(told)


def whole_path(file: str | Path) -> Path:
    """Return the path of a file from the root on: a job starts elsewhere."""
    return Path(file).expanduser().absolute()


def with_whole_paths(weights: Sequence[str] | None) -> list[str] | None:
    """Return ``MODEL=FILE`` texts with the paths of files from the root on."""
    if weights is None:
        return None
    pairs = (text.partition("=") for text in weights)
    return [f"{model}={whole_path(file)}" for model, _, file in pairs]


def _why(item: Prepared) -> str:
    assert item.obstacle is not None
    return (closed_gate(item.card) if lacks_weights(item) else None) or item.obstacle.message
