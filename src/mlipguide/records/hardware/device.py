"""Kinds of devices, and hardware that is not here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class DeviceKind(StrEnum):
    """What a device is."""

    GPU = "gpu"
    CPU = "cpu"


@strict
@dataclass(frozen=True, kw_only=True)
class DeviceModel:
    """What a maker publishes of a kind of device; rates are peaks without sparsity.

    Attributes:
        id: The name used everywhere, for example ``A100-80GB``.
        name: The maker's name.
        aliases: Other names of exactly this device, those that drivers report among them.
        kind: GPU or CPU (one socket).
        vendor: ``NVIDIA``, ``AMD``, ``Apple``, ``Intel``, …
        architecture: ``Ampere``, ``CDNA 3``, …
        year: Of release.
        memory_bytes: Of the device; None where it is the machine's and comes in several sizes (a CPU, Apple).
        bandwidth_bytes_per_s: Peak of its memory.
        float64_flop_per_s: Peak of the vector units, 64 bits; None where it is not published.
        float32_flop_per_s: Peak of the vector units, 32 bits.
        tensor_float32_flop_per_s: Peak of the matrix units on 32-bit input (TF32, xf32), dense; None where there are
            none.
        tensor_bfloat16_flop_per_s: Peak of the matrix units on bfloat16 input, dense; None where there are none.
        power_w: Board or package power; None where it is not published.
        sources: Keys in ``sources.bib``.
        unified_memory: Whether a GPU shares its memory with the processor.
        remark: What a reader should know.
    """

    id: str
    name: str
    kind: DeviceKind
    vendor: str
    architecture: str
    year: int
    memory_bytes: int | None
    bandwidth_bytes_per_s: float
    float64_flop_per_s: float | None
    float32_flop_per_s: float
    tensor_float32_flop_per_s: float | None
    tensor_bfloat16_flop_per_s: float | None
    power_w: float | None
    sources: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    unified_memory: bool = False
    remark: str | None = None
