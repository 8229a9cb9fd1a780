"""Test frames are no neighbours of training frames, and subsets are nested."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import ase
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlipguide.structures.labels import LabelledFrame
from mlipguide.testing.fake_trainer import labelled_frames
from mlipguide.training.pilot.splits import (
    SMALLEST_SUBSET,
    blocks_of,
    is_duplicate,
    separated,
    split,
    subset_sizes,
    training_order,
)


def trajectory(
    count: int, *, step_angstrom: float, group: str = "MD", seed: int = 0, length: float = 5.43
) -> list[LabelledFrame]:
    """Return frames of which each is a random step from the one before."""
    random = np.random.default_rng(seed)
    first = labelled_frames(1, seed=seed)[0]
    positions = first.atoms.positions.copy()
    frames = []
    for index in range(count):
        atoms = ase.Atoms(first.atoms.symbols, positions=positions, cell=np.eye(3) * length, pbc=True)
        frames.append(replace(first, index=index, atoms=atoms, group=group))
        positions = positions + step_angstrom * random.standard_normal(positions.shape)
    return frames


def with_volume(frames: list[LabelledFrame], factor: float) -> list[LabelledFrame]:
    found = []
    for frame in frames:
        atoms = frame.atoms.copy()
        atoms.set_cell(atoms.cell[:] * factor ** (1 / 3), scale_atoms=True)
        found.append(replace(frame, atoms=atoms))
    return found


def test_a_block_ends_where_group_size_or_cell_change() -> None:
    run = trajectory(4, step_angstrom=0.1)
    frames = [
        *run,
        *with_volume(run, 1.02),
        *with_volume(run, 1.3),
        *trajectory(2, step_angstrom=0.1, group="Surface"),
        *labelled_frames(3, atoms=5, groups=("Surface",)),
    ]
    assert [len(block) for block in blocks_of(frames)] == [8, 4, 2, 3]


def test_a_trajectory_is_tested_in_whole_stretches() -> None:
    frames = trajectory(100, step_angstrom=0.2)
    parts = split(frames, seed=0)
    assert len(parts.train) + len(parts.test) + len(parts.left_out) == 100
    assert len(parts.test) == pytest.approx(15, abs=2)
    borders = sum(second - first > 1 for first, second in pairwise(parts.test))
    assert borders <= 2, "a random choice of 15 frames would have about ten"


def test_no_training_frame_is_nearly_a_test_frame() -> None:
    frames = trajectory(100, step_angstrom=0.015)
    parts = split(frames, seed=1)
    assert parts.left_out
    assert not any(is_duplicate(frames[one], frames[other]) for one in parts.train for other in parts.test)


@pytest.mark.parametrize("seed", range(5))
def test_every_group_is_tested_in_its_proportion(seed: int) -> None:
    frames = [
        *trajectory(60, step_angstrom=0.2, group="MD"),
        *labelled_frames(20, groups=("Surface",), seed=3),
        *labelled_frames(2, groups=("Rare",), seed=4),
    ]
    parts = split(frames, seed=seed)
    tested = Counter(frames[position].group for position in parts.test)
    assert tested["MD"] == pytest.approx(9, abs=1)
    assert tested["Surface"] == pytest.approx(3, abs=1)
    assert tested["Rare"] <= 1


def test_a_seed_gives_the_same_split_and_another_another() -> None:
    frames = trajectory(60, step_angstrom=0.2)
    assert split(frames, seed=3) == split(frames, seed=3)
    assert len({split(frames, seed=seed).test for seed in range(6)}) > 1


def test_frames_of_a_test_file_are_kept_out_of_the_training() -> None:
    frames = trajectory(20, step_angstrom=0.2)
    copy = replace(frames[7], index=0)
    parts = separated([*frames, copy], [20])
    assert parts.left_out == (7,)
    assert parts.test == (20,)
    assert set(parts.train) == set(range(20)) - {7}


def test_a_copy_is_known_across_the_border_of_the_cell_and_after_a_shift() -> None:
    frame = trajectory(1, step_angstrom=0.0)[0]
    moved = frame.atoms.copy()
    moved.positions += (5.43, 0.0, -5.43)
    shifted = frame.atoms.copy()
    shifted.positions += 0.7
    strained = frame.atoms.copy()
    strained.set_cell(strained.cell[:] * 1.01, scale_atoms=True)
    assert is_duplicate(frame, replace(frame, atoms=moved))
    assert is_duplicate(frame, replace(frame, atoms=shifted))
    assert not is_duplicate(frame, replace(frame, atoms=strained))


@given(count=st.integers(20, 80), seed=st.integers(0, 1000))
def test_beginnings_of_the_training_order_hold_the_groups_in_proportion(count: int, seed: int) -> None:
    frames = labelled_frames(count, groups=("A", "B", "C"))
    order = training_order(frames, range(count), seed=seed)
    assert sorted(order) == list(range(count))
    counts = Counter(frame.group for frame in frames)
    for length in subset_sizes(count):
        part = Counter(frames[position].group for position in order[:length])
        for group, whole in counts.items():
            assert abs(part[group] - whole * length / count) <= 2


@given(st.integers(SMALLEST_SUBSET, 100_000))
def test_sizes_end_with_all_frames_and_halve(count: int) -> None:
    sizes = subset_sizes(count)
    assert sizes[-1] == count
    assert len(sizes) <= 5
    assert sizes[0] >= min(count, SMALLEST_SUBSET)
    assert all(larger <= 2 * smaller <= larger + 1 for smaller, larger in pairwise(sizes))
