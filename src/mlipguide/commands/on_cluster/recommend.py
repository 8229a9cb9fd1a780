"""``mlipguide recommend --on``: which partition of a cluster to ask for, with how many GPUs, and what the run costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.advice.assessment import Assessment, assess
from mlipguide.advice.facts import HOUR_S, JOULES_PER_KWH, facts_elsewhere
from mlipguide.advice.ranking import accuracy_order
from mlipguide.bench.measuring.costs_here import reference_timings
from mlipguide.bench.measuring.measuring import usable_memory_bytes
from mlipguide.candidates.model_names import named_cards, usual_cards
from mlipguide.candidates.preparation import default_settings
from mlipguide.catalog.cards import load_catalogue
from mlipguide.cluster.cluster_files import read_cluster
from mlipguide.cluster.partition_costs import measured_costs, profiles_of
from mlipguide.cluster.run_files import machines_of
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.costmodel.model_costs import ModelCosts
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.cluster.cluster import Partition
from mlipguide.records.cluster.partitions import PartitionAnswer, PartitionCandidate, PartitionsAnswer
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task import Task
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import build_task, load_structure


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What the answers for all partitions stand on."""

    cluster: str
    task: Task
    cards: tuple[ModelCard, ...]
    known: ReferenceTimings
    measured: Mapping[str, tuple[ModelCosts, float | None]]
    machine: Machine | None


def recommend_on(
    request: TaskRequest,
    cluster_file: Path,
    *,
    weights: Mapping[str, Path],
    probe: Callable[[], Machine] = probe_machine,
    on_progress: Callable[[str, float], None] = lambda _message, _share: None,
) -> Result[PartitionsAnswer]:
    """Answer which partition to ask for; nothing is measured and nothing is queued.

    Args:
        request: The task.
        cluster_file: Of the cluster.
        weights: Checkpoint files that the user gave, by model name.
        probe: Describes this machine.
        on_progress: Told what is being done and the share that is done.

    Raises:
        InputError: The request, the structure or the file cannot be used, or of no partition anything is known.
    """
    cluster = read_cluster(cluster_file)
    for option, given in (("--hardware", request.hardware), ("--add", request.add)):
        if given is not None:
            raise InputError(f"{option} has no place beside --on.", hint="Leave one of them out.", option=option)
    catalogue = load_catalogue()
    names = names_in(request.models)
    cards = named_cards(catalogue, names) if names else usual_cards(catalogue)
    atoms, structure, told = load_structure(request)
    task = build_task(request, structure, find_signs(atoms))
    on_progress("looking up what is known", 0.0)
    known = reference_timings(catalogue, probe(), task, atoms, given_weights=weights)
    answers: list[tuple[Assessment, PartitionAnswer]] = []
    unknown: list[str] = []
    for partition in cluster.partitions:
        machines = machines_of(cluster.name, partition.name)
        place = f"partition {partition.name} of {cluster.name}"
        ground = _Ground(
            cluster=cluster.name,
            task=task,
            cards=cards,
            known=known,
            measured=measured_costs(cards, machines, place, task, atoms),
            machine=machines[0] if machines else None,
        )
        profiles = profiles_of(partition, ground.machine)
        if not profiles:
            unknown.append(partition.name)
        for position, profile in enumerate(profiles):
            found = _answer(partition, profile, ground, first=position == 0)
            if position == 0 or _uses_all(found[1], profile):
                answers.append(found)
    if not answers:
        raise InputError(
            f"Nothing is known of {', '.join(unknown)}: neither a device is stated nor anything was measured there.",
            hint="Add device: A100-80GB to the cluster's file, or time models there: mlipguide bench FILE --models A "
            f"--on {cluster_file}",
            kind="nothing_known",
        )
    answers.sort(key=lambda pair: _order(*pair))
    data = PartitionsAnswer(
        cluster=cluster.name,
        task=task,
        answers=tuple(answer for _, answer in answers),
        nothing_known=tuple(unknown),
    )
    lacking = (Notice("nothing_known", f"Of {', '.join(unknown)} nothing is known.") if unknown else None,)
    return Result(
        data,
        notices=(*catalogue.notices, *told, *filter(None, lacking)),
        exit_code=ExitCode.DONE if data.best is not None else ExitCode.NOTHING_FEASIBLE,
    )


def _answer(
    partition: Partition, profile: HardwareProfile, ground: _Ground, *, first: bool
) -> tuple[Assessment, PartitionAnswer]:
    """Return what the task comes to on so much of a partition; what was measured was with the fewest GPUs."""
    measured = ground.measured if first else {}
    facts = facts_elsewhere(ground.cards, profile, ground.known, ground.task)
    facts = replace(facts, costs={**facts.costs, **{model: costs for model, (costs, _) in measured.items()}})
    if ground.machine is not None:
        memory_bytes = usable_memory_bytes(ground.machine, default_settings(ground.machine))
        facts = replace(facts, memory_bytes=memory_bytes)
    assessment = assess(ground.cards, ground.task, facts)
    gpus = profile.count if partition.gpus else 0
    share = 1.0
    if gpus and partition.gpus_per_node is not None:
        share = gpus / partition.gpus_per_node
    rows = [
        _row(one, share, measured.get(one.model), is_measured=one.model in measured) for one in assessment.candidates
    ]
    choice = assessment.choice
    return assessment, PartitionAnswer(
        partition=partition.name,
        gpus=gpus,
        profile=profile,
        candidates=tuple(rows),
        choice=None if choice is None else choice.model,
        fingerprint=None if ground.machine is None else ground.machine.fingerprint,
    )


def _row(
    candidate: Candidate, share: float, found: tuple[ModelCosts, float | None] | None, *, is_measured: bool
) -> PartitionCandidate:
    run_time, cost = candidate.run_time_s, candidate.run_cost
    power_w = None if found is None else found[1]
    energy = None if cost is None else cost.energy_kwh
    if run_time is not None and power_w is not None:
        energy = run_time.scaled(power_w / JOULES_PER_KWH)
    return PartitionCandidate(
        candidate=candidate,
        measured=is_measured and candidate.step_time_s is not None,
        node_hours=None if run_time is None else run_time.scaled(share / HOUR_S),
        energy_kwh=energy,
    )


def _uses_all(answer: PartitionAnswer, profile: HardwareProfile) -> bool:
    """Tell whether any model that can be run there shares its atoms among all of the devices."""
    chosen = answer.chosen
    cost = None if chosen is None else chosen.candidate.run_cost
    return cost is not None and cost.devices == profile.count


def _order(assessment: Assessment, answer: PartitionAnswer) -> tuple[int, tuple[float, ...], float, float]:
    """Return what sorts answers: whether it can be done, then accuracy, then node-hours, then time."""
    chosen, choice = answer.chosen, assessment.choice
    if chosen is None or choice is None or chosen.node_hours is None or choice.run_time_s is None:
        return 1, (), 0.0, 0.0
    return 0, accuracy_order(choice), chosen.node_hours.value, choice.run_time_s.value
