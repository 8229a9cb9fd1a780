"""Which of a structure's sizes to try next while looking for the largest that fits.

Not every number of atoms is a supercell. A wanted number is turned into a structure, and the structure's own number is
what counts.
"""

from __future__ import annotations

import math

from mlipguide.bench.subject import BLOCK_FROM_ATOMS, Size, SizeSource
from mlipguide.core.errors import InputError

BRACKET = 0.10
"""Relative width below which a bracket is not divided any further: memory varies by as much with the structure."""
SHRINKING = 0.98
"""Factor between the numbers that are asked for until one gives a structure small enough."""
DIVISIONS = (1 / 2, 3 / 8, 5 / 8, 1 / 4, 3 / 4, 1 / 8, 7 / 8)
"""Where in a bracket a size is looked for, as shares of its logarithm: the middle first."""


class PossibleSizes:
    """The numbers of atoms that a structure can be repeated or cut to.

    Args:
        sizes: Makes the structures.
        smallest: No smaller size is given, except the structure's own.
        largest: No larger size is given, except the structure's own; None for no limit.
    """

    def __init__(self, sizes: SizeSource, *, smallest: int, largest: int | None) -> None:
        self._sizes = sizes
        self._own = sizes.summary.atoms
        self._largest = math.inf if largest is None else largest
        self.periodic = any(sizes.summary.periodic)
        cut = self._own > BLOCK_FROM_ATOMS and all(sizes.summary.periodic)  # as for the sizes of a sweep
        self._floor = min(smallest, self._own) if cut else self._own

    def near(self, wanted: int) -> Size | None:
        """Return a size near ``wanted`` within the limits, or the structure's own."""
        if not self.periodic:
            return self._make(self._own)
        size = self._make(max(wanted, self._floor))
        if size is None or len(size.atoms) > self._largest:
            size = self._below(min(wanted, self._largest) + 1)
        return size or self._make(self._own)

    def next(self, fitting: int | None, failing: int | None, growth: float) -> Size | None:
        """Return the size to try, or None where nothing is left to learn.

        Args:
            fitting: Largest size that fitted.
            failing: Smallest size that did not.
            growth: Factor between sizes while one of the two is not known.
        """
        if not self.periodic:
            return None
        if failing is None:
            assert fitting is not None
            return self._above(fitting, growth)
        if fitting is None:
            return self._below(failing, failing / growth)
        return self._between(fitting, failing)

    def at_most(self, atoms: float) -> int | None:
        """Return the largest size found that is not above ``atoms``."""
        if not self.periodic:
            return self._own if self._own <= atoms else None
        size = self._below(math.floor(atoms) + 1)
        return None if size is None else len(size.atoms)

    def _above(self, fitting: int, growth: float) -> Size | None:
        wanted = fitting * growth
        while wanted < self._largest:
            size = self._make(wanted)
            if size is None:
                return None
            if fitting < len(size.atoms) <= self._largest:
                return size
            wanted *= growth
        last = None if self._largest == math.inf else self._below(self._largest + 1)
        return last if last is not None and len(last.atoms) > fitting else None

    def _below(self, failing: float, wanted: float | None = None) -> Size | None:
        target = math.ceil(failing) - 1 if wanted is None else math.floor(wanted)
        target = max(target, self._floor)
        while target >= self._floor:
            size = self._make(target)
            if size is not None and len(size.atoms) < failing:
                return size
            target = min(target - 1, math.floor(SHRINKING * target))
        return None

    def _between(self, fitting: int, failing: int) -> Size | None:
        if failing <= fitting * (1 + BRACKET):
            return None
        for share in DIVISIONS:
            size = self._make(fitting * (failing / fitting) ** share)
            if size is not None and fitting < len(size.atoms) < failing:
                return size
        return None

    def _make(self, wanted: float) -> Size | None:
        try:
            return self._sizes.make(round(wanted))
        except InputError:
            return None  # too large to be built, or too small to be cut
