"""LAMMPS's log of a run (https://docs.lammps.org/Run_output.html): its longest loop, and with what it ran."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mlipguide.core.errors import InputError
from mlipguide.records.timing.run_log import LogProgram, RunLog
from mlipguide.records.timing.slowdown import LogSign

FIRST_WORD = "LAMMPS ("
LOOP = re.compile(r"^Loop time of (\S+) on (\d+) procs for (\d+) steps with (\d+) atoms")
_THREADS = re.compile(r"^\s*using (\d+) OpenMP thread\(s\) per MPI task")
_TIME_STEP = re.compile(r"^\s*Time step\s*:\s*(\S+)")
_TIME_STEP_COMMAND = re.compile(r"^\s*timestep\s+([\d.eE+-]+)\s*(?:#.*)?$")
_UNITS = re.compile(r"^\s*(?:units|Unit style\s*:)\s+(\w+)")
_STYLE = re.compile(r"^\s*pair_style\s+(.+?)\s*(?:#.*)?$")
_PART = re.compile(r"^(Pair|Bond|Kspace|Neigh|Comm|Output|Modify|Other)\s*\|(.*)$")
SECONDS = {"metal": 1e-12, "real": 1e-15, "electron": 1e-15, "si": 1.0, "cgs": 1.0, "micro": 1e-6, "nano": 1e-9}
"""Of a unit of time, by style of units (https://docs.lammps.org/units.html)."""
SUFFIXES = ("/kk", "/gpu", "/omp", "/intel", "/opt", "/kk/device", "/kk/host")
COMBINED = ("hybrid", "hybrid/overlay", "hybrid/scaled")
FORCES = "Pair"


@dataclass
class _Loop:
    wall_s: float
    processes: int
    steps: int
    atoms: int
    parts: dict[str, float] = field(default_factory=dict)


@dataclass
class _Heard:
    """What was said before the loop."""

    units: str | None = None
    time_step: float | None = None
    threads: int | None = None
    style: str | None = None


def read_lammps_log(path: str, lines: Iterable[str], signs: Sequence[LogSign]) -> RunLog:
    """Return the loop with the most steps of a log.

    Args:
        path: Of the log, for messages.
        lines: Of the log.
        signs: Filled while the lines are read.

    Raises:
        InputError: No run of it came to its end.
    """
    heard, loops = _Heard(), []
    settings: list[_Heard] = []
    for line in lines:
        _listen(line, heard)
        match = LOOP.match(line)
        if match is not None:
            loop = _loop(match)
            if loop is not None:
                loops.append(loop)
                settings.append(_Heard(**vars(heard)))
            continue
        part = _PART.match(line)
        if part is not None and loops:
            loops[-1].parts.setdefault(part[1], _mean(part[2]))
    if not loops:
        raise InputError(
            f"{path}: no run of this log of LAMMPS came to its end ('Loop time of …' is missing).",
            hint="Let a short run end, or give the speed itself, for example --compare-with 0.69steps/s.",
            file=path,
            kind="no_wall_time",
        )
    longest = max(range(len(loops)), key=lambda index: loops[index].steps)
    loop, at = loops[longest], settings[longest]
    unit = SECONDS.get(at.units or "")
    rest = {name: seconds for name, seconds in loop.parts.items() if name != FORCES}
    return RunLog(
        path=path,
        program=LogProgram.LAMMPS,
        steps=loop.steps,
        wall_s=loop.wall_s,
        atoms=loop.atoms,
        timestep_s=None if unit is None or at.time_step is None else at.time_step * unit,
        processes=loop.processes,
        threads=at.threads,
        style=at.style,
        forces_share=min(1.0, loop.parts[FORCES] / loop.wall_s) if loop.parts.get(FORCES) else None,
        other_part=max(rest, key=lambda name: rest[name]) if rest else None,
        signs=tuple(signs),
    )


def _loop(match: re.Match[str]) -> _Loop | None:
    """Return a loop; None for one without steps or time."""
    try:
        wall_s = float(match[1])
    except ValueError:
        return None
    steps, atoms = int(match[3]), int(match[4])
    if not (0 < wall_s < float("inf") and steps and atoms):
        return None
    return _Loop(wall_s=wall_s, processes=int(match[2]), steps=steps, atoms=atoms)


def _listen(line: str, heard: _Heard) -> None:
    if (match := _UNITS.match(line)) is not None:
        heard.units = match[1]
    elif (match := _TIME_STEP.match(line) or _TIME_STEP_COMMAND.match(line)) is not None:
        try:
            heard.time_step = float(match[1])
        except ValueError:
            return
    elif (match := _THREADS.match(line)) is not None:
        heard.threads = int(match[1])
    elif (match := _STYLE.match(line)) is not None:
        heard.style = style_of(match[1].split())


def style_of(words: Sequence[str]) -> str | None:
    """Return the name of a pair style without suffix; of several together the first; None where there is none."""
    if not words:
        return None
    name = words[1] if words[0] in COMBINED and len(words) > 1 else words[0]
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name or None


def _mean(columns: str) -> float:
    """Return the seconds of a part: the average, where least, average and most are given, else the only figure."""
    cells = [cell.strip() for cell in columns.split("|")]
    for cell in (cells[1] if len(cells) > 1 else "", cells[0]):
        try:
            return float(cell)
        except ValueError:
            continue
    return 0.0
