"""Supercells: counts, shapes and ladders."""

from __future__ import annotations

import math

import ase
import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from hypothesis import given, settings
from hypothesis import strategies as st

from mlipguide.core.errors import InputError
from mlipguide.structures.presets import build_preset
from mlipguide.structures.supercells import near_cubic_supercell, repeats_for, size_ladder

edges = st.floats(2.5, 30.0)


def make_box(lengths: tuple[float, float, float], atoms: int = 1) -> ase.Atoms:
    positions = np.linspace(0, 1, atoms, endpoint=False)[:, None] * lengths
    return ase.Atoms(f"Ar{atoms}", positions=positions, cell=lengths, pbc=True)


def distortion(lengths: np.ndarray) -> float:
    return float((lengths**2).sum() / (3 * lengths.prod() ** (2 / 3)))


@settings(max_examples=60, deadline=None)
@given(lengths=st.tuples(edges, edges, edges), atoms=st.integers(1, 20), wanted=st.integers(1, 3000))
def test_a_supercell_is_a_repetition(lengths: tuple[float, float, float], atoms: int, wanted: int) -> None:
    cell = make_box(lengths, atoms)
    built = near_cubic_supercell(cell, atoms_wanted=wanted)
    repeats = repeats_for(cell, atoms_wanted=wanted)
    assert len(built) == atoms * math.prod(repeats)
    assert len(built) / built.cell.volume == pytest.approx(atoms / cell.cell.volume)
    assert all(built.pbc)
    if wanted <= atoms:
        assert repeats == (1, 1, 1)


@settings(max_examples=100, deadline=None)
@given(
    lengths=st.tuples(edges, edges, edges),
    wanted=st.integers(100, 10**9),
)
def test_the_count_is_close_and_the_shape_no_worse_than_naive(lengths: tuple[float, float, float], wanted: int) -> None:
    cell = make_box(lengths)
    repeats = np.array(repeats_for(cell, atoms_wanted=wanted))
    assert abs(repeats.prod() / wanted - 1) <= 0.08  # the worst seen: 140 for 131 cubes
    along_one = np.array([1, 1, repeats.prod()]) * lengths
    assert distortion(repeats * np.array(lengths)) <= distortion(along_one) + 1e-9
    if wanted >= 10**5:
        edge = repeats * np.array(lengths)
        assert edge.max() / edge.min() < 1.5


@pytest.mark.parametrize(
    ("name", "wanted", "repeats"),
    [
        ("silicon", 64, (2, 2, 2)),
        ("silicon", 56, (2, 2, 2)),
        ("copper", 4000, (10, 10, 10)),
        ("copper", 500, (5, 5, 5)),
        ("lifepo4", 2000, (3, 4, 6)),
        ("lifepo4", 28, (1, 1, 1)),
        ("water", 1, (1, 1, 1)),
    ],
)
def test_known_answers(name: str, wanted: int, repeats: tuple[int, int, int]) -> None:
    assert repeats_for(build_preset(name), atoms_wanted=wanted) == repeats


def test_a_long_cell_grows_sideways_first() -> None:
    assert repeats_for(make_box((3, 3, 48)), atoms_wanted=16) == (4, 4, 1)


def test_a_slab_grows_in_its_plane_only() -> None:
    slab = fcc111("Pt", (1, 1, 4), a=3.92, vacuum=8)
    assert repeats_for(slab, atoms_wanted=400) == (10, 10, 1)
    wire = ase.Atoms("C", cell=[0, 0, 1.3], pbc=[False, False, True])
    assert repeats_for(wire, atoms_wanted=77) == (1, 1, 77)


def test_a_molecule_is_never_repeated() -> None:
    methane = molecule("CH4")
    assert len(near_cubic_supercell(methane, atoms_wanted=5)) == 5
    with pytest.raises(InputError) as caught:
        near_cubic_supercell(methane, atoms_wanted=100)
    assert "periodic box" in caught.value.hint
    assert size_ladder(methane, largest=1000, rungs=5) == (5,)


@pytest.mark.parametrize("wanted", [0, -5])
def test_less_than_one_atom_is_refused(wanted: int) -> None:
    with pytest.raises(InputError):
        repeats_for(bulk("Cu"), atoms_wanted=wanted)


def test_what_would_fill_the_memory_is_not_built() -> None:
    copper = bulk("Cu")
    assert math.prod(repeats_for(copper, atoms_wanted=10**10)) == pytest.approx(10**10, rel=0.01)
    with pytest.raises(InputError, match="too large"):
        near_cubic_supercell(copper, atoms_wanted=10**9)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.tuples(edges, edges, edges),
    atoms=st.integers(1, 200),
    largest=st.integers(1, 10**5),
    rungs=st.integers(1, 8),
)
def test_a_ladder_is_climbed_exactly(lengths: tuple[float, float, float], atoms: int, largest: int, rungs: int) -> None:
    cell = make_box(lengths, atoms)
    ladder = size_ladder(cell, largest=largest, rungs=rungs)
    assert ladder[0] == atoms
    assert list(ladder) == sorted(set(ladder))
    assert len(ladder) <= rungs
    assert all(rung <= largest for rung in ladder[1:])
    for rung in ladder:
        assert atoms * math.prod(repeats_for(cell, atoms_wanted=rung)) == rung


def test_a_ladder_grows_geometrically() -> None:
    ladder = size_ladder(build_preset("copper"), largest=4000, rungs=6)
    factors = np.diff(np.log(ladder))
    assert len(ladder) == 6
    assert ladder[-1] > 3600
    assert factors.max() < 1.5 * factors.min()
