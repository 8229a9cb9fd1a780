"""Blocks have the density and the composition of the structure they are cut from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from hypothesis import given, settings
from hypothesis import strategies as st

from mlipguide.core.errors import InputError
from mlipguide.structures.blocks import cut_block
from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.presets import PRESETS, build_preset
from mlipguide.structures.supercells import near_cubic_supercell

PERIODIC = sorted(set(PRESETS) - {"ethanol"})
LARGE = {name: near_cubic_supercell(build_preset(name), atoms_wanted=1500) for name in PERIODIC}


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(PERIODIC), wanted=st.integers(60, 1400))
def test_a_block_keeps_density_and_composition(name: str, wanted: int) -> None:
    atoms = LARGE[name]
    before = atoms.positions.copy()
    block = cut_block(atoms, atoms_wanted=wanted)
    assert (atoms.positions == before).all()
    assert 0.8 * wanted <= len(block) <= wanted
    assert list(block.pbc) == list(atoms.pbc)
    axes = np.flatnonzero(atoms.pbc)
    extent, whole = (np.linalg.norm(np.array(cell)[axes], axis=1).prod() for cell in (block.cell, atoms.cell))
    assert len(block) / extent == pytest.approx(len(atoms) / whole, rel=0.03)
    counts, have = Counter(atoms.numbers), Counter(block.numbers)
    for z, count in counts.items():
        assert abs(have[z] - count * len(block) / len(atoms)) <= 1
    shortest = find_shortest_distance(block)
    assert shortest is not None
    assert shortest > 0.55


def test_a_block_is_deterministic() -> None:
    first, second = (cut_block(LARGE["water"], atoms_wanted=300) for _ in range(2))
    assert (first.positions == second.positions).all()
    assert (first.numbers == second.numbers).all()


def test_where_the_crystal_repeats_the_block_is_the_crystal() -> None:
    copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    block = cut_block(copper.repeat(6), atoms_wanted=108)
    assert len(block) == 108
    assert find_shortest_distance(block) == pytest.approx(3.6 / 2**0.5, rel=1e-3)


def test_a_long_structure_is_cut_along_its_length() -> None:
    copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    block = cut_block(copper.repeat((2, 2, 12)), atoms_wanted=48)
    assert block.cell.lengths() == pytest.approx([7.2, 7.2, 10.8])


def test_the_vacuum_of_a_slab_stays() -> None:
    slab = fcc111("Pt", (8, 8, 3), a=3.92, vacuum=9)
    block = cut_block(slab, atoms_wanted=48)
    assert block.cell.lengths()[2] == pytest.approx(slab.cell.lengths()[2])
    assert np.ptp(block.positions[:, 2]) == pytest.approx(np.ptp(slab.positions[:, 2]))


def test_the_whole_is_a_copy() -> None:
    copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    block = cut_block(copper, atoms_wanted=4)
    assert block == copper
    assert block is not copper


def test_what_cannot_be_cut_is_refused() -> None:
    copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    for wanted in (0, 5):
        with pytest.raises(InputError):
            cut_block(copper, atoms_wanted=wanted)
    with pytest.raises(InputError, match="molecule"):
        cut_block(molecule("CH4"), atoms_wanted=2)
    with pytest.raises(InputError, match="thinner"):
        cut_block(fcc111("Pt", (4, 4, 8), a=3.92, vacuum=9), atoms_wanted=2)
