"""Frames are told apart by their distances alone, and few are chosen that stand for all."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import bulk, molecule

from mlipguide.core.errors import InputError
from mlipguide.structures.diversity import choose_diverse, describe_frames


def rattled(size: float, seed: int) -> ase.Atoms:
    atoms = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    atoms.rattle(size, seed=seed)
    return atoms


def test_a_description_depends_neither_on_order_nor_on_orientation_nor_on_the_cell() -> None:
    atoms = rattled(0.1, 1)
    other = atoms[np.random.default_rng(0).permutation(len(atoms))]
    other.rotate(33, (1, 2, 3), rotate_cell=True)
    other.positions += 1.7
    first, second, repeated = describe_frames([atoms, other, atoms.repeat((2, 1, 1))])
    assert second == pytest.approx(first, abs=1e-9)
    assert repeated == pytest.approx(first, abs=1e-9)


def test_a_swap_of_elements_is_seen() -> None:
    atoms = rattled(0.1, 1)
    swapped = atoms.copy()
    sodium, chlorine = (int(np.flatnonzero(atoms.symbols == symbol)[0]) for symbol in ("Na", "Cl"))
    swapped.numbers[[sodium, chlorine]] = swapped.numbers[[chlorine, sodium]]
    first, second = describe_frames([atoms, swapped])
    assert np.abs(first - second).max() > 1e-2


def test_frames_of_other_compositions_and_molecules_are_described() -> None:
    descriptions = describe_frames([rattled(0.1, 1), molecule("H2O"), bulk("Cu")])
    assert np.isfinite(descriptions).all()
    assert len({tuple(row.round(6)) for row in descriptions}) == 3


def test_one_of_each_kind_comes_before_a_second_of_any() -> None:
    stretched = [bulk("NaCl", "rocksalt", a=a, cubic=True) for a in (5.2, 5.64, 6.1)]
    frames = []
    for kind in stretched:
        for seed in range(5):
            copy = kind.copy()
            copy.rattle(0.01, seed=seed)
            frames.append(copy)
    chosen = choose_diverse(frames, 3)
    assert {place // 5 for place in chosen} == {0, 1, 2}
    assert len(set(choose_diverse(frames, 15))) == 15


def test_weights_draw_the_choice() -> None:
    frames = [rattled(0.02 * (seed + 1), seed) for seed in range(8)]
    weights = [1e-6] * 8
    weights[2] = weights[5] = 1.0
    assert set(choose_diverse(frames, 2, weights=weights)) == {2, 5}
    assert choose_diverse(frames, 1, weights=weights)[0] == 2


def test_equal_frames_are_all_taken_when_asked_for() -> None:
    frames = [bulk("Cu")] * 3
    assert sorted(choose_diverse(frames, 7)) == [0, 1, 2]
    assert sorted(choose_diverse(frames, 3, weights=[0.0, 0.0, 0.0])) == [0, 1, 2]
    assert choose_diverse([], 2) == ()


def test_what_cannot_be_chosen_is_refused() -> None:
    with pytest.raises(InputError, match="0 frames"):
        choose_diverse([bulk("Cu")], 0)
    with pytest.raises(ValueError, match="One weight"):
        choose_diverse([bulk("Cu")], 1, weights=[1.0, 2.0])
    with pytest.raises(ValueError, match="One weight"):
        choose_diverse([bulk("Cu")], 1, weights=[float("nan")])
