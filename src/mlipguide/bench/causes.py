"""What disturbed one measurement, from what the machine told while its samples were taken.

A cause is named only where a number shows it. Processor time tells less than it seems: threads of OpenMP spin while
they wait for each other, so much of it does not mean that a model computed. Only the opposite can be read off: a step
during which not even one processor was kept busy was spent waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from mlipguide.bench.disturbed import OTHER_LOAD_SHARE, STEAL_SHARE
from mlipguide.hardware.gpu_state import OVERHEATED
from mlipguide.records.timing.measurement import Measurement

LOW_CLOCK_SHARE = 0.5
"""Of the highest clock. All cores together, or wide vector units, run at 0.6 to 0.8 of it by design; half and less
is a power-saving mode, a battery or a cap."""
BUSY_PROCESSORS = 0.7
"""Processor time over wall time below which a step waited. One thread that computes alone reaches nearly 1."""


class CauseKind(StrEnum):
    """What can disturb a measurement."""

    STEAL = "steal"
    OTHER_LOAD = "other_load"
    THROTTLED = "throttled"
    LOW_CLOCK = "low_clock"
    GPU_THROTTLED = "gpu_throttled"
    GPU_LOW_CLOCK = "gpu_low_clock"
    GPU_SHARED = "gpu_shared"
    WAITING = "waiting"
    SLOW_MACHINE = "slow_machine"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that disturbed one measurement.

    Attributes:
        kind: What it was.
        strength: Larger is worse; comparable between causes of one kind only.
        fact: The number that shows it, in plain words.
    """

    kind: CauseKind
    strength: float
    fact: str


def causes_of(measurement: Measurement) -> tuple[Cause, ...]:
    """Return what disturbed the samples that count; nothing where nothing is known.

    Waiting is named only where no other cause explains it: who shares a processor waits for it.
    """
    found = [cause for find in _FINDERS if (cause := find(measurement)) is not None]
    kinds = {cause.kind for cause in found}
    if kinds & {CauseKind.STEAL, CauseKind.OTHER_LOAD}:
        found = [cause for cause in found if cause.kind is not CauseKind.WAITING]
    return tuple(found)


def _find_steal(measurement: Measurement) -> Cause | None:
    share = measurement.disturbance.steal_share
    if share is None or share <= STEAL_SHARE:
        return None
    return Cause(kind=CauseKind.STEAL, strength=share, fact=f"{share:.0%} of the processor time")


def _find_other_load(measurement: Measurement) -> Cause | None:
    share = measurement.disturbance.other_load_share
    if share is None or share <= OTHER_LOAD_SHARE:
        return None
    switches = measurement.disturbance.involuntary_switches_per_s
    interrupted = f", the model interrupted {switches:.0f} times a second" if switches and switches >= 1 else ""
    fact = f"{share:.0%} of the usable cores{interrupted}"
    return Cause(kind=CauseKind.OTHER_LOAD, strength=share, fact=fact)


def _find_throttling(measurement: Measurement) -> Cause | None:
    events = measurement.disturbance.throttle_events
    if not events:
        return None
    return Cause(kind=CauseKind.THROTTLED, strength=events, fact="once" if events == 1 else f"{events} times")


def _find_low_clock(measurement: Measurement) -> Cause | None:
    share = measurement.disturbance.clock_share
    # A GPU's host thread waits much of the time, and a waiting processor may rest.
    if share is None or share >= LOW_CLOCK_SHARE or not _is_on_processor(measurement):
        return None
    return Cause(kind=CauseKind.LOW_CLOCK, strength=1 - share, fact=f"{share:.0%} of the highest clock")


def _find_gpu_throttling(measurement: Measurement) -> Cause | None:
    disturbance = measurement.disturbance
    reasons = [reason for reason in disturbance.gpu_throttle_reasons or () if reason in OVERHEATED]
    if not reasons:
        return None
    temperature = disturbance.gpu_temperature_c
    clock = disturbance.gpu_clock_share
    facts = [
        *reasons,
        *([f"{temperature:.0f} °C"] if temperature is not None else []),
        *([f"{clock:.0%} of the highest clock"] if clock is not None else []),
    ]
    strength = 1 - clock if clock is not None else 0.0
    return Cause(kind=CauseKind.GPU_THROTTLED, strength=strength, fact=", ".join(facts))


def _find_gpu_low_clock(measurement: Measurement) -> Cause | None:
    disturbance = measurement.disturbance
    share = disturbance.gpu_clock_share
    reasons = disturbance.gpu_throttle_reasons or ()
    if share is None or share >= LOW_CLOCK_SHARE or not OVERHEATED.isdisjoint(reasons):
        return None
    why = f" ({', '.join(reasons)})" if reasons else ""
    return Cause(kind=CauseKind.GPU_LOW_CLOCK, strength=1 - share, fact=f"{share:.0%} of the highest clock{why}")


def _find_gpu_sharing(measurement: Measurement) -> Cause | None:
    others = measurement.disturbance.gpu_other_processes
    if not others:
        return None
    return Cause(
        kind=CauseKind.GPU_SHARED,
        strength=others,
        fact="1 other process" if others == 1 else f"{others} other processes",
    )


def _find_waiting(measurement: Measurement) -> Cause | None:
    steady = measurement.steady
    shares = [cpu / wall for cpu, wall in zip(steady.cpu_s, steady.wall_s, strict=True) if wall > 0]
    # The processor is meant to wait for a GPU.
    if not shares or not _is_on_processor(measurement) or median(shares) >= BUSY_PROCESSORS:
        return None
    share = median(shares)
    return Cause(
        kind=CauseKind.WAITING,
        strength=1 - share,
        fact=f"{share:.2f} s of processor time in a second, {measurement.settings.processors} thread(s)",
    )


def _is_on_processor(measurement: Measurement) -> bool:
    return measurement.settings.device == "cpu"


_FINDERS: tuple[Callable[[Measurement], Cause | None], ...] = (
    _find_steal,
    _find_other_load,
    _find_throttling,
    _find_low_clock,
    _find_gpu_throttling,
    _find_gpu_low_clock,
    _find_gpu_sharing,
    _find_waiting,
)
