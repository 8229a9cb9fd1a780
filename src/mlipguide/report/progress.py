"""Progress on stderr: a line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from mlipguide.report.console import message_console

EVERY_S = 30.0
"""Where every line stays, a stage that goes on is told of no oftener; a judgement."""


class Reporter(Protocol):
    """Told what is being done, and which share of the work is done (0 while that cannot be said)."""

    def __call__(self, message: str, share: float) -> None:
        """Show it."""


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Reporter]:
    """Give out a reporter, and clear what it showed when the block ends."""
    if quiet:
        yield lambda _message, _share: None
    elif sys.stderr.isatty():
        with message_console().status("starting") as status:

            def show(message: str, share: float) -> None:
                done = f"[{share:4.0%}] " if share > 0 else ""
                status.update(f"{done.replace('[', '(').replace(']', ')')}{message}")

            yield show
    else:
        last, told = "", 0.0

        def tell(message: str, share: float) -> None:
            nonlocal last, told
            stage, now = message.partition(",")[0], time.monotonic()
            if stage != last or now - told >= EVERY_S:
                last, told = stage, now
                sys.stderr.write(f"mlipguide: {message}\n" if share == 0 else f"mlipguide: {share:4.0%} {message}\n")
                sys.stderr.flush()

        yield tell
