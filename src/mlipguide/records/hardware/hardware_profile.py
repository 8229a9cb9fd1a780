"""Hardware that a question is asked about and that need not be here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.strict import strict

MOST_DEVICES = 8
"""Of one kind that a run is planned for where nothing else is said: those of one node."""


class Link(StrEnum):
    """What carries data between the devices of a profile."""

    NVLINK = "nvlink"
    INFINITY_FABRIC = "infinity-fabric"
    PCIE = "pcie"


@strict
@dataclass(frozen=True, kw_only=True)
class HardwareProfile:
    """One or more devices of one kind, with what the user said of them.

    Prices come from the user alone: none is built in.

    Attributes:
        name: What the profile is called in tables: ``4xA100-80GB``, or the name that its file gives it.
        device: The kind of device.
        count: How many of them work together; sockets of a CPU.
        usable_memory_bytes: What a model may take of one device, after the driver's own share; its source says
            how it was found. None for a CPU whose memory was not stated.
        power_w: Of one device under load: as stated by the user, else the published limit; None where neither
            is known.
        price_per_device_hour: In ``currency``; None where the user gave none.
        currency: As the user writes it: ``EUR``, ``USD``, ``credits``; given exactly when there is a price.
        host_cores: Cores of the processor beside the devices; None where not stated.
        host_memory_bytes: Main memory of the whole machine; None where not stated.
        link: What connects the devices; None for one device, or where not stated.
        alike: Ids of devices that the name fits as well, and that this one stands for: memory the same, speed about.
    """

    name: str
    device: DeviceModel
    count: int
    usable_memory_bytes: Estimate | None
    power_w: Estimate | None
    price_per_device_hour: float | None = None
    currency: str | None = None
    host_cores: int | None = None
    host_memory_bytes: int | None = None
    link: Link | None = None
    alike: tuple[str, ...] = ()
