"""How long work will go on, from the share that was done since it began to show: a straight line, no more."""

from __future__ import annotations

import time
from collections.abc import Callable

from mlipguide.core.readable import duration

FEWEST_S, FEWEST_SHARE = 5.0, 0.02
"""What must have been seen of the work before anything is said of the rest; a judgement."""
SAID = ("to go", " left")
"""In a message that says it itself."""
STEPS_S = ((120.0, 10.0), (600.0, 60.0), (7200.0, 300.0), (float("inf"), 1800.0))
"""Up to which time left it is told in which steps: nobody waits by the second."""


class TimeLeft:
    """Watches the share that is done.

    Args:
        clock: Tells the time, s.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: tuple[float, float] | None = None
        self._grown: tuple[float, float] = (0.0, 0.0)

    def seconds(self, share: float) -> float | None:
        """Return the time left when ``share`` is done; None while that cannot be said.

        A share that falls begins a new piece of work, of which nothing has been seen yet. What goes on while none is
        done, as loading does, counts for nothing. A share that stands still counts down, until it is longer than was
        to be expected.
        """
        now = self._clock()
        if share <= 0 or self._begun is None or share < self._grown[1]:
            self._begun = self._grown = (now, max(share, 0.0))
        elif share > self._grown[1]:
            self._grown = (now, share)
        (since, first), (last, _) = self._begun, self._grown
        if not 0 < share < 1 or last - since < FEWEST_S or share - first < FEWEST_SHARE:
            return None
        left_s = (last - since) * (1 - share) / (share - first) - (now - last)
        return left_s if left_s > 0 else None

    def words(self, message: str, share: float) -> str:
        """Return a message with the time left behind it, where that can be said and it does not say it itself."""
        left_s = self.seconds(share)
        if left_s is None or any(words in message for words in SAID):
            return message
        step_s = next(step for most, step in STEPS_S if left_s <= most)
        return f"{message}; about {duration(max(1, round(left_s / step_s)) * step_s)} left"
