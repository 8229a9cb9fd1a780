"""``mlipguide evaluate --on``: models on labelled frames by nodes of a cluster, the frames of each shared by jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.bench.measuring.refusals import refuse_nothing_startable
from mlipguide.candidates.preparation import Prepared
from mlipguide.cluster.cluster_files import read_cluster
from mlipguide.cluster.submitting import new_run
from mlipguide.commands.evaluate import Options, ToEvaluate, made_ready
from mlipguide.commands.on_cluster.starting import (
    OnCluster,
    handed_over,
    on_one_partition,
    startable_there,
    whole_path,
    with_whole_paths,
)
from mlipguide.core.errors import InputError
from mlipguide.evidence.accuracy.evaluated_before import known_evaluation
from mlipguide.evidence.accuracy.frame_slices import slices_of
from mlipguide.records.accuracy.stored_evaluation import FrameRange
from mlipguide.records.cluster.cluster import Cluster
from mlipguide.records.cluster.jobs import ClusterTask, JobList, JobScripts
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.accuracy import EvaluateRequest
from mlipguide.records.requests.option import words_of


def evaluate_on(
    asked: EvaluateRequest, on: OnCluster, options: Options, *, split: int = 1
) -> Result[JobList] | Result[JobScripts]:
    """Submit the evaluation of models to a partition of a cluster; or show the scripts.

    Models that were evaluated on the same frames before are not submitted.

    Args:
        asked: What ``evaluate`` is asked.
        on: Which cluster.
        options: How ``evaluate`` would go about it here.
        split: Jobs that share the frames of each model.

    Raises:
        InputError: The file, the request or the cluster's answer to it: see :mod:`mlipguide.cluster.preflight`.
        EnvironmentFailedError: No model could be started, or SLURM is not there or has no node.
    """
    if asked.frames is not None:
        raise InputError(
            "--frames names a slice of the file, and with --on jobs share the whole of it.",
            hint="Leave it out; --split 4 makes four slices.",
            option="--frames",
        )
    cluster, told = on_one_partition(read_cluster(on.file), on.partition)
    ready = made_ready(asked, options)
    chosen, left = _startable(asked, ready, cluster)
    chosen, known = _unknown(chosen, ready, reevaluate=options.reevaluate)
    slices = slices_of(ready.labels, split) if split > 1 else ()
    run = new_run(
        cluster,
        subject=ready.labels.summary.source,
        words=("evaluate", *_words(asked)),
        again=("evaluate", *_words(asked, models=asked.models)),
        tasks=[task for item in chosen for task in _tasks(item.card.id, slices)],
    )
    notices = (*ready.notices, *left, *known, *told)
    return handed_over(run, [item.environment for item in chosen], on, notices, options.on_progress)


def _startable(
    asked: EvaluateRequest, ready: ToEvaluate, cluster: Cluster
) -> tuple[tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return the models that jobs can start with their own weights, and why others that were named cannot be."""
    if asked.models is None:
        if not ready.ready:
            refuse_nothing_startable(ready.preparation, ready.left_out)
        return ready.ready, ()
    own = [item for item in ready.preparation.candidates if not item.synthetic]
    if not own:
        refuse_nothing_startable(ready.preparation, ready.left_out)
    chosen, _ = startable_there(own, cluster)
    names = {item.card.id for item in chosen}
    return chosen, tuple(one for one in ready.left_out if one.message.partition(":")[0] not in names)


def _unknown(
    candidates: Sequence[Prepared], ready: ToEvaluate, *, reevaluate: bool
) -> tuple[tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return the models that were not evaluated on these frames before, and say which others were.

    Raises:
        InputError: All of them were.
    """
    if reevaluate:
        return tuple(candidates), ()
    left = [item for item in candidates if known_evaluation(item, ready.labels, any_sample=False) is None]
    known = ", ".join(item.card.id for item in candidates if item not in left)
    if not left:
        raise InputError(
            f"Evaluated earlier on the same frames: {known}. Nothing is left to submit.",
            hint="Without --on they are shown; --reevaluate submits them all the same.",
            kind="nothing_to_submit",
        )
    words = f"Evaluated earlier on the same frames, and not submitted: {known}. --reevaluate submits them, too."
    return tuple(left), (Notice("known_evaluation", words),) if known else ()


def _tasks(model: str, slices: Sequence[FrameRange]) -> list[ClusterTask]:
    """Return the tasks of a model, one for each slice."""
    if not slices:
        return [ClusterTask.of_model(model)]
    return [
        ClusterTask(
            model=model,
            part=f"frames {one.start:,} to {one.stop - 1:,}",
            options={"--models": model, "--frames": str(one)},
        )
        for one in slices
    ]


def _words(asked: EvaluateRequest, models: str | None = None) -> tuple[str, ...]:
    """Return what each task asks, with files by their whole paths; its model is its own."""
    labels = str(whole_path(Path(asked.labels)))
    weights = with_whole_paths(asked.weights)
    return words_of(replace(asked, labels=labels, weights=weights, models=models, reevaluate=False, yes=False))
