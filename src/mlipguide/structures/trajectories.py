"""Which frames of a file are of one trajectory, and so not independent: the one rule for tests, fits and intervals.

Files do not say so. Two frames are taken for one run when they have the same group, the same composition and the same
cell, wherever they stand in the file (an NVT run, perhaps shuffled with others), or when they follow each other with
the same group and composition and a cell that changed by no more than 2 % (an NPT run, a relaxation of the cell).
Frames that were strained or built one by one differ by more, and stand alone. Where this joins too much, intervals are
wider than they need to be, which is the harmless error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.structures.labels import LabelledFrame

CELL_CHANGE = 0.02
"""A judgement: fluctuations of NPT runs of a hundred atoms are of this order."""
SAME_CELL_ANGSTROM = 1e-3


@dataclass
class RunFinder:
    """Gives each frame, in the order of the file, the number of its run."""

    _known: dict[object, int] = field(default_factory=dict)
    _last: tuple[object, NDArray[np.float64], int] | None = None
    _count: int = 0

    def run_of(self, group: str | None, composition: dict[str, int], cell: NDArray[np.float64]) -> int:
        """Return the run of the next frame.

        Args:
            group: As the file names it.
            composition: Atoms of each element.
            cell: Shape (3, 3), Å; zeros without a cell.
        """
        kind = (group, tuple(sorted(composition.items())))
        key = (kind, tuple(np.round(cell / SAME_CELL_ANGSTROM).astype(int).ravel().tolist()))
        run = self._known.get(key)
        if run is None and self._last is not None and self._last[0] == kind and _is_near(cell, self._last[1]):
            run = self._last[2]
        if run is None:
            run, self._count = self._count, self._count + 1
        self._known[key] = run
        self._last = (kind, cell.copy(), run)
        return run

    @property
    def runs(self) -> int:
        """Number of runs so far."""
        return self._count


def composition_of(atoms: ase.Atoms) -> dict[str, int]:
    """Return the number of atoms of each element."""
    return dict(Counter(str(name) for name in atoms.symbols))


def runs_of(frames: Sequence[LabelledFrame]) -> tuple[int, ...]:
    """Return the number of the run of each frame.

    Args:
        frames: In the order of the file.
    """
    finder = RunFinder()
    return tuple(
        finder.run_of(frame.group, composition_of(frame.atoms), np.asarray(frame.atoms.cell.array)) for frame in frames
    )


def _is_near(cell: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    size = float(np.abs(other).max())
    return size > 0 and bool(np.abs(cell - other).max() <= CELL_CHANGE * size)
