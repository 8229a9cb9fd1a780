"""Cores that other processes keep busy are left to them where that makes a comparison possible at all.

Threads of one step wait for each other many times: with one of two cores taken by another process, a step on two
threads took 2 to 20 times as long, each time another factor, while on one thread it took what it takes on an idle
machine (SevenNet-0, measured). No number of rounds makes up for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mlipguide.bench.comparing.environment_pairs import PairedSubject
from mlipguide.bench.measuring.measuring import Wait
from mlipguide.hardware.quiet import QuietWait
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice

LOOK_S = 2.0
"""A load that lasts longer is taken to be there to stay."""
NEARLY = 0.25
"""A core of which this much is taken counts as free: short-lived processes come and go."""


def free_cores(usable_cores: float, other_load_share: float) -> int:
    """Return the number of whole cores that others leave, at least one."""
    return max(1, math.floor(usable_cores * (1 - other_load_share) + NEARLY))


def cores_left(found: QuietWait, usable_cores: float) -> int | None:
    """Return the number of whole cores that a lasting load leaves; None where no such load was seen."""
    if found.quiet is not False or found.other_load_share is None:
        return None
    return free_cores(usable_cores, found.other_load_share)


def beside_others(
    subjects: Sequence[PairedSubject], machine: Machine, wait: Wait
) -> tuple[list[PairedSubject], tuple[Notice, ...]]:
    """Return the subjects with no more threads than there are free cores, and a notice where that changes them.

    Args:
        subjects: What is to be measured on two sides; those on a GPU are left as they are.
        machine: This machine.
        wait: Waits for a quiet moment and tells the load.
    """
    found = wait(LOOK_S, machine.cpu.usable_cores)
    most = cores_left(found, machine.cpu.usable_cores)
    if most is None:
        return list(subjects), ()
    lowered = [_with_threads(subject, most) for subject in subjects]
    if lowered == list(subjects):
        return lowered, ()
    message = (
        f"Other processes keep {found.other_load_share:.0%} of the cores busy: both sides run with "
        f"{most} thread{'s' if most > 1 else ''}. Threads that share a core with others wait for each other."
    )
    return lowered, (Notice("fewer_threads", message),)


def _with_threads(subject: PairedSubject, most: int) -> PairedSubject:
    settings = subject.item.settings
    if settings.device != "cpu" or settings.threads <= most:
        return subject
    return replace(subject, item=replace(subject.item, settings=replace(settings, threads=most)))
