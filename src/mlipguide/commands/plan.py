"""``mlipguide plan``: what hardware a run of one model needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlipguide.advice.assessment import assess, judge_one
from mlipguide.advice.facts import facts_elsewhere
from mlipguide.advice.ranking import is_likely
from mlipguide.advice.reverse import bottleneck_of, changes_for, order_of
from mlipguide.bench.measuring.costs_here import reference_timings
from mlipguide.bench.measuring.shared_sets import shared_profile
from mlipguide.bench.measuring.shared_times import shared_notices
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.costmodel.model_costs import memory_of
from mlipguide.costmodel.transfer_predictions import BULK_ATOMS_PER_ANGSTROM3, ReferenceTimings
from mlipguide.hardware.device_models import load_devices
from mlipguide.hardware.probe import probe_machine
from mlipguide.hardware.profile_files import build_profile
from mlipguide.hardware.profiles import alike_notices, parse_profiles
from mlipguide.records.advice.advice import Verdict
from mlipguide.records.advice.plan import HardwareOption, HardwarePlan
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import MOST_DEVICES, HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import Task
from mlipguide.records.timing.published import PublishedTiming
from mlipguide.store.shared import shared_gpus
from mlipguide.store.stability import unreadable
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.requests import build_task, load_structure

ANY_BULK = "any bulk"
COUNTS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How ``plan`` goes about its work.

    Attributes:
        most_devices: Larger numbers of devices are not considered.
        probe: Describes the machine.
        on_progress: Told what is being done and the share that is done.
    """

    most_devices: int = MOST_DEVICES
    probe: Callable[[], Machine] = field(default=probe_machine)
    on_progress: Callable[[str, float], None] = lambda _message, _share: None


def plan(model: str, request: TaskRequest, options: Options | None = None) -> Result[HardwarePlan]:
    """Answer which hardware, and how much of it, would do for a run of one model.

    Nothing is measured; what was measured here before is used, as ``recommend`` uses it.

    Args:
        model: Id or alias.
        request: The task; without a structure a bulk material of medium density stands for it.
        options: How to go about it.

    Raises:
        InputError: There is no such model, or the request cannot be used.
    """
    options = options or Options()
    catalogue = load_catalogue()
    card = catalogue.find(model)
    notices: list[Notice] = [*catalogue.notices]
    if request.structure is None and request.preset is None:
        if request.atoms is None:
            raise InputError(
                "Without a structure the number of atoms is needed.",
                hint=f"mlipguide plan {card.id} --atoms 5000 --time 1ns, or give --structure FILE.",
            )
        atoms, structure = None, any_bulk()
        notices.append(bulk_notice("--structure FILE"))
    else:
        atoms, structure, structure_notices = load_structure(request)
        notices += structure_notices
    asked = () if request.hardware is None else parse_profiles(request.hardware, further=shared_profile)
    notices += alike_notices(asked)
    task = build_task(request, structure, None if atoms is None else find_signs(atoms))
    options.on_progress("looking up what is known", 0.0)
    known = reference_timings(
        catalogue,
        options.probe(),
        task,
        atoms,
        given_weights={},
        profiles=asked or _shared_profiles(),
        cards=catalogue.cards if asked else (card,),
    )
    notices += shared_notices(known)
    considered = _options(card, request, known, task, options)
    doing = [option for option in considered if option.candidate.verdict is Verdict.FEASIBLE]
    nearest = considered[0]
    others = assess(catalogue.cards, task, facts_elsewhere(catalogue.cards, nearest.profile, known, task)).candidates
    data = HardwarePlan(
        task=task,
        model=card.id,
        options=tuple(considered),
        smallest=_smallest(doing),
        changes=changes_for(nearest, others, task, settled=bool(doing)),
        published=_published(card, considered, known, task.atoms),
    )
    return Result(
        data,
        notices=(*notices, *unreadable(one.id for one in catalogue.cards)),
        exit_code=ExitCode.DONE if doing else ExitCode.NOTHING_FEASIBLE,
    )


def _shared_profiles() -> list[HardwareProfile]:
    """Return the GPUs of which others shared anything."""
    found = shared_gpus()
    return [build_profile(device, 1) for device in load_devices() if device.id in found]


