"""Progress on stderr: on a terminal a line and a table that change, elsewhere plain lines; both with the time left."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mlipguide.core.readable import duration
from mlipguide.records.advice.first_look import FirstLook
from mlipguide.records.timing.model_timing import ModelTiming, TimingPhase
from mlipguide.report.console import message_console
from mlipguide.report.time_left import TimeLeft
from mlipguide.report.words.first_look_words import first_look_lines
from mlipguide.report.words.formatting import interval

if TYPE_CHECKING:
    from rich.console import RenderableType

EVERY_S = 30.0
"""Where every line stays, a stage that goes on is told of no oftener; a judgement."""
REFRESHES_PER_S = 4


class Reporter(Protocol):
    """Told what is being done, and which share of the work is done (0 while that cannot be said)."""

    def __call__(self, message: str, share: float) -> None:
        """Show it."""

    def timing(self, models: Sequence[ModelTiming]) -> None:
        """Show how far the models that are being timed have come."""

    def first_look(self, look: FirstLook) -> None:
        """Show what can be said of the models before they are timed."""


class _Silent:
    def __call__(self, message: str, share: float) -> None:
        """Show nothing."""

    def timing(self, models: Sequence[ModelTiming]) -> None:
        """Show nothing."""

    def first_look(self, look: FirstLook) -> None:
        """Show nothing."""


class PlainLines:
    """A line for each stage, and while models are timed one for each model when it is finished."""

    def __init__(self) -> None:
        self._last, self._told = "", 0.0
        self._left = TimeLeft()
        self._timing = False
        self._finished: set[str] = set()

    def __call__(self, message: str, share: float) -> None:
        """Write a line where the stage is new, or has gone on for long."""
        words = self._left.words(message, share)
        if self._timing:
            return
        stage, now = re.split("[,(]", message, maxsplit=1)[0], time.monotonic()
        if stage != self._last or now - self._told >= EVERY_S:
            self._last, self._told = stage, now
            self._write(words if share == 0 else f"{share:4.0%} {words}")

    def timing(self, models: Sequence[ModelTiming]) -> None:
        """Write a line for each model that has been finished since."""
        for one in models:
            if one.is_over and one.model not in self._finished:
                self._finished.add(one.model)
                self._write(f"{one.model}: {finished_words(one)}")
        self._timing = any(not one.is_over for one in models)
        if self._timing:
            self._finished -= {one.model for one in models if not one.is_over}

    def first_look(self, look: FirstLook) -> None:
        """Write it line by line."""
        for line in first_look_lines(look):
            self._write(line)

    @staticmethod
    def _write(line: str) -> None:
        sys.stderr.write(f"mlipguide: {line}\n")
        sys.stderr.flush()


class LiveTable:
    """A line that changes, and above it a table of the models that are timed, whose numbers settle."""

    def __init__(self) -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        self._spinner = Spinner("dots", text="starting")
        self._left = TimeLeft()
        self._models: dict[str, ModelTiming] = {}
        self.live = Live(
            console=message_console(), get_renderable=self._drawn, transient=True, refresh_per_second=REFRESHES_PER_S
        )

    def __call__(self, message: str, share: float) -> None:
        """Change the line."""
        from rich.text import Text

        words = self._left.words(message, share)
        self._spinner.update(text=Text(f"({share:4.0%}) {words}" if share > 0 else words))

    def timing(self, models: Sequence[ModelTiming]) -> None:
        """Change the table; it goes when all models are finished."""
        self._models |= {one.model: one for one in models}
        if all(one.is_over for one in self._models.values()):
            self._models = {}

    def first_look(self, look: FirstLook) -> None:
        """Write it above what changes, where it stays."""
        for line in first_look_lines(look):
            self.live.console.print(line, highlight=False, markup=False)

    def _drawn(self) -> RenderableType:
        from rich.console import Group

        return Group(timing_table(tuple(self._models.values())), self._spinner) if self._models else self._spinner


def timing_table(models: Sequence[ModelTiming]) -> RenderableType:
    """Return the table of models that are being timed: the time of a step at the largest size so far."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Timing", no_wrap=True)
    table.add_column("Atoms", justify="right", no_wrap=True)
    table.add_column("Step", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in models:
        style = {TimingPhase.DONE: "green", TimingPhase.FAILED: "red"}.get(one.phase, "")
        atoms = "" if one.atoms is None else f"{one.atoms:,}"
        table.add_row(one.model, atoms, _step_words(one), one.phase.value, style=style)
    return table


def finished_words(model: ModelTiming) -> str:
    """Return what came of timing a model, as the rest of a line."""
    if model.step_time_s is None:
        return "not timed" if model.problem is None else f"failed: {model.problem}"
    return f"a step of {model.atoms:,} atoms takes {_step_words(model)}"


def _step_words(model: ModelTiming) -> str:
    return "" if model.step_time_s is None else interval(model.step_time_s, duration)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Reporter]:
    """Give out a reporter, and clear what it showed when the block ends."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        shown = LiveTable()
        with shown.live:
            yield shown
    else:
        yield PlainLines()
