"""Progress on stderr: a line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from mlipguide.report.console import message_console


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
        last = ""

        def tell(message: str, share: float) -> None:
            nonlocal last
            stage = message.partition(",")[0]
            if stage != last:
                last = stage
                sys.stderr.write(f"mlipguide: {message}\n" if share == 0 else f"mlipguide: {share:4.0%} {message}\n")
                sys.stderr.flush()

        yield tell
