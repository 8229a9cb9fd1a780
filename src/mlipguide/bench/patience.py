"""Waiting for quiet moments, as long as waiting has been of use."""

from __future__ import annotations

from collections.abc import Callable

from mlipguide.hardware.quiet import QuietWait

ONE_WAIT_S = 1.0
FUTILE_WAITS = 3
"""After this many waits in a row that ended in noise, the load is taken to be there to stay."""


class QuietMachineWaiter:
    """Waits before a burst while other processes hold the cores, within an allowance.

    Args:
        allowance_s: Seconds of waiting in all.
        wait: Waits at most the seconds it is given for a quiet moment.
    """

    def __init__(self, *, allowance_s: float, wait: Callable[[float], QuietWait]) -> None:
        self._left_s = allowance_s
        self._wait = wait
        self._futile = 0

    def __call__(self) -> None:
        """Wait for a quiet moment."""
        if self._left_s <= 0 or self._futile >= FUTILE_WAITS:
            return
        found = self._wait(min(ONE_WAIT_S, self._left_s))
        self._left_s -= found.waited_s
        self._futile = self._futile + 1 if found.quiet is False else 0
