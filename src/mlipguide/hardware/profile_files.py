"""Hardware profiles in YAML: one profile, or a list of them.

A quantity is a text with its unit, as on the command line: ``usable_memory: 76GiB``, ``power: 400W``. Examples with all
fields are in ``configs/hardware``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError
from mlipguide.core.readable import memory
from mlipguide.core.serialisation import from_plain
from mlipguide.core.units import MEMORY, POWER
from mlipguide.core.yaml_files import read_yaml
from mlipguide.hardware.device_models import alike_devices, find_device
from mlipguide.hardware.usable_memory import estimate_usable_memory
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.hardware.hardware_profile import HardwareProfile, Link
from mlipguide.records.strict import strict

MOST_DEVICES = 100_000
"""A limit that catches typing errors; the largest machines have fewer GPUs."""
EXAMPLES_HINT = "configs/hardware has examples."

_PRICE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]{1,20}|[€$£¥])")


@strict
@dataclass(frozen=True, kw_only=True)
class _FileProfile:
    """A profile as its file writes it; the fields are explained in ``configs/hardware``."""

    device: str
    name: str | None = None
    count: int = 1
    usable_memory: str | None = None
    power: str | None = None
    price_per_device_hour: str | None = None
    host_cores: int | None = None
    host_memory: str | None = None
    link: Link | None = None


def read_profiles(path: Path) -> tuple[HardwareProfile, ...]:
    """Read a file of profiles.

    Raises:
        InputError: The file cannot be read, a field is unknown or wrong, or a device is not known.
    """
    plain = read_yaml(path)
    entries = plain if isinstance(plain, list) else [plain]
    if not entries:
        raise InputError(f"{path}: there is no profile in it.", hint=EXAMPLES_HINT)
    return tuple(_read_entry(entry, path) for entry in entries)


def build_profile(device: DeviceModel, count: int) -> HardwareProfile:
    """Return the profile of ``count`` devices of which nothing else was said."""
    return HardwareProfile(
        name=device.id if count == 1 else f"{count}x{device.id}",
        device=device,
        count=count,
        usable_memory_bytes=estimate_usable_memory(device, count=count, host_memory_bytes=None),
        power_w=_published_power(device),
    )


def require_count(count: int, *, what: str) -> int:
    """Return a number of devices that can be.

    Raises:
        InputError: Below one, or more than any machine has.
    """
    if not 1 <= count <= MOST_DEVICES:
        raise InputError(
            f"{what}: {count} is not a number of devices.", hint=f"Write a whole number from 1 to {MOST_DEVICES:,}."
        )
    return count


def _read_entry(entry: Any, path: Path) -> HardwareProfile:
    if not isinstance(entry, dict):
        raise InputError(f"{path}: a profile holds 'name: value' lines, not '{entry}'.", hint=EXAMPLES_HINT)
    written = from_plain(_FileProfile, entry, what=str(path))
    what = f"{path}, {written.name or written.device}"
    try:
        device = find_device(written.device)
    except InputError as error:
        raise InputError(f"{what}: device: {error.message}", hint=error.hint, kind=error.kind) from error
    plain = build_profile(device, require_count(written.count, what=f"{what}: count"))
    if written.host_cores is not None and written.host_cores < 1:
        raise InputError(f"{what}: host_cores: {written.host_cores} is below 1.", hint="Write a whole number of cores.")
    host_memory = _parse_host_memory(written.host_memory, what)
    price, currency = _parse_price(written.price_per_device_hour, what)
    return replace(
        plain,
        name=written.name or plain.name,
        usable_memory_bytes=(
            estimate_usable_memory(device, count=plain.count, host_memory_bytes=host_memory)
            if written.usable_memory is None
            else _stated(_parse_usable_memory(written.usable_memory, device, host_memory, what), path)
        ),
        power_w=(
            plain.power_w
            if written.power is None
            else _stated(POWER.parse(written.power, option=f"{what}: power"), path)
        ),
        price_per_device_hour=price,
        currency=currency,
        host_cores=written.host_cores,
        host_memory_bytes=host_memory,
        link=written.link,
        alike=tuple(other.id for other in alike_devices(written.device)),
    )


def _parse_host_memory(text: str | None, what: str) -> int | None:
    return None if text is None else int(MEMORY.parse(text, option=f"{what}: host_memory"))


def _parse_usable_memory(text: str, device: DeviceModel, host_memory_bytes: int | None, what: str) -> float:
    usable = MEMORY.parse(text, option=f"{what}: usable_memory")
    there_is = host_memory_bytes if device.memory_bytes is None else device.memory_bytes
    if there_is is not None and usable > there_is:
        raise InputError(
            f"{what}: usable_memory: {text} is more than the {memory(there_is)} that there are.",
            hint="State what a model may take of one device, below what the device has.",
        )
    return usable


def _parse_price(text: str | None, what: str) -> tuple[float | None, str | None]:
    if text is None:
        return None, None
    match = _PRICE.fullmatch(text.strip())
    if match is None or not float(match.group(1)) > 0:
        raise InputError(
            f"{what}: price_per_device_hour: '{text}' is not a price.",
            hint="Write a positive number and a currency, for example 1.80 EUR, of one device for one hour.",
        )
    return float(match.group(1)), match.group(2)


def _stated(value: float, path: Path) -> Estimate:
    return Estimate(value=value, low=None, high=None, basis=Basis.ASSUMED, source=f"stated in {path}")


def _published_power(device: DeviceModel) -> Estimate | None:
    if device.power_w is None:
        return None
    sources = ", ".join(device.sources)
    return Estimate(
        value=device.power_w, low=None, high=None, basis=Basis.PUBLISHED, source=f"limit of the device [{sources}]"
    )
