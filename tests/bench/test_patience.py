"""Waiting ends when it is of no use, and when the allowance is spent."""

from __future__ import annotations

from mlipguide.bench.patience import FUTILE_WAITS, ONE_WAIT_S, QuietMachineWaiter
from mlipguide.hardware.quiet import QuietWait


class Room:
    """Is loud or quiet, and counts who waits."""

    def __init__(self, *, quiet: bool | None, takes_s: float) -> None:
        self.quiet = quiet
        self.takes_s = takes_s
        self.asked: list[float] = []

    def __call__(self, longest_s: float) -> QuietWait:
        self.asked.append(longest_s)
        return QuietWait(waited_s=min(longest_s, self.takes_s), quiet=self.quiet)


def test_a_load_that_stays_is_not_waited_for_again() -> None:
    room = Room(quiet=False, takes_s=0.5)
    patience = QuietMachineWaiter(allowance_s=100.0, wait=room)
    for _ in range(20):
        patience()
    assert len(room.asked) == FUTILE_WAITS


def test_a_quiet_moment_restores_patience() -> None:
    room = Room(quiet=False, takes_s=0.5)
    patience = QuietMachineWaiter(allowance_s=100.0, wait=room)
    for turn in range(20):
        room.quiet = turn % FUTILE_WAITS == 0
        patience()
    assert len(room.asked) == 20


def test_the_allowance_is_kept() -> None:
    room = Room(quiet=True, takes_s=0.4)
    patience = QuietMachineWaiter(allowance_s=1.0, wait=room)
    for _ in range(10):
        patience()
    assert len(room.asked) == 3
    assert all(asked <= ONE_WAIT_S for asked in room.asked)


def test_where_the_load_cannot_be_read_nothing_is_given_up() -> None:
    room = Room(quiet=None, takes_s=0.01)
    patience = QuietMachineWaiter(allowance_s=1.0, wait=room)
    for _ in range(2 * FUTILE_WAITS):
        patience()
    assert len(room.asked) == 2 * FUTILE_WAITS
