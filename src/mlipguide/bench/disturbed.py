"""Which bursts of one size count: those during which nothing else held the machine.

The evidence is always something other than the steps themselves: what the hypervisor took, what other processes
used, a processor or GPU that got too hot, the time of a reference kernel beside the burst. A burst is never set aside
because its steps are slow. That would throw away the upper end of every distribution and make each model look
faster than it is; and a model whose steps really differ would be trimmed most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from mlipguide.hardware.gpu_state import OVERHEATED
from mlipguide.records.timing.measurement import Disturbance

STEAL_SHARE = 0.02
"""Time that the hypervisor gives to others comes in slices as long as many small steps; a quiet guest loses some
tenths of a per cent."""
OTHER_LOAD_SHARE = 0.10
"""Beyond what the accounting shows on an idle machine, 1 to 3 %, with room for the coarse clock tick in a short burst.
With one other process on two cores, steps of SevenNet-0 on two threads took 2 to 20 times as long (measured)."""
REFERENCE_SLOWDOWN = 1.5
"""Of the reference kernel, against the quicker half of the bursts. The kernel takes milliseconds and scatters: bursts
beside which it was 1.25 times slower were as fast as the others (median 0.98 over 13 sizes of SevenNet-0, measured)."""


@dataclass(frozen=True)
class BurstState:
    """What is known of one burst.

    Attributes:
        disturbance: What else the machine did.
        reference_s: Times of the reference kernel beside it; empty where it was not run.
    """

    disturbance: Disturbance
    reference_s: tuple[float, ...]


def preferred(bursts: Sequence[BurstState]) -> tuple[bool, ...]:
    """Return for each burst of one size whether its samples should count.

    Those are the undisturbed ones. Without a single undisturbed burst all of them count: then there is nothing
    better, and it is for the caller to say so and to widen the interval.

    Args:
        bursts: In any order, all of the same model, size and settings.
    """
    slow = slow_references([burst.reference_s for burst in bursts])
    quiet = tuple(not (shows(burst.disturbance) or late) for burst, late in zip(bursts, slow, strict=True))
    return quiet if any(quiet) else (True,) * len(quiet)


def shows(disturbance: Disturbance) -> bool:
    """Return whether a reading is evidence that something else held the machine; what is not known is none."""
    reasons = disturbance.gpu_throttle_reasons or ()
    return (
        (disturbance.steal_share or 0.0) > STEAL_SHARE
        or (disturbance.other_load_share or 0.0) > OTHER_LOAD_SHARE
        or (disturbance.throttle_events or 0) > 0
        or not OVERHEATED.isdisjoint(reasons)
    )


def reference_level(references: Sequence[Sequence[float]]) -> float | None:
    """Return the time of the reference kernel on the machine when it is at its own: median of the quicker half.

    The quickest repetition of an occasion stands for it: the others may have been interrupted.

    Args:
        references: Times in seconds, a group for each occasion; empty groups are left out.
    """
    centres = sorted(min(group) for group in references if group)
    return median(centres[: ceil(len(centres) / 2)]) if centres else None


def slow_references(references: Sequence[Sequence[float]]) -> tuple[bool, ...]:
    """Return for each occasion whether its reference kernel was clearly slower than in the quicker half."""
    level = reference_level(references)
    if level is None:
        return (False,) * len(references)
    return tuple(bool(group) and min(group) > REFERENCE_SLOWDOWN * level for group in references)
