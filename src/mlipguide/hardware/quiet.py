"""Waits for a moment at which other processes leave the processors alone.

A burst that begins while a build or another job runs is disturbed from its first step; waiting a little is cheaper
than measuring it and setting it aside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from mlipguide.hardware.noise import disturbance_between, read_load

QUIET_SHARE = 0.10
"""Of the usable cores. On one core a window has ten ticks of the clock, so this is the finest that it can tell."""
WINDOW_S = 0.1


@dataclass(frozen=True)
class QuietWait:
    """How a wait ended.

    Attributes:
        waited_s: Seconds spent looking, at least one window where there was time to look.
        quiet: Whether the others were quiet in the last window; None where that cannot be told.
        other_load_share: Share of the usable cores that they used, the median of the windows; None likewise.
    """

    waited_s: float
    quiet: bool | None
    other_load_share: float | None = None


def wait_for_quiet(
    *,
    max_wait_s: float,
    usable_cores: float,
    root: Path = Path("/"),
    quiet_share: float = QUIET_SHARE,
    window_s: float = WINDOW_S,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> QuietWait:
    """Look at the load in short windows and return after the first quiet one.

    This process sleeps meanwhile and resident workers that wait for work use no processor time, so all load is
    that of others. Threads of a worker that still spin after its last step, for a fraction of a second, are taken
    for others too.

    Args:
        max_wait_s: When to give up, in seconds; no window is begun that would end later.
        usable_cores: Hardware threads that the work may use; where the machine has more, others are taken to use the
            spare ones first.
        root: Where ``proc`` is found.
        quiet_share: Quiet is when others use less than this share of the usable cores.
        window_s: Length of a window in seconds.
        sleep: Waits that many seconds.
        clock: Tells seconds, never backwards.
    """
    begin = clock()
    quiet: bool | None = None
    shares: list[float] = []
    before = replace(read_load(root), monotonic_s=begin)
    while before.busy_jiffies is not None and before.monotonic_s - begin + window_s <= max_wait_s:
        sleep(window_s)
        after = replace(read_load(root), monotonic_s=clock())
        load = disturbance_between(before, after, own_cpu_s=0.0, usable_cores=usable_cores, own_switches=None)
        before = after
        if load.other_load_share is None:
            quiet = None
            break
        shares.append(load.other_load_share)
        quiet = load.other_load_share < quiet_share
        if quiet:
            break
    return QuietWait(
        waited_s=before.monotonic_s - begin, quiet=quiet, other_load_share=median(shares) if shares else None
    )
