"""Which frames a fit is tested on and which it learns from, so that neither holds neighbours of the other.

Frames of one trajectory resemble each other: a random split tests on near copies of what was learned, and the error
comes out too low (on blocked splits: D. R. Roberts et al., Ecography 40, 913 (2017), doi:10.1111/ecog.02881).
So consecutive frames of one run (see ``structures.trajectories``) form a block; of a block whole segments are tested;
and a frame that lies closer to a test frame than ``DUPLICATE_ANGSTROM`` is used on neither side.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.trajectories import runs_of

TEST_SHARE = 0.15
"""Of the frames are tested on; what is left keeps the learning curve's last point near the whole data (a judgement)."""
SEGMENTS_PER_TEST = 2
"""A block gives at least so many separate segments to the test, so that one moment of it does not stand for all."""
DUPLICATE_ANGSTROM = 0.05
"""Root mean square distance of atoms below which two frames say the same. Independent frames of silicon at 300 K are
about 0.19 Å apart: sqrt(2) times the amplitude sqrt(3 * 0.006 Å²) of its Debye-Waller factor (a judgement)."""
DUPLICATE_STRAIN = 0.002
"""Strain between two cells above which their frames differ: elastic constants are fitted to 0.5 % and more."""
FEWEST_TESTED = 5
"""Test frames without which an error says too little."""
SMALLEST_SUBSET = 10
"""Training frames without which no engine's fit means anything (a judgement)."""
HALVINGS = 4
"""A factor of two in frames is the finest step that the spread of errors resolves, four of them span a curve."""


@dataclass(frozen=True)
class Split:
    """Positions in the list of frames.

    Attributes:
        train: Learned from.
        test: Tested on, the same for every fit.
        left_out: Too close to a test frame to be learned from.
    """

    train: tuple[int, ...]
    test: tuple[int, ...]
    left_out: tuple[int, ...]


def blocks_of(frames: Sequence[LabelledFrame]) -> tuple[tuple[int, ...], ...]:
    """Return runs of consecutive frames that belong to one trajectory, as far as a file tells.

    Args:
        frames: In the order of the file.

    Returns:
        Positions; a frame stands in exactly one block.
    """
    numbered = enumerate(runs_of(frames))
    return tuple(tuple(place for place, _ in block) for _, block in groupby(numbered, key=itemgetter(1)))


def split(frames: Sequence[LabelledFrame], *, seed: int, share: float = TEST_SHARE) -> Split:
    """Divide frames into test and training, group by group.

    Args:
        frames: All of them, in the order of the file.
        seed: Which segments are tested.
        share: Of each group's frames that are tested, at least one of a group of four frames and more.
    """
    random = np.random.default_rng(seed)
    by_group: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for block in blocks_of(frames):
        by_group[frames[block[0]].group or ""].append(block)
    test: set[int] = set()
    for blocks in by_group.values():
        wanted = round(share * sum(map(len, blocks)))
        units = _segments(blocks, wanted)
        taken: list[int] = []
        for index in random.permutation(len(units)):
            if len(taken) >= wanted or len(units) == 1:
                break
            taken.extend(units[index])
        test.update(taken[: max(wanted, 1)] if len(taken) > wanted + 1 else taken)
    return separated(frames, tuple(sorted(test)))


def separated(frames: Sequence[LabelledFrame], test: Sequence[int]) -> Split:
    """Return a split whose training frames are no near copies of the test frames at ``test``."""
    tested = set(test)
    by_kind: dict[object, list[LabelledFrame]] = defaultdict(list)
    for position in test:
        by_kind[_kind(frames[position])].append(frames[position])
    places = {kind: _Places(alike) for kind, alike in by_kind.items()}
    train: list[int] = []
    left_out: list[int] = []
    for position, frame in enumerate(frames):
        if position in tested:
            continue
        alike = places.get(_kind(frame))
        (left_out if alike is not None and alike.any_near(frame) else train).append(position)
    return Split(tuple(train), tuple(sorted(tested)), tuple(left_out))


def is_duplicate(one: LabelledFrame, other: LabelledFrame) -> bool:
    """Tell whether two frames of the same atoms in the same order are nearly the same structure."""
    return _kind(one) == _kind(other) and _Places([other]).any_near(one)


class _Places:
    """Where the atoms of frames are that hold the same atoms in the same order."""

    def __init__(self, frames: Sequence[LabelledFrame]) -> None:
        self._positions = np.array([frame.atoms.positions for frame in frames])
        self._cells = np.array([frame.atoms.cell[:] for frame in frames])
        self._full = np.array([frame.atoms.cell.rank == len(frame.atoms.cell) for frame in frames])

    def any_near(self, frame: LabelledFrame) -> bool:
        """Tell whether one of the frames is nearly the same structure as another frame of these atoms."""
        atoms, cell = frame.atoms, frame.atoms.cell[:]
        folds = self._full & (atoms.cell.rank == len(cell))
        differ = np.abs(cell - self._cells).max(axis=(1, 2)) > DUPLICATE_ANGSTROM
        if folds.any():
            inverse = np.linalg.inv(cell)
            strained = np.abs(inverse @ self._cells - np.eye(len(cell))).max(axis=(1, 2)) > DUPLICATE_STRAIN
            differ = np.where(folds, strained, differ)
        moved = atoms.positions - self._positions[~differ]
        moved -= moved[:, :1]  # a shift of the whole is no difference
        folded = folds[~differ]
        if folded.any():
            parts = moved[folded] @ inverse
            moved[folded] = (
                parts - np.round(parts) * atoms.pbc
            ) @ cell  # atoms that hardly moved are next to their image
        moved -= moved.mean(axis=1, keepdims=True)
        return bool((np.sqrt((moved**2).sum(axis=2).mean(axis=1)) < DUPLICATE_ANGSTROM).any())


def training_order(frames: Sequence[LabelledFrame], train: Sequence[int], *, seed: int) -> tuple[int, ...]:
    """Return the training frames in an order of which every beginning holds the groups in their proportions.

    The subsets of a learning curve are beginnings of one order, so each is contained in the next.

    Args:
        frames: All frames.
        train: Positions to put in order.
        seed: Of the order; one for each repeat.
    """
    random = np.random.default_rng(seed)
    by_group: dict[str, list[int]] = defaultdict(list)
    for position in train:
        by_group[frames[position].group or ""].append(position)
    ranked: list[tuple[float, int]] = []
    for members in by_group.values():
        shuffled = random.permutation(members)
        ranked.extend(
            ((place + random.random()) / len(members), int(position)) for place, position in enumerate(shuffled)
        )
    return tuple(position for _, position in sorted(ranked))


def subset_sizes(frames: int, *, halvings: int = HALVINGS) -> tuple[int, ...]:
    """Return the numbers of frames of a learning curve: halves of all frames, smallest first."""
    sizes = {frames}
    size = frames
    for _ in range(halvings):
        size = math.ceil(size / 2)
        if size < SMALLEST_SUBSET:
            break
        sizes.add(size)
    return tuple(sorted(sizes))


def _segments(blocks: Sequence[tuple[int, ...]], wanted: int) -> list[tuple[int, ...]]:
    """Cut blocks that are longer than a part of the test into parts of consecutive frames of about that length."""
    longest = max(1, math.ceil(wanted / SEGMENTS_PER_TEST))
    units: list[tuple[int, ...]] = []
    for block in blocks:
        parts = math.ceil(len(block) / longest)
        units.extend(tuple(int(one) for one in part) for part in np.array_split(np.array(block), parts))
    return units


def _kind(frame: LabelledFrame) -> object:
    return frame.atoms.numbers.tobytes()
