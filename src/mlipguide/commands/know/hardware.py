"""``mlipguide hardware``: this machine, the devices known from published figures, and the user's profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.units import MEMORY
from mlipguide.hardware.device_models import alike_devices, find_device, load_devices, match_reported
from mlipguide.hardware.probe import probe_machine
from mlipguide.hardware.profile_files import build_profile, read_profiles
from mlipguide.hardware.profiles import alike_notices, save_profiles, saved_profiles
from mlipguide.records.hardware.device import DeviceKind, DeviceModel
from mlipguide.records.hardware.machine import Gpu, Machine
from mlipguide.records.models.listings import DeviceDetails, DeviceList, SavedProfile, SavedProfiles
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.notice import Notice, Result


class DeviceOrder(StrEnum):
    """What a list of devices is sorted by; figures from the largest down."""

    NAME = "name"
    MEMORY = "memory"
    BANDWIDTH = "bandwidth"
    FLOAT64 = "float64"
    FLOAT32 = "float32"
    POWER = "power"
    YEAR = "year"


_FIGURES: dict[DeviceOrder, Callable[[DeviceModel], float | None]] = {
    DeviceOrder.MEMORY: lambda device: device.memory_bytes,
    DeviceOrder.BANDWIDTH: lambda device: device.bandwidth_bytes_per_s,
    DeviceOrder.FLOAT64: lambda device: device.float64_flop_per_s,
    DeviceOrder.FLOAT32: lambda device: device.float32_flop_per_s,
    DeviceOrder.POWER: lambda device: device.power_w,
    DeviceOrder.YEAR: lambda device: device.year,
}


def show_machine() -> Result[Machine]:
    """Return this machine, and beside it which known device each of its own is."""
    machine = probe_machine()
    notices = [_gpu_notice(gpu) for gpu in machine.gpus]
    processor = None if machine.cpu.model is None else match_reported(machine.cpu.model, None)
    if processor is not None:
        notices.append(_known_notice("The processor", processor))
    return Result(machine, notices=tuple(notices))


def list_devices(
    *, kind: str | None = None, vendor: str | None = None, min_memory: str | None = None, order: str | None = None
) -> Result[DeviceList]:
    """Return the known devices that fit, in the order of the file or sorted, and the saved profiles.

    Args:
        kind: ``gpu`` or ``cpu``.
        vendor: A maker, in whatever case it is written.
        min_memory: Least memory, with its unit; devices without memory of their own are then left out.
        order: A member of :class:`DeviceOrder`.

    Raises:
        InputError: One of these is not a kind, a maker, a size or an order.
    """
    devices = list(load_devices())
    if kind is not None:
        wanted = _choose(kind, list(DeviceKind), "--kind")
        devices = [device for device in devices if device.kind == wanted]
    if vendor is not None:
        maker = _choose(vendor, sorted({device.vendor for device in load_devices()}), "--vendor")
        devices = [device for device in devices if device.vendor == maker]
    if min_memory is not None:
        least = MEMORY.parse(min_memory, option="--min-memory")
        devices = [device for device in devices if device.memory_bytes is not None and device.memory_bytes >= least]
    if order is not None:
        devices = _sorted(devices, DeviceOrder(_choose(order, list(DeviceOrder), "--sort")))
    profiles, notices = _read_saved()
    return Result(DeviceList(tuple(devices), profiles), notices=notices)


def explain_device(name: str) -> Result[DeviceDetails]:
    """Return all facts of a device and the sources it names.

    Raises:
        InputError: There is no such device, or there are several.
    """
    device = find_device(name)
    known = read_sources()
    sources = tuple(SourceFact(key, known[key].title, known[key].link) for key in device.sources if key in known)
    profile = replace(build_profile(device, 1), alike=tuple(other.id for other in alike_devices(name)))
    return Result(DeviceDetails(device, profile, sources), notices=alike_notices([profile]))


def save_hardware(name: str, path: Path) -> Result[SavedProfiles]:
    """Keep a file of profiles under a name.

    Raises:
        InputError: The file is wrong, or the name cannot be used.
        StorageError: The folder cannot be written.
    """
    file = save_profiles(name, path)
    return Result(SavedProfiles(name, str(file), read_profiles(file)))


def _read_saved() -> tuple[tuple[SavedProfile, ...], tuple[Notice, ...]]:
    """Return the saved profiles, and a notice for each file that was spoilt since."""
    profiles: list[SavedProfile] = []
    notices: list[Notice] = []
    for name, path in saved_profiles().items():
        try:
            profiles += [SavedProfile(name, str(path), profile) for profile in read_profiles(path)]
        except InputError as error:
            notices.append(Notice("profile_left_out", f"The saved profile '{name}' is left out. {error.message}"))
    return tuple(profiles), tuple(notices)


def _sorted(devices: list[DeviceModel], order: DeviceOrder) -> list[DeviceModel]:
    """Return devices sorted by name, or by a figure from the largest down, with unknown figures last."""
    if order is DeviceOrder.NAME:
        return sorted(devices, key=lambda device: device.id.lower())
    figure = _FIGURES[order]
    return sorted(devices, key=lambda device: -(figure(device) or 0.0))


def _choose(text: str, known: list[str], option: str) -> str:
    for name in known:
        if name.lower() == text.strip().lower():
            return name
    lower = {name.lower(): name for name in known}
    raise InputError(
        f"{option}: '{text}' is not known.{did_you_mean(text, list(lower))}", hint=f"Known: {', '.join(known)}."
    )


def _gpu_notice(gpu: Gpu) -> Notice:
    whose = f"GPU {gpu.index} ({gpu.name})"
    if gpu.mig is not None:
        return Notice(
            "device_unknown", f"{whose} is a part of a device (MIG): published figures are those of the whole."
        )
    device = match_reported(gpu.name, gpu.memory_bytes)
    if device is None:
        return Notice(
            "device_unknown", f"{whose} is not among the known devices: no published figures are used for it."
        )
    return _known_notice(whose, device)


def _known_notice(whose: str, device: DeviceModel) -> Notice:
    message = f"{whose} is the known device {device.id}: `mlipguide hardware explain {device.id}` has its figures."
    return Notice("device_known", message)
