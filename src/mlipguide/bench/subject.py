"""What is measured: a checkpoint with its settings, and the sizes that the structure allows."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.bench.protocol import Protocol
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Settings
from mlipguide.sessions.interface import Conditions, LoadedStructure, ModelSession
from mlipguide.structures.blocks import cut_block
from mlipguide.structures.supercells import near_cubic_supercell, size_ladder

if TYPE_CHECKING:
    from ase import Atoms

BLOCK_FROM_ATOMS = 128
"""Periodic structures beyond this size are also cut, not only repeated, so that the sweep starts small."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A candidate to be measured.

    Attributes:
        card: The checkpoint.
        settings: Threads, dtype, device, driver, allocator.
        open: Starts the model; called once.
        remark: Tells it from other settings of the same checkpoint; empty where there are none.
        sizes: Its own structures; None for those of the sweep.
    """

    card: ModelCard
    settings: Settings
    open: Callable[[], ModelSession]
    remark: str = ""
    sizes: Sizes | None = None

    @property
    def label(self) -> str:
        """What it is called while it is measured."""
        return f"{self.card.id} ({self.remark})" if self.remark else self.card.id


@dataclass(frozen=True)
class Size:
    """A structure to time, and whether its atoms may be propagated (a block that was cut may not)."""

    atoms: Atoms
    propagate: bool

    @property
    def count(self) -> int:
        """Number of atoms."""
        return len(self.atoms)

    def prepare(self, session: ModelSession, conditions: Conditions) -> LoadedStructure:
        """Make a model ready to step it."""
        return session.prepare(self.atoms, conditions)


class Sizes(typing.Protocol):
    """Structures to time, by number of atoms."""

    def ladder(self, *, wanted: int) -> tuple[int, ...]:
        """Return the sizes worth timing for a task of ``wanted`` atoms, ascending."""

    def make(self, size: int) -> Size:
        """Return what is timed at a size."""


class SizeSource:
    """Makes the structures of a sweep from the user's own.

    Args:
        structure: The user's structure.
        summary: Its description.
        protocol: How far sizes go.
    """

    def __init__(self, structure: Atoms, summary: StructureSummary, protocol: Protocol) -> None:
        self._structure = structure
        self.summary = summary
        self._protocol = protocol
        self._made: dict[int, Size] = {}

    def ladder(self, *, wanted: int) -> tuple[int, ...]:
        """Return the sizes worth timing for a task of ``wanted`` atoms, ascending."""
        own, protocol = len(self._structure), self._protocol
        if not any(self.summary.periodic):
            return (own,)
        smallest = max(own, protocol.smallest_atoms) if own <= BLOCK_FROM_ATOMS else protocol.smallest_atoms
        smallest = min(smallest, max(wanted, own if own <= BLOCK_FROM_ATOMS else 1))
        largest = max(min(wanted, protocol.largest_atoms), smallest)
        sizes: list[int] = []
        if own > BLOCK_FROM_ATOMS and all(self.summary.periodic):
            target = float(smallest)
            while target < 0.75 * own and target <= largest:
                sizes.append(round(target))
                target *= protocol.growth
        if largest >= own:
            lowest = max(own, smallest)
            count = max(2, round(_logarithm(largest / lowest, protocol.growth)) + 1)
            repeated = size_ladder(self._structure, largest=largest, rungs=count)
            sizes += [size for size in repeated if size >= min(smallest, repeated[-1])]
        return tuple(sorted(set(sizes))) or (own,)

    def make(self, size: int) -> Size:
        """Return the structure of about ``size`` atoms (the same object each time)."""
        if size not in self._made:
            own = len(self._structure)
            if size == own:
                made = Size(self._structure, propagate=True)
            elif size > own:
                made = Size(near_cubic_supercell(self._structure, atoms_wanted=size), propagate=True)
            else:
                made = Size(cut_block(self._structure, atoms_wanted=size), propagate=False)
            self._made[size] = made
        return self._made[size]


def _logarithm(value: float, base: float) -> float:
    import math

    return math.log(max(value, 1.0), base)
