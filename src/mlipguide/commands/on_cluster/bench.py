"""``mlipguide bench --on``: the same timings on the partitions of a cluster, a job for each model on each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.bench.measuring.stored_measurements import sharing
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.model_names import prepare_named
from mlipguide.candidates.preparation import (
    Preparation,
    Prepared,
    fetch_missing_weights,
    find_given_weights,
)
from mlipguide.catalog.additions import parse_additions
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.gated import closed_gate
from mlipguide.cluster.cluster_files import read_cluster
from mlipguide.cluster.preflight import check_limit
from mlipguide.cluster.submitting import new_run
from mlipguide.commands.bench import Options, budget_of, chosen_cards, require_possible
from mlipguide.commands.on_cluster.starting import (
    OnCluster,
    handed_over,
    startable_there,
    whole_path,
    with_whole_paths,
)
from mlipguide.core.errors import InputError
from mlipguide.records.cluster.cluster import Cluster
from mlipguide.records.cluster.jobs import ClusterTask, JobList, JobScripts
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.measuring import BenchRequest
from mlipguide.records.requests.option import shared, words_of
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure


def bench_on(asked: BenchRequest, on: OnCluster, options: Options) -> Result[JobList] | Result[JobScripts]:
    """Submit the timing of models to a cluster; or show the scripts.

    Args:
        asked: What ``bench`` is asked.
        on: Which cluster.
        options: How ``bench`` would go about it here.

    Raises:
        InputError: The file, the request or the cluster's answer to it: see :mod:`mlipguide.cluster.preflight`.
        EnvironmentFailedError: No model could be started, or SLURM is not there or has no node.
    """
    cluster = read_cluster(on.file)
    if asked.save is not None:
        raise InputError(
            "--save keeps a run of this machine: it has no place beside --on.",
            hint="Collect the records; they are ordinary ones of the nodes.",
            option="--save",
        )
    request = TaskRequest(**shared(asked, TaskRequest))
    require_possible(request, options)
    budget_s = budget_of(options)
    for partition in cluster.partitions:
        check_limit(partition, budget_s)
    models, candidates, notices = _startable(request, options, cluster)
    run = new_run(
        cluster,
        subject=asked.preset or Path(str(asked.structure)).name,
        words=("bench", *_words(asked)),
        tasks=[ClusterTask.of_model(model) for model in models],
    )
    environments = [item.environment for item in candidates]
    return handed_over(run, environments, on, notices, options.on_progress)


def _startable(
    request: TaskRequest, options: Options, cluster: Cluster
) -> tuple[tuple[str, ...], tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return the models that tasks can start, with what they need fetched while there is a network.

    Where partitions bring a mlipguide of their own, what cannot be started here may be there: it is asked all the same.
    """
    catalogue = load_catalogue()
    names = names_in(request.models)
    cards = chosen_cards(catalogue, names)
    weights = find_given_weights(catalogue, options.weights, options.consent)
    atoms, structure, told = load_structure(request)
    machine = options.probe()

    additions = parse_additions(request.add)

    def prepare() -> Preparation:
        preparation = prepare_named(
            names,
            cards,
            machine,
            atoms,
            structure,
            given_weights=weights,
            consent=options.consent,
            on_progress=lambda message: options.on_progress(message, 0.0),
        )
        return with_additions(
            preparation,
            additions,
            consent=options.consent,
            on_progress=lambda message: options.on_progress(message, 0.0),
        )

    preparation = prepare()
    files, unreachable = fetch_missing_weights(
        preparation.candidates,
        named={card.id for card in cards},
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    if files:
        preparation = prepare()
    notices = [*catalogue.notices, *told, *preparation.notices, *unreachable]
    chosen, left = startable_there(preparation.candidates, cluster)
    notices += left
    notices += [_random_notice(item) for item in chosen if item.synthetic]
    chosen, lent = _one_of_each(chosen, each=options.each)
    notices += lent
    return tuple(item.card.id for item in chosen), chosen, tuple(notices)


def _one_of_each(candidates: Sequence[Prepared], *, each: bool) -> tuple[tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return one checkpoint of each time law, as ``bench`` times them, and which others its times hold for."""
    groups = sharing(candidates, each=each)
    notices = [
        Notice(
            "shared_time_law",
            f"{', '.join(item.card.id for item in others)}: same architecture and settings as {first.card.id}, which "
            "is timed. --each times every one.",
        )
        for first, *others in groups
        if others
    ]
    return tuple(first for first, *_ in groups), tuple(notices)


def _random_notice(item: Prepared) -> Notice:
    gate = closed_gate(item.card)
    opened = gate or f"--yes downloads them, --weights {item.card.id}=FILE names the file."
    words = f"{item.card.id} is timed with random weights, for its own are not here; it is then never the choice."
    return Notice("synthetic_weights", f"{words} {opened}")


def _words(asked: BenchRequest) -> tuple[str, ...]:
    """Return what each task asks, with files by their whole paths: a job starts elsewhere."""
    structure = asked.structure
    if isinstance(structure, str):
        structure = str(whole_path(structure))
    weights = with_whole_paths(asked.weights)
    return words_of(replace(asked, structure=structure, weights=weights, models=None, yes=False))
