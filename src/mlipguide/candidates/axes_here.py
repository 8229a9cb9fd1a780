"""Which values of a backend's axes can be chosen for a model on this machine, and why not the others."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from packaging.version import InvalidVersion, Version

from mlipguide.candidates.preparation import Prepared
from mlipguide.environments.axes import axes_of
from mlipguide.records.hardware.machine import Gpu, Machine
from mlipguide.records.timing.axes import (
    ALLOCATOR,
    DTYPE,
    RANKS,
    Axis,
    AxisConditions,
    AxisEffect,
    AxisValue,
    Purpose,
    UnavailableValue,
)
from mlipguide.records.timing.measurement import Settings

COMPILERS = ("g++", "clang++", "c++")
"""What torch looks for where ``CXX`` names none."""


@dataclass(frozen=True)
class AvailableValue:
    """A value that can be chosen, and what it may change in the result."""

    axis: str
    value: str
    changes: AxisEffect


@dataclass(frozen=True)
class AxesHere:
    """The values other than those that a model is run with by default.

    Attributes:
        available: Those that can be chosen, the most promising first.
        unavailable: Those that cannot, each with the condition that does not hold.
    """

    available: tuple[AvailableValue, ...]
    unavailable: tuple[UnavailableValue, ...]


def axes_here(item: Prepared, machine: Machine, purpose: Purpose) -> AxesHere:
    """Return what can be chosen for a model here.

    Args:
        item: The model, with the settings that it is run with by default.
        machine: This machine.
        purpose: What it is to be fast for.

    Raises:
        InputError: The recipe's axes are wrong.
    """
    available: list[AvailableValue] = []
    unavailable: list[UnavailableValue] = []
    for axis in axes_of(item.recipe):
        for value in _values(axis, machine):
            if value.value == (item.settings.chosen(axis.name) or axis.default):
                continue
            reason = _obstacle(axis, value, item, machine, purpose)
            if reason is None:
                available.append(AvailableValue(axis.name, value.value, value.changes))
            else:
                unavailable.append(UnavailableValue(axis=axis.name, value=value.value, reason=reason))
    return AxesHere(tuple(available), tuple(unavailable))


def _values(axis: Axis, machine: Machine) -> Iterator[AxisValue]:
    yield from axis.values
    if not axis.counted:
        return
    needs = AxisConditions(device="cpu", driver="lammps" if axis.name == RANKS else None)
    for count in _counts(max(1, math.floor(machine.cpu.usable_cores))):
        yield AxisValue(value=str(count), changes=AxisEffect.ROUNDING, needs=needs)


def _counts(most: int) -> list[int]:
    """Return all cores, half of them, a quarter of them and so on, down to one."""
    counts = [most]
    while counts[-1] > 1:
        counts.append(counts[-1] // 2)
    return counts


def _obstacle(axis: Axis, value: AxisValue, item: Prepared, machine: Machine, purpose: Purpose) -> str | None:
    """Return the first condition that does not hold; None where all do."""
    here = _obstacles_here(axis, value.needs, item, machine)
    return next(chain(here, _obstacles_of_model(axis, value, item, purpose)), None)


def _obstacles_here(axis: Axis, needs: AxisConditions, item: Prepared, machine: Machine) -> Iterator[str]:
    settings = item.settings
    if needs.device is not None and not settings.device.startswith(needs.device):
        yield "no GPU of NVIDIA here" if needs.device == "cuda" else f"for processors, not for {settings.device}"
    if needs.compute_capability is not None and not _is_capable(needs.compute_capability, settings, machine):
        yield f"needs a GPU of compute capability {needs.compute_capability}"
    missing = [name for name in needs.packages if name not in item.environment.versions]
    if missing:
        yield f"its environment has no {' and no '.join(missing)}"
    if needs.system not in (None, machine.system):
        yield f"for {needs.system}, not for {machine.system}"
    if needs.compiler and settings.device == "cpu" and not _has_compiler():
        yield "needs a C++ compiler (g++), and there is none"
    if needs.cores > machine.cpu.usable_cores:
        yield f"needs {needs.cores} usable cores"
    if axis.name == ALLOCATOR and settings.device != "cpu":
        yield "for processors alone"


def _obstacles_of_model(axis: Axis, value: AxisValue, item: Prepared, purpose: Purpose) -> Iterator[str]:
    needs, settings = value.needs, item.settings
    if axis.name == DTYPE and item.card.weights.dtype not in (None, value.value):
        yield f"its checkpoint is in {item.card.weights.dtype}"
    if needs.dtype not in (None, settings.dtype):
        yield f"for {needs.dtype} alone"
    if needs.driver not in (None, settings.driver):
        yield f"for the driver {needs.driver} alone"
    if needs.families and item.card.architecture.family not in needs.families:
        yield f"for {', '.join(needs.families)} alone"
    if needs.purposes and purpose not in needs.purposes:
        yield f"not for {purpose.value}: it is done again for each size of a structure"


def _is_capable(least: str, settings: Settings, machine: Machine) -> bool:
    index = int(settings.device.partition(":")[2] or 0)
    gpu: Gpu | None = machine.gpus[index] if index < len(machine.gpus) else None
    try:
        return gpu is not None and Version(str(gpu.compute_capability)) >= Version(least)
    except InvalidVersion:
        return False


def _has_compiler() -> bool:
    return any(shutil.which(name) for name in (*filter(None, [os.environ.get("CXX")]), *COMPILERS))
