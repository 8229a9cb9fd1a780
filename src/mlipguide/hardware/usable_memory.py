"""What a model may take of a device that is not here.

Nothing of it is measured: every share is an assumption with its reason and a wide interval. On a machine that is here,
the driver says what is free.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.hardware.device import DeviceKind, DeviceModel


@dataclass(frozen=True, kw_only=True)
class _Share:
    """A share of a memory that a model may take, the ends of its interval, and why."""

    value: float
    low: float
    high: float
    reason: str


_BOARD = _Share(
    value=0.93,
    low=0.86,
    high=0.98,
    reason="the driver keeps 1 % (7 % with error correction on GDDR6), a context takes some 0.5 GiB, and an allocator "
    "cannot fill every gap",
)
_UNIFIED = _Share(
    value=0.75,
    low=0.6,
    high=0.9,
    reason="the memory is shared with the system and with the processor's part of the run",
)
_MACHINE = _Share(value=0.9, low=0.8, high=0.96, reason="the system and other programs take the rest")


def estimate_usable_memory(device: DeviceModel, *, count: int, host_memory_bytes: int | None) -> Estimate | None:
    """Return what a model may take of one device; None where neither device nor machine says how much there is.

    Args:
        device: The kind of device.
        count: How many of them share the machine's memory, where that is what they use.
        host_memory_bytes: Main memory of the whole machine; None where not stated.
    """
    if device.memory_bytes is not None:
        share = _UNIFIED if device.unified_memory else _BOARD
        return _estimate(device.memory_bytes, share, "the device's memory")
    if host_memory_bytes is None:
        return None
    share = _MACHINE if device.kind is DeviceKind.CPU else _UNIFIED
    return _estimate(host_memory_bytes / count, share, "the machine's memory")


def _estimate(memory_bytes: float, share: _Share, whose: str) -> Estimate:
    return Estimate(
        value=memory_bytes * share.value,
        low=memory_bytes * share.low,
        high=memory_bytes * share.high,
        basis=Basis.ASSUMED,
        source=f"{share.value:.0%} of {whose}: {share.reason}",
    )
