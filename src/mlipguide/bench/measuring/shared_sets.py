"""What others shared of the hardware that a question is about, with the settings that would be used there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlipguide.candidates.preparation import ASE, Prepared
from mlipguide.costmodel.shared_timings import SharedSet
from mlipguide.costmodel.transfer_data import class_device, device_here
from mlipguide.environments.recipes import load_recipes
from mlipguide.hardware.machine_classes import class_name, class_of
from mlipguide.hardware.profile_files import build_profile
from mlipguide.records.hardware.device import DeviceKind, DeviceModel
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.store import shared as store

_CLASS_NAME = re.compile(r".+c-([0-9a-f]{8})")


@dataclass(frozen=True)
class FoundSets:
    """What was shared, by hardware, and notices about files that are set aside."""

    sets: tuple[SharedSet, ...] = ()
    notices: tuple[Notice, ...] = field(default=())


def shared_here(candidates: Iterable[Prepared], machine: Machine) -> FoundSets:
    """Return what others shared of hardware that is identical with this machine's, as models would be run here.

    Args:
        candidates: Models as they would be run here.
        machine: This machine.
    """
    by_device: dict[str, list[Prepared]] = {}
    for item in candidates:
        by_device.setdefault(item.settings.device, []).append(item)
    sets: list[SharedSet] = []
    notices: list[Notice] = []
    for name, items in by_device.items():
        kind, device = class_of(machine, name), device_here(machine, name)
        if kind is None or device is None:
            continue
        found = store.find(kind, {item.card.architecture.time_law for item in items})
        notices += found.notices
        wanted = {(item.card.architecture.time_law, item.settings.on_any_device) for item in items}
        records = tuple(one for one in found.records if (one.time_law, one.settings) in wanted)
        if records:
            versions = {item.card.backend: item.environment.versions for item in items}
            sets.append(SharedSet(device, records, versions))
    return FoundSets(tuple(sets), tuple(notices))


def shared_elsewhere(cards: Iterable[ModelCard], profiles: Sequence[HardwareProfile]) -> FoundSets:
    """Return what others shared of the hardware of some profiles, with the usual settings there.

    Args:
        cards: Models that are considered.
        profiles: Hardware that need not be here.
    """
    by_law = {card.architecture.time_law: card for card in cards}
    sets: list[SharedSet] = []
    notices: list[Notice] = []
    for device in {profile.device.id: profile.device for profile in profiles}.values():
        found = _shared_of(device, by_law)
        notices += found.notices
        records = tuple(one for one in found.records if one.settings == _usual(by_law[one.time_law], one.machine))
        if records:
            sets.append(SharedSet(device, records))
    return FoundSets(tuple(sets), tuple(notices))


def shared_profile(name: str) -> HardwareProfile | None:
    """Return the processor that goes by a name among what was shared; None where there is none."""
    kind = _class_named(name)
    if kind is None:
        return None
    profile = build_profile(class_device(kind), 1)
    return replace(profile, host_cores=max(1, math.floor(kind.usable_cores)))


def _shared_of(device: DeviceModel, laws: Mapping[str, ModelCard]) -> store.FoundShared:
    if device.kind is DeviceKind.GPU:
        return store.find_on(device.id, laws)
    kind = _class_named(device.id)
    return store.FoundShared((), ()) if kind is None else store.find(kind, laws)


def _class_named(name: str) -> MachineClass | None:
    match = _CLASS_NAME.fullmatch(name)
    if match is None:
        return None
    kinds = store.classes(gpus=False, digits=match.group(1))
    return next((kind for kind in kinds if class_name(kind) == name), None)


def _usual(card: ModelCard, kind: MachineClass) -> Settings | None:
    """Return what a model is run with on a kind of hardware where nothing was chosen; None without a recipe."""
    recipe = load_recipes().get(card.backend)
    if recipe is None:
        return None
    on_gpu = kind.gpu is not None
    threads = max(1, math.floor(kind.usable_cores))
    own_driver = recipe.driver != ASE
    return Settings(
        threads=1 if own_driver else threads,
        ranks=threads if own_driver else 1,
        dtype=card.weights.dtype or recipe.dtype,
        device="cuda:0" if on_gpu and not own_driver else "cpu",
        driver=recipe.driver,
        allocator=Allocator.DEFAULT if on_gpu else Allocator.RETAIN,
    )
