"""Logs of ASE's optimizers, which hold the time of day of every step.

A line is the optimizer's name, the step, the time of day, energy and largest force, such as
``BFGS:   12 17:03:44  -3.14  0.05``; line searches put the number of force calls in brackets behind the step. Each step
is one computation of forces.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from mlipguide.core.errors import InputError
from mlipguide.records.timing.run_log import LogProgram, RunLog

MD_HEADER = ["Time[ps]", "Etot[eV]"]
"""Of ASE's log of molecular dynamics, which holds no wall times (ase.md.logger)."""
SECONDS_OF_A_DAY = 86_400
CLOCK_S = 1.0
"""Resolution of the time of day."""
_LINE = re.compile(r"^\s*[A-Za-z]\w*:\s+(\d+)(?:\[\s*(\d+)\])?\s+(\d\d):(\d\d):(\d\d)\s+\S")


def is_optimizer_line(line: str) -> bool:
    """Tell whether a line is one of an optimizer's log."""
    return _LINE.match(line) is not None


def read_optimizer_log(path: str, lines: Iterable[str]) -> RunLog:
    """Return the longest run of an optimizer's log: of as many steps as their times of day span at least two seconds.

    Args:
        path: Of the log, for messages.
        lines: Of the log.

    Raises:
        InputError: Its clock did not go on.
    """
    runs: list[list[tuple[int, int]]] = []
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        calls = int(match[2] or match[1])
        second = 3600 * int(match[3]) + 60 * int(match[4]) + int(match[5])
        if not runs or calls <= runs[-1][-1][0]:
            runs.append([])
        runs[-1].append((calls, second))
    longest = max(runs, key=lambda run: run[-1][0] - run[0][0])
    steps = longest[-1][0] - longest[0][0]
    times = [second for _, second in longest]
    wall_s = sum((after - before) % SECONDS_OF_A_DAY for before, after in itertools.pairwise(times))
    if steps < 1 or wall_s <= CLOCK_S:
        raise InputError(
            f"{path}: the clock of this log, in whole seconds, tells nothing of so short a run.",
            hint="Give a longer log, or the speed itself, for example --compare-with 0.69steps/s.",
            file=path,
            kind="no_wall_time",
        )
    return RunLog(path=path, program=LogProgram.ASE, steps=steps, wall_s=float(wall_s), clock_error=CLOCK_S / wall_s)
