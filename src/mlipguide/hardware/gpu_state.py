"""Reads an NVIDIA device while it is used: clock, power, temperature, why it is held back, who else is there.

The meaning of the bits is that of NVML's ``nvmlClocksEventReasons`` (NVML API Reference Guide). Every query may be
refused, by old devices, virtual ones or missing rights: the answer is then None, and nothing is raised.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.hardware.nvidia import load_nvml
from mlipguide.hardware.system_files import parse_integer, read_text

_IDLE = 0x1
_REASONS = {
    0x2: "clock set by an administrator",
    0x4: "power limit",
    0x8: "hardware slowdown",
    0x10: "clock tied to that of other devices",
    0x20: "temperature limit of the driver",
    0x40: "temperature limit of the hardware",
    0x80: "brake of the power supply",
    0x100: "clock set for the display",
    0x200: "limit of the board",
    0x400: "limit of the voltage",
}
OVERHEATED = frozenset({_REASONS[0x20], _REASONS[0x40], _REASONS[0x80]})
"""Reasons that a long run on a well-cooled device would not meet. The power limit and set clocks are how the device
always works; the general hardware slowdown is also reported while a clock merely changes."""

_WATTS_PER_MILLIWATT = 1e-3
_JOULES_PER_MILLIJOULE = 1e-3
_LONGEST_ANCESTRY = 64
"""A chain of parents beyond it is a damaged ``/proc``."""


@dataclass(frozen=True, kw_only=True)
class GpuReading:
    """A device at one moment; None is what it does not tell.

    Attributes:
        clock_share: Clock of its multiprocessors over the highest they can have.
        power_w: Power drawn.
        energy_j: Energy drawn since the driver was loaded.
        temperature_c: In degrees Celsius.
        throttle_reasons: Why the driver holds the clock down, in words; empty when it does not.
        other_processes: Computing processes that are neither this one nor its descendants.
    """

    clock_share: float | None = None
    power_w: float | None = None
    energy_j: float | None = None
    temperature_c: float | None = None
    throttle_reasons: tuple[str, ...] | None = None
    other_processes: int | None = None


class GpuMonitor:
    """Reads one device again and again; made by :func:`watch_gpu`.

    Args:
        nvml: The module ``pynvml``, or something that answers like it, initialised.
        device: NVML's handle of the device, which knows clock, power and temperature.
        part: NVML's handle of the slice in use, or of the device again; it knows the processes.
        root: Where ``proc`` is found.
        own_pid: The process whose descendants are ours.
    """

    def __init__(self, nvml: Any, device: Any, *, part: Any, root: Path, own_pid: int) -> None:
        self._nvml = nvml
        self._device = device
        self._part = part
        self._root = root
        self._own_pid = own_pid

    def read(self) -> GpuReading:
        """Ask the device; what it refuses is None."""
        nvml = self._nvml
        clock = _ask(lambda: nvml.nvmlDeviceGetClockInfo(self._device, nvml.NVML_CLOCK_SM))
        highest = _ask(lambda: nvml.nvmlDeviceGetMaxClockInfo(self._device, nvml.NVML_CLOCK_SM))
        power = _ask(lambda: nvml.nvmlDeviceGetPowerUsage(self._device))
        energy = _ask(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(self._device))
        temperature = _ask(lambda: nvml.nvmlDeviceGetTemperature(self._device, nvml.NVML_TEMPERATURE_GPU))
        reasons = _ask(lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(self._device))
        if reasons is None:  # older drivers know the query by its old name
            reasons = _ask(lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(self._device))
        return GpuReading(
            clock_share=clock / highest if clock is not None and highest else None,
            power_w=power * _WATTS_PER_MILLIWATT if power is not None else None,
            energy_j=energy * _JOULES_PER_MILLIJOULE if energy is not None else None,
            temperature_c=float(temperature) if temperature is not None else None,
            throttle_reasons=decode_reasons(int(reasons)) if reasons is not None else None,
            other_processes=self._count_others(),
        )

    def close(self) -> None:
        """Let go of the driver."""
        _ask(self._nvml.nvmlShutdown)

    def _count_others(self) -> int | None:
        processes = _ask(lambda: self._nvml.nvmlDeviceGetComputeRunningProcesses(self._part))
        if processes is None:
            return None
        others = [process.pid for process in processes if not self._is_own(process.pid)]
        hidden = [pid for pid in others if _parent_of(pid, self._root) is None]
        if hidden and len(others) == len(processes):
            # Numbers from outside this container: ours may be among them, and cannot be told from the others.
            return None
        return len(others)

    def _is_own(self, pid: int) -> bool:
        ancestor: int | None = pid
        for _ in range(_LONGEST_ANCESTRY):
            if ancestor == self._own_pid:
                return True
            if not ancestor:
                return False
            ancestor = _parent_of(ancestor, self._root)
        return False


def watch_gpu(
    index: int,
    *,
    uuid: str | None = None,
    nvml: Any | None = None,
    root: Path = Path("/"),
    own_pid: int | None = None,
) -> GpuMonitor | None:
    """Open a device for repeated readings; None where it cannot be asked.

    Open once and read often: initialising the driver's library is the slow part.

    Args:
        index: NVML's number of the device, as :class:`mlipguide.records.hardware.machine.Gpu` has it.
        uuid: Of the device, or of the slice of it that is used.
        nvml: The module ``pynvml`` or something that answers like it; imported by default.
        root: Where ``proc`` is found.
        own_pid: The process whose descendants are ours; this one by default.
    """
    nvml = nvml if nvml is not None else load_nvml()
    if nvml is None:
        return None
    try:
        nvml.nvmlInit()
    except Exception:  # noqa: BLE001  # a vendor's library may raise anything
        return None
    device = _ask(lambda: nvml.nvmlDeviceGetHandleByIndex(index))
    if device is None:
        _ask(nvml.nvmlShutdown)
        return None
    part = _ask(lambda: nvml.nvmlDeviceGetHandleByUUID(uuid)) if uuid is not None else None
    own = own_pid if own_pid is not None else os.getpid()
    return GpuMonitor(nvml, device, part=part if part is not None else device, root=root, own_pid=own)


def summarise(before: GpuReading | None, after: GpuReading | None, *, elapsed_s: float) -> GpuReading:
    """Return one reading for the time between two.

    The clock and the temperature are those of the second, taken just after the work; the device was idle before the
    first. Power is the energy drawn over the time where the device counts it. Reasons and processes of both count.

    Args:
        before: The first reading; None where no GPU is used.
        after: The second one.
        elapsed_s: The time between, in seconds.
    """
    if after is None:
        return GpuReading()
    first = before if before is not None else after
    drawn_j = after.energy_j - first.energy_j if after.energy_j is not None and first.energy_j is not None else 0.0
    reasons = [reading.throttle_reasons for reading in (first, after) if reading.throttle_reasons is not None]
    others = [reading.other_processes for reading in (first, after) if reading.other_processes is not None]
    return GpuReading(
        clock_share=after.clock_share,
        power_w=drawn_j / elapsed_s if drawn_j > 0 and elapsed_s > 0 else after.power_w,
        temperature_c=after.temperature_c,
        throttle_reasons=tuple(sorted({word for words in reasons for word in words})) if reasons else None,
        other_processes=max(others, default=None),
    )


def decode_reasons(mask: int) -> tuple[str, ...]:
    """Return in words why a clock is held down; an idle device is no reason, an unknown bit is named by its number."""
    bits = (1 << position for position in range(mask.bit_length()))
    return tuple(_REASONS.get(bit, f"reason {bit:#x}") for bit in bits if mask & bit and bit != _IDLE)


def _ask(query: Callable[[], Any]) -> Any | None:
    try:
        return query()
    except Exception:  # noqa: BLE001  # a refusal, a symbol that an old driver lacks, or a bug of the library
        return None


def _parent_of(pid: int, root: Path) -> int | None:
    """Return the parent's number (proc(5): the second field after the name in brackets); None if not visible."""
    _, bracket, fields = (read_text(root / f"proc/{pid}/stat") or "").rpartition(")")
    parts = fields.split()
    return parse_integer(parts[1]) if bracket and len(parts) > 1 else None