def _options(
    card: ModelCard, request: TaskRequest, known: ReferenceTimings, task: Task, options: Options
) -> list[HardwareOption]:
    """Return what was asked for; else of every GPU the smallest number that would do, or the likeliest."""
    if request.hardware is not None:
        return sorted(
            (
                _option(card, profile, known, task)
                for profile in parse_profiles(request.hardware, further=shared_profile)
            ),
            key=order_of,
        )
    several = card.architecture.family in load_parallel_codes()
    found: list[HardwareOption] = []
    for device in load_devices():
        if device.kind is not DeviceKind.GPU:
            continue
        tried: list[HardwareOption] = []
        for count in COUNTS if several else COUNTS[:1]:
            if count > options.most_devices:
                break
            tried.append(_option(card, build_profile(device, count), known, task))
            if tried[-1].candidate.verdict is Verdict.FEASIBLE:
                break
        found.append(tried[-1] if tried[-1].candidate.verdict is Verdict.FEASIBLE else _likeliest(tried, task))
    return sorted(found, key=order_of)


def _published(
    card: ModelCard, options: Sequence[HardwareOption], known: ReferenceTimings, atoms: int
) -> tuple[PublishedTiming, ...]:
    """Return the published timings of the model on the hardware considered, the nearest in size of each code first."""
    found: list[PublishedTiming] = []
    for option in options:
        by_series: dict[tuple[str, str | None], PublishedTiming] = {}
        for one in known.published_for(card, option.profile.device.id, option.profile.count):
            series = (one.code, one.system)
            if series not in by_series or _distance(one, atoms) < _distance(by_series[series], atoms):
                by_series[series] = one
        found += sorted(by_series.values(), key=lambda one: (_distance(one, atoms), one.step_time_s))
    return tuple(found)


def _distance(one: PublishedTiming, atoms: int) -> float:
    return abs(math.log((one.atoms or 1) / atoms))


def _likeliest(tried: Sequence[HardwareOption], task: Task) -> HardwareOption:
    """Return the first of growing numbers of devices that more likely than not would do; the last where none does."""
    return next((option for option in tried if is_likely(option.candidate, task, memory_of(option.profile))), tried[-1])


def _option(card: ModelCard, profile: HardwareProfile, known: ReferenceTimings, task: Task) -> HardwareOption:
    candidate = judge_one(card, task, facts_elsewhere((card,), profile, known, task))
    strong = weak = None
    cost, together = candidate.run_cost, candidate.step_time_s
    if cost is not None and cost.devices > 1 and together is not None:
        alone = known.on_one_device(card, profile, task.atoms)
        everything, share = (alone.step_time_s(atoms) for atoms in (task.atoms, -(-task.atoms // cost.devices)))
        if everything is not None and share is not None:
            strong, weak = everything.value / together.value / cost.devices, share.value / together.value
    return HardwareOption(
        profile=profile,
        candidate=candidate,
        bottleneck=bottleneck_of(candidate, profile, task),
        efficiency=strong,
        weak_efficiency=weak,
    )


def _smallest(doing: Sequence[HardwareOption]) -> tuple[str, ...]:
    if not doing:
        return ()
    fewest = min(option.profile.count for option in doing)
    return tuple(option.profile.name for option in doing if option.profile.count == fewest)


def bulk_notice(given: str) -> Notice:
    """Return the notice that a bulk material stands for a structure; ``given``: how the user's own is named."""
    return Notice(
        "assumed",
        f"No structure was given: a bulk material with {BULK_ATOMS_PER_ANGSTROM3:g} atoms per cubic Å is "
        f"assumed; {given} gives the answer for yours.",
    )


def any_bulk() -> StructureSummary:
    """Return what stands for a structure where none is given: a bulk material of medium density."""
    return StructureSummary(
        source=ANY_BULK,
        formula=ANY_BULK,
        reduced_formula=ANY_BULK,
        elements=(),
        atoms=1,
        periodic=(True, True, True),
        cell_lengths_angstrom=None,
        cell_angles_degree=None,
        number_density_per_angstrom3=BULK_ATOMS_PER_ANGSTROM3,
        shortest_distance_angstrom=None,
    )
