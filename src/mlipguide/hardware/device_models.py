"""Devices known from published figures (``data/devices.yaml``), found by name.

A name is compared without what carries no meaning: case, spaces, dashes and underscores, trademark signs, the makers'
words in front (``NVIDIA``, ``AMD Instinct``, …) and how a size of memory is spelt (``80GB``, ``80 GiB``, ``80G``). What
is left must be equal: ``A10`` is no ``A100``. A name that fits none is refused; no device is ever found by a part of
its name. A name that is the beginning of several is refused, unless these have the same memory and are about as fast:
then the first of them in the file stands for all, and :func:`alike_devices` tells of the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.strict import strict

DEVICES = Path(__file__).parent.parent / "data" / "devices.yaml"
LIST_HINT = "`mlipguide hardware list` shows the names."

_MAKERS_WORDS = frozenset({"nvidia", "amd", "intel", "apple", "geforce", "tesla", "instinct", "radeon"})
_MARKS = re.compile(r"\((?:tm|r|c)\)|[™®©]")
_MEMORY = re.compile(r"(\d+) ?(?:gib|gb|g)\b")
_NO_LETTERS = re.compile(r"[^a-z0-9+.]")
_MOST_SHOWN = 8
_SIMILAR = 0.6
_SAME_SPEED = 0.15
"""Boards of one name for another slot differ so much in clock; timings that are carried over are known far less."""
_SAME_MEMORY = 0.1
"""A driver shows up to 7 % less than the nominal memory; another variety of the device has other memory by far more."""


@strict
@dataclass(frozen=True, kw_only=True)
class _DeviceFile:
    """The file of devices: the devices, and names that stand for no single one, with what to write instead."""

    devices: tuple[DeviceModel, ...]
    unclear: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Devices:
    """The devices in order of the file, by each of their compared names, and the unclear names with their reasons."""

    models: tuple[DeviceModel, ...]
    by_name: Mapping[str, DeviceModel]
    unclear: Mapping[str, str]


def load_devices() -> tuple[DeviceModel, ...]:
    """Return all known devices, in the order of the file."""
    return _load(DEVICES).models


def find_device(name: str) -> DeviceModel:
    """Return the device with this id, maker's name or alias.

    Raises:
        InputError: The name fits several devices (kind ``ambiguous_device``) or none (``unknown_device``).
    """
    known = _load(DEVICES)
    key = compared_name(name)
    if key in known.unclear:
        raise InputError(f"'{name}' is not one device. {known.unclear[key]}", hint=LIST_HINT, kind="ambiguous_device")
    if key in known.by_name:
        return known.by_name[key]
    fitting = _fitting(name, known.models)
    varieties = [device.id for device in fitting]
    if len(varieties) > 1:
        if all(are_alike(fitting[0], other) for other in fitting[1:]):
            return fitting[0]
        shown = ", ".join(varieties[:_MOST_SHOWN]) + (", …" if len(varieties) > _MOST_SHOWN else "")
        raise InputError(
            f"'{name}' may be any of {len(varieties)} devices: {shown}.",
            hint="Write which one.",
            kind="ambiguous_device",
        )
    similar = varieties or _similar(key, known.by_name)
    suggestion = f" Did you mean {' or '.join(similar)}?" if similar else ""
    raise InputError(f"There is no device '{name}'.{suggestion}", hint=LIST_HINT, kind="unknown_device")


def alike_devices(name: str) -> tuple[DeviceModel, ...]:
    """Return the devices that a name fits as well as the one that was found for it; empty for a name of one device."""
    known = _load(DEVICES)
    return () if compared_name(name) in known.by_name else tuple(_fitting(name, known.models)[1:])


def are_alike(one: DeviceModel, other: DeviceModel) -> bool:
    """Tell whether an answer for one device holds for another: the same generation and memory, about as fast."""
    same = (one.kind, one.architecture, one.memory_bytes) == (other.kind, other.architecture, other.memory_bytes)
    rates = (
        (one.bandwidth_bytes_per_s, other.bandwidth_bytes_per_s),
        (one.float32_flop_per_s, other.float32_flop_per_s),
        (one.float64_flop_per_s, other.float64_flop_per_s),
    )
    return same and all(
        (mine is None) is (theirs is None) and (not mine or not theirs or abs(theirs / mine - 1) <= _SAME_SPEED)
        for mine, theirs in rates
    )


def match_reported(name: str, memory_bytes: int | None) -> DeviceModel | None:
    """Return the device that a driver calls by this name, None where it is not known.

    Args:
        name: As the driver or the system gives it.
        memory_bytes: As the driver gives it. A device whose memory differs much is another variety of the same name.
    """
    device = _load(DEVICES).by_name.get(compared_name(name))
    if device is None or device.memory_bytes is None or memory_bytes is None:
        return device
    return device if abs(memory_bytes / device.memory_bytes - 1) <= _SAME_MEMORY else None


def compared_name(name: str) -> str:
    """Return what of a name is compared."""
    return "".join(_words(name))


@cache
def _load(path: Path) -> _Devices:
    file = from_plain(_DeviceFile, read_yaml(path), what=str(path))
    by_name: dict[str, DeviceModel] = {}
    for device in file.devices:
        for key in {compared_name(name) for name in (device.id, device.name, *device.aliases)}:
            if key in by_name:
                raise InputError(
                    f"{path}: '{key}' is a name of {by_name[key].id} and of {device.id}.",
                    hint="Give one of them another name.",
                )
            by_name[key] = device
    return _Devices(
        models=file.devices,
        by_name=MappingProxyType(by_name),
        unclear=MappingProxyType({compared_name(name): reason for name, reason in file.unclear.items()}),
    )


def _words(name: str) -> list[str]:
    """Return the words of a name that carry meaning, with memory spelt in one way."""
    text = re.sub(r"[\s_-]+", " ", _MARKS.sub("", name.lower())).strip()
    words = _MEMORY.sub(r"\1gb", text).split()
    while words and words[0] in _MAKERS_WORDS:
        words.pop(0)
    return [word for word in (_NO_LETTERS.sub("", word) for word in words) if word]


def _fitting(name: str, devices: tuple[DeviceModel, ...]) -> list[DeviceModel]:
    """Return the devices one of whose names goes on, word by word, where ``name`` ends."""
    words = _words(name)
    if not words:
        return []
    return [
        device
        for device in devices
        if any(_words(other)[: len(words)] == words for other in (device.id, device.name, *device.aliases))
    ]


def _similar(key: str, by_name: Mapping[str, DeviceModel]) -> list[str]:
    from difflib import get_close_matches

    close = get_close_matches(key, list(by_name), n=3, cutoff=_SIMILAR)
    return list(dict.fromkeys(by_name[other].id for other in close))
