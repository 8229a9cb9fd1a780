"""Reading a log: which program wrote it, and safely, whatever its size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.production.run_logs.ase_logs import MD_HEADER, is_optimizer_line, read_optimizer_log
from mlipguide.production.run_logs.lammps_logs import FIRST_WORD, LOOP, read_lammps_log
from mlipguide.records.timing.run_log import RunLog
from mlipguide.records.timing.slowdown import LogSign, SlowdownCard, SlowdownKind

LARGEST_BYTES = 2**31
LONGEST_LINE = 10_000
"""Characters of a line that are looked at; a binary file has no ends of lines."""
LOOKED_AT = 5_000
"""Lines in which the program must show itself."""
LONGEST_SIGN = 160
SPEED_HINT = "Give the speed itself, for example --compare-with 0.69steps/s: steps over the seconds that they took."


def read_run_log(path: Path, causes: Mapping[SlowdownKind, SlowdownCard]) -> RunLog:
    """Return what a log of LAMMPS or of an optimizer of ASE says of the speed of its longest run.

    Args:
        path: The file.
        causes: Reasons for slowness, whose signs are looked for.

    Raises:
        InputError: It cannot be read, is no such log, or holds no wall times.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path} is no file.", hint=SPEED_HINT, file=str(path))
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path} is larger than a log.", hint=SPEED_HINT, file=str(path))
        return _read(path, causes)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", hint=SPEED_HINT, file=str(path)) from error


def _read(path: Path, causes: Mapping[SlowdownKind, SlowdownCard]) -> RunLog:
    found: list[LogSign] = []
    for line in itertools.islice(lines_of(path), LOOKED_AT):
        if line.startswith(FIRST_WORD) or LOOP.match(line):
            lines = _noting(lines_of(path), causes, found)
            return read_lammps_log(str(path), lines, found)
        if is_optimizer_line(line):
            return read_optimizer_log(str(path), lines_of(path))
        if line.split()[:2] == MD_HEADER:
            raise InputError(
                f"{path} is a log of ASE's molecular dynamics, which holds simulated times and no wall times.",
                hint=SPEED_HINT,
                file=str(path),
                kind="no_wall_time",
            )
    raise InputError(
        f"{path} is neither a log of LAMMPS nor one of an optimizer of ASE.",
        hint=SPEED_HINT,
        file=str(path),
        kind="unknown_log",
    )


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a text without their ends; what is no text is replaced, and long lines are cut."""
    with path.open(encoding="utf-8", errors="replace", newline=None) as stream:
        while line := stream.readline(LONGEST_LINE):
            yield line.rstrip("\n")


def _noting(lines: Iterator[str], causes: Mapping[SlowdownKind, SlowdownCard], found: list[LogSign]) -> Iterator[str]:
    """Pass lines on, and put the first sign of each reason into ``found``."""
    wanted = [(sign, card.kind) for card in causes.values() for sign in card.signs]
    seen: set[SlowdownKind] = set()
    for number, line in enumerate(lines, start=1):
        lower = line.lower()
        for sign, kind in wanted:
            if kind not in seen and sign in lower:
                seen.add(kind)
                found.append(LogSign(kind=kind, line=number, text=line.strip()[:LONGEST_SIGN]))
        yield line
