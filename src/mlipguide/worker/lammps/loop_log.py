"""What LAMMPS's log says of the time that a run took: each step's, and the shares of its parts."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from ..failures import WorkerError

_LOOP = re.compile(r"^Loop time of (\S+) on (\d+) procs for (\d+) steps with (\d+) atoms", re.MULTILINE)
_PART = re.compile(r"^(Pair|Neigh|Comm|Output|Modify|Other)\s*\|(.*)$", re.MULTILINE)
HEADER = ("Step", "CPU")
"""Of the thermodynamic output that is read: ``thermo_style custom step cpu``, at every step."""
FORCES = ("Pair", "Neigh", "Comm")
"""What an energy-and-force call does: interactions, neighbour lists, exchange of ghosts
(https://docs.lammps.org/Run_output.html)."""


@dataclass(frozen=True)
class LoopTimes:
    """One run.

    Attributes:
        steps_s: Wall time of each step by LAMMPS's own clock.
        loop_s: Of all of them together, mean over ranks.
        forces_share: Of the loop, in interactions, neighbour lists and communication; mean over ranks.
        pair_share: Of the loop, in the interactions alone.
    """

    steps_s: tuple[float, ...]
    loop_s: float
    forces_share: float
    pair_share: float


def read_loop_times(text: str) -> LoopTimes:
    """Read the log of one run.

    Raises:
        WorkerError: Kind ``backend``: it is no such log.
    """
    loop = _LOOP.search(text)
    clock = _clock(text)
    if loop is None or len(clock) != int(loop[3]) + 1:
        raise WorkerError("backend", "LAMMPS's log does not hold the time of every step.")
    shares = {part: _share(columns, whole_s=float(loop[1])) for part, columns in _PART.findall(text)}
    if "Pair" not in shares:
        raise WorkerError("backend", "LAMMPS's log has no breakdown of the time.")
    return LoopTimes(
        steps_s=tuple(after - before for before, after in itertools.pairwise(clock)),
        loop_s=float(loop[1]),
        forces_share=min(1.0, sum(shares.get(part, 0.0) for part in FORCES)),
        pair_share=min(1.0, shares["Pair"]),
    )


def _clock(text: str) -> list[float]:
    times: list[float] = []
    reading = False
    for line in text.splitlines():
        words = line.split()
        if tuple(words) == HEADER:
            reading, times = True, []
        elif reading and len(words) == len(HEADER):
            try:
                times.append(float(words[1]))
            except ValueError:
                reading = False
        else:
            reading = False
    return times


def _share(columns: str, *, whole_s: float) -> float:
    """Return the mean time of a part over the whole: the middle one of least, mean and most, where three are given."""
    cells = [cell.strip() for cell in columns.split("|")]
    mean = cells[1] or cells[0]
    return float(mean) / whole_s if mean and whole_s > 0 else 0.0
