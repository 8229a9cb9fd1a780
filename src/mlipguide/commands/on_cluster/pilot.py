"""``mlipguide train pilot --on``: every fit of the schedule as a job of a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlipguide.catalog.cards import load_catalogue
from mlipguide.cluster.cluster_files import read_cluster
from mlipguide.cluster.submitting import new_run
from mlipguide.commands.on_cluster.starting import OnCluster, handed_over, on_one_partition, whole_path
from mlipguide.commands.train.pilot import engines_of
from mlipguide.core.errors import InputError
from mlipguide.core.units import FORCE
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.cluster.cluster import Cluster
from mlipguide.records.cluster.jobs import ClusterTask, JobList, JobScripts
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.option import words_of
from mlipguide.records.requests.training import PilotRequest
from mlipguide.records.training.training import Engine
from mlipguide.training.engines import BACKENDS
from mlipguide.training.fit.setup import Options, TrainingAsked, default_folder, set_up
from mlipguide.training.fit.trainers import BASE
from mlipguide.training.pilot.pilot_plan import PlannedFit
from mlipguide.training.pilot.run import set_aside_in

SCHEDULE = (
    "All {count} fits of the schedule that are not done are submitted, each with the frames and the seed that it has "
    "here. Which of them a pilot on one machine does within --budget follows from how long earlier ones took; a queue "
    "leaves none out."
)


def pilot_on(request: PilotRequest, on: OnCluster, options: Options) -> Result[JobList] | Result[JobScripts]:
    """Submit the fits of a pilot to a partition of a cluster; or show the scripts. Those that are done are left out.

    Args:
        request: What the pilot is asked.
        on: Which cluster.
        options: How the pilot would go about it here.

    Raises:
        InputError: The file, the request or the cluster's answer to it: see :mod:`mlipguide.cluster.preflight`.
        EnvironmentFailedError: No engine has an environment, or SLURM is not there or has no node.
    """
    if request.target is not None:
        FORCE.parse(request.target, option="--target-force-mae")
    cluster, told = on_one_partition(read_cluster(on.file), on.partition)
    target = (request.folder or default_folder(request.labelled)).expanduser().absolute()
    if on.dry_run and not target.exists():  # it is not begun by looking at scripts
        with TemporaryDirectory() as folder:
            return _submitted(replace(request, folder=Path(folder)), on, options, (cluster, told), target)
    return _submitted(request, on, options, (cluster, told), target)


def _submitted(
    request: PilotRequest,
    on: OnCluster,
    options: Options,
    where: tuple[Cluster, tuple[Notice, ...]],
    target: Path,
) -> Result[JobList] | Result[JobScripts]:
    cluster, told = where
    ready = set_up(
        TrainingAsked(
            labelled=request.labelled,
            test=request.test,
            engines=engines_of(request.engines),
            base=request.base,
            folder=request.folder,
            seed=request.seed,
            keys=request.keys,
        ),
        options,
    )
    schedule = ready.run(0.0, options)
    left = [fit for fit in schedule.fits if fit not in schedule.done]
    if not left:
        raise InputError(
            f"All {len(schedule.fits)} fits of the schedule are in {ready.folder}.",
            hint="Without --on the pilot is shown.",
            kind="nothing_to_submit",
        )
    run = new_run(
        cluster,
        subject=request.labelled.name,
        words=("train", "pilot", *_words(request)),
        again=("train", "pilot", *words_of(replace(_with_whole_paths(request), folder=target, yes=False))),
        tasks=[_task(fit) for fit in left],
        target=target,
    )
    notices = (
        *ready.data.notices,
        *ready.found.notices,
        *set_aside_in(schedule),
        *told,
        Notice("whole_schedule", SCHEDULE.format(count=len(left))),
    )
    backends = dict.fromkeys(_backend(fit.engine, request.base or BASE) for fit in left)
    environments = [find_environment(find_recipe(backend)) for backend in backends]
    return handed_over(run, environments, on, notices, options.on_progress)


def _backend(engine: Engine, base: str) -> str:
    return load_catalogue().find(base).backend if engine is Engine.FINE_TUNE else BACKENDS[engine]


def _task(fit: PlannedFit) -> ClusterTask:
    repeat = f", repeat {fit.repeat + 1}" if fit.repeat else ""
    return ClusterTask(
        model=f"{fit.engine.value} {fit.size}",
        part=f"{fit.frames:,} frames{repeat}",
        options={"--engines": fit.engine.value, "--fit": fit.name},
    )


def _words(request: PilotRequest) -> tuple[str, ...]:
    """Return what each task asks, with files by their whole paths; what its answer is for is asked here afterwards."""
    alone = replace(request, engines=None, target=None, budget=None, models=None, folder=None, yes=False)
    return words_of(_with_whole_paths(alone))


def _with_whole_paths(request: PilotRequest) -> PilotRequest:
    test = None if request.test is None else whole_path(request.test)
    return replace(request, labelled=whole_path(request.labelled), test=test)
