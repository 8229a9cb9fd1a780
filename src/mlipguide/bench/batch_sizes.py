"""Batches as sizes of a sweep: many copies of one small structure, evaluated at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.bench.subject import Size
from mlipguide.sessions.interface import Conditions, LoadedStructure, ModelSession

if TYPE_CHECKING:
    from ase import Atoms

AUTOMATIC = (1, 4, 16, 64, 256)
"""Numbers of structures to time where nobody names them; those beyond what budget and memory allow are left out."""


@dataclass(frozen=True)
class Batch(Size):
    """Copies of a structure, each rattled in its own way where it is evaluated."""

    structures: int

    @property
    def count(self) -> int:
        """Number of atoms of all of them."""
        return len(self.atoms) * self.structures

    def prepare(self, session: ModelSession, conditions: Conditions) -> LoadedStructure:
        """Make a model ready to evaluate them at once."""
        return session.prepare_batch([self.atoms] * self.structures, conditions)


@dataclass(frozen=True)
class BatchSizes:
    """Makes batches of a structure by the number of atoms of all copies.

    Attributes:
        atoms: The structure.
        counts: Numbers of copies.
    """

    atoms: Atoms
    counts: tuple[int, ...]

    def ladder(self, *, wanted: int) -> tuple[int, ...]:
        """Return the sizes of all batches, whatever is wanted."""
        del wanted
        return tuple(count * len(self.atoms) for count in sorted(set(self.counts)))

    def make(self, size: int) -> Size:
        """Return the batch of so many atoms."""
        return Batch(self.atoms, propagate=False, structures=max(1, size // len(self.atoms)))


@dataclass(frozen=True)
class OneByOne:
    """The structure itself, alone.

    Attributes:
        atoms: The structure.
    """

    atoms: Atoms

    def ladder(self, *, wanted: int) -> tuple[int, ...]:
        """Return its own size, whatever is wanted."""
        del wanted
        return (len(self.atoms),)

    def make(self, size: int) -> Size:
        """Return the structure."""
        del size
        return Size(self.atoms, propagate=False)
