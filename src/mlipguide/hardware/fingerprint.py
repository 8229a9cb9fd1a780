"""The identity of a machine as far as speed goes: equal fingerprints may share timings.

In: processor, usable cores, instruction sets, last-level cache, virtual machine, and each visible GPU with
memory, driver and MIG profile. Out: host name, memory in use, kernel release, clocks of the moment.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mlipguide.records.hardware.machine import Cpu, Gpu, Machine

FINGERPRINT_VERSION = 1
"""Raised when the fields below change, so that old fingerprints never match by accident."""

CPU_FIELDS = (
    "model",
    "architecture",
    "usable_cores",
    "instruction_sets",
    "l3_cache_bytes",
    "virtual_machine",
)
GPU_FIELDS = ("vendor", "name", "memory_bytes", "driver", "mig")

_DIGITS = 16


def compute_fingerprint(cpu: Cpu, gpus: tuple[Gpu, ...]) -> str:
    """Return 16 hexadecimal digits that are equal for machines of equal speed.

    Args:
        cpu: The processor.
        gpus: The visible devices, in the order a program sees them.
    """
    content = {"version": FINGERPRINT_VERSION, **_list_fields(cpu, gpus)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGITS]


def differing_fields(a: Machine, b: Machine) -> tuple[str, ...]:
    """Return the names of the fields that make two fingerprints differ, such as ``cpu.usable_cores``.

    Different numbers of devices are one difference, ``gpus``; otherwise a device's fields are named with its
    position (``gpus[0].driver``). The result is empty where the fingerprints, computed from these fields now,
    are equal.
    """
    left, right = _list_fields(a.cpu, a.gpus), _list_fields(b.cpu, b.gpus)
    if left["gpus"] != right["gpus"]:
        shared = [name for name in left if name in right and not name.startswith("gpus[")]
    else:
        shared = list(left)
    return tuple(name for name in shared if left[name] != right[name])


def _list_fields(cpu: Cpu, gpus: tuple[Gpu, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {f"cpu.{name}": getattr(cpu, name) for name in CPU_FIELDS}
    fields["gpus"] = len(gpus)
    for position, gpu in enumerate(gpus):
        fields |= {f"gpus[{position}].{name}": getattr(gpu, name) for name in GPU_FIELDS}
    return fields
