"""Ionic steps of VASP whose electronic loop did not converge, as far as its output tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mlipguide.structures.formats.opening import open_file

CONVERGED = "EDIFF is reached"
END_OF_LOOP = "FREE ENERGIE OF THE ION-ELECTRON SYSTEM"
_NELM = re.compile(r'name="NELM"[^>]*>\s*(\d+)\s*<')


def unconverged_steps(path: Path) -> tuple[int, ...]:
    """Return the ionic steps, from 0, whose electronic loop ended for another reason than convergence.

    In an OUTCAR that is said. In a vasprun.xml a loop that took all the steps it may (NELM) is taken for one.
    Empty for files of other names, and where nothing can be told.
    """
    name = path.name.lower()
    if "outcar" in name:
        reader = _outcar
    elif "vasprun" in name or name.endswith(".xml"):
        reader = _vasprun
    else:
        return ()
    with open_file(path) as stream:
        return tuple(reader(stream))


def _outcar(stream: IO[str]) -> Iterator[int]:
    step, converged = 0, False
    for line in stream:
        if CONVERGED in line:
            converged = True
        elif END_OF_LOOP in line:
            if not converged:
                yield step
            step, converged = step + 1, False


def _vasprun(stream: IO[str]) -> Iterator[int]:
    most, step, loops = None, -1, 0
    for line in stream:
        if most is None and (match := _NELM.search(line)):
            most = int(match[1])
        if "<calculation>" in line:
            step, loops = step + 1, 0
        elif "<scstep>" in line:
            loops += 1
        elif "</calculation>" in line and most is not None and loops >= most:
            yield step
